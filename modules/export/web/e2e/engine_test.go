package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/logtest"
	"github.com/onbu/onbu/internal/realpeer"
)

// engine runs with everything in this process. It may be stopped and started again, on the same ports, bus and state.
type engine struct {
	t       *testing.T
	options app.Options
	bus     *membus.Bus
	log     *logtest.Log
	// own is the pages' own port; 0 where there is none.
	own int
	// end ends what runs, and waits until it has; nil while nothing runs.
	end func()
}

// open starts the engine on the small configuration.
func open(t *testing.T) *site {
	t.Helper()
	own := realpeer.Port(t)
	s := run(t, func(dir string) string { return configuration(t, dir, own) })
	s.engine.own = own
	return s
}

// run starts the engine on a configuration that write writes into a folder, and waits until its pages are there.
func run(t *testing.T, write func(dir string) (main string)) *site {
	t.Helper()
	dir := t.TempDir()
	main := write(dir)
	c, report := arbiter.Load(main)
	if !report.OK() {
		t.Fatalf("the configuration: %+v", report.Problems)
	}
	users(t, filepath.Join(dir, "users"))
	e := &engine{t: t, bus: membus.New(), log: &logtest.Log{}}
	e.options = app.Options{
		Roles: app.Roles(), Main: main, Config: c, Name: "alpha", State: dir, CommandFile: "-", Shards: 2,
		HTTP: fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t)), Log: slog.New(slog.NewTextHandler(e.log, nil)),
	}
	return e.site()
}

// site starts the engine, and ends it with the test.
func (e *engine) site() *site {
	e.t.Helper()
	e.start()
	e.t.Cleanup(func() {
		if e.end != nil {
			e.end()
		}
		if e.t.Failed() {
			e.t.Logf("the log of %s:\n%s", e.options.Name, e.log.String())
		}
	})
	s := &site{t: e.t, engine: e}
	s.Addr = e.options.HTTP
	return s
}

// beside starts a process on the same bus with a broker and nothing else. Its pages have the same users.
func (s *site) beside(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	users(t, filepath.Join(dir, "users"))
	e := &engine{t: t, bus: s.engine.bus, log: &logtest.Log{}, options: s.engine.options}
	e.options.Roles, e.options.Main, e.options.Config, e.options.Name, e.options.State = []string{"broker"}, "", nil, "beta", dir
	e.options.HTTP, e.options.Log = fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t)), slog.New(slog.NewTextHandler(e.log, nil))
	return e.site()
}

// start has the engine work, and waits until it does.
func (e *engine) start() {
	e.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	started, o := make(chan struct{}), e.options
	o.Bus, o.Started = e.bus.Connect(o.Name), func(string) { close(started) }
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := app.Run(ctx, o); err != nil {
			e.t.Errorf("the engine: %v", err)
		}
	})
	e.end = func() {
		cancel()
		ended.Wait()
		e.end = nil
	}
	select {
	case <-started:
	case <-time.After(patience):
		e.t.Fatalf("the engine does not start: %s", e.log.String())
	}
	(&site{t: e.t}).eventually("there are pages", e.shows)
}

// shows says why there are no pages yet.
func (e *engine) shows() error {
	answer, err := http.Get("http://" + e.options.HTTP + "/ui/sign-in")
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}
