package hosting_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/hosting"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// stage remembers which modules began and ended.
type stage struct {
	mu    sync.Mutex
	lines []string
}

func (s *stage) say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

// said gives what was said since the last time, sorted: modules begin and end side by side.
func (s *stage) said() []string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := s.lines
	s.lines = nil
	slices.Sort(lines)
	return lines
}

func enforce(t *testing.T, c bus.Conn, generation uint64, m monitor.Modules) {
	t.Helper()
	stored := c.PutBlob(t.Context(), bus.CFG, wire.ModulesName(generation), wire.Marshal(m))
	e, _ := c.Get(t.Context(), bus.CFG, "current")
	_, err := c.Put(t.Context(), bus.CFG, "current", wire.Marshal(wire.Generation{Number: generation}), e.Revision)
	if err := errors.Join(stored, err); err != nil {
		t.Fatal(err)
	}
}

func module(name, port string, daemons ...string) monitor.Module {
	return monitor.Module{Name: name, Daemons: daemons, Settings: []monitor.Setting{{Name: "port", Value: port, Line: 7}}}
}

func TestModulesComeAndGoWithTheConfigurationAndOthersAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := membus.New().Connect("test")
		if err := c.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		var s stage
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			hosting.Run(ctx, hosting.Options{Bus: c, Daemon: "r1", Log: slog.New(slog.DiscardHandler), Host: func(ctx context.Context, m *monitor.Module) {
				what := m.Name + " " + m.Settings[0].Value
				s.say("+" + what)
				<-ctx.Done()
				s.say("-" + what)
			}})
		})
		check := func(want ...string) {
			t.Helper()
			if diff := cmp.Diff(want, s.said()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		check()
		enforce(t, c, 1, monitor.Modules{Daemons: []string{"r1", "r2"}, List: []monitor.Module{module("a", "1"), module("b", "2", "r1"), module("c", "3", "r2")}})
		check("+a 1", "+b 2")
		moved := module("a", "1")
		moved.Line = 100
		enforce(t, c, 2, monitor.Modules{Daemons: []string{"r1", "r2"}, List: []monitor.Module{moved, module("b", "5", "r1")}})
		check("+b 5", "-b 2")
		enforce(t, c, 3, monitor.Modules{Daemons: []string{"r2"}, List: []monitor.Module{module("c", "3", "r2")}})
		check("+c 3", "-a 1", "-b 5")
		cancel()
		wg.Wait()
		check("-c 3")
	})
}

// away is a bus on which one blob cannot be read for a time.
type away struct {
	bus.Conn
	until time.Time
}

func (a *away) Blob(ctx context.Context, b bus.Bucket, name string) ([]byte, error) {
	if time.Now().Before(a.until) {
		return nil, errors.New("no leader")
	}
	return a.Conn.Blob(ctx, b, name)
}

func TestModulesThatCannotBeReadAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &away{Conn: membus.New().Connect("test"), until: time.Now().Add(12 * time.Second)}
		if err := c.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		enforce(t, c, 1, monitor.Modules{List: []monitor.Module{module("a", "1")}})
		var s stage
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			hosting.Run(ctx, hosting.Options{Bus: c, Daemon: "r1", Log: slog.New(slog.DiscardHandler), Host: func(ctx context.Context, m *monitor.Module) {
				s.say(m.Name)
				<-ctx.Done()
			}})
		})
		time.Sleep(time.Minute)
		if diff := cmp.Diff([]string{"a"}, s.said()); diff != "" {
			t.Error(diff)
		}
		cancel()
		wg.Wait()
	})
}
