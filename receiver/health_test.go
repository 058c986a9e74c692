package receiver_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/receiver"
	"github.com/onbu/onbu/receiver/spool"
)

// works runs a receiver until the end of f.
func works(t *testing.T, o receiver.Options, f func(*receiver.Receiver)) {
	t.Helper()
	o.Boot, o.Name = "one", "test"
	r := receiver.New(o)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	f(r)
	stop()
	must(t, <-ended)
}

func TestWhereNothingCanBeStoredTheReceiverIsNotHealthyAndSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &moody{Conn: membus.New().Connect("test")}
		configured(t, m, map[string]monitor.Shard{"web": 1})
		dir := t.TempDir() + "/spool"
		var log bytes.Buffer
		works(t, receiver.Options{Bus: m, Spool: dir, Log: slog.New(slog.NewTextHandler(&log, nil))}, func(r *receiver.Receiver) {
			submit(t, r, "web", 0, 1)
			m.full.Store(true)
			must(t, os.RemoveAll(dir)) // as on a full disk, no segment can be begun
			tries(t, func(ctx context.Context) error {
				_, err := r.Submit(ctx, from("http x", "web"))
				return err
			})
			time.Sleep(time.Minute)
			if err := r.Healthy(); !errors.Is(err, bus.ErrFull) || !errors.Is(err, spool.ErrUnwritable) {
				t.Errorf("healthy: %v", err)
			}
			m.full.Store(false)
			time.Sleep(time.Minute)
			if err := r.Healthy(); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
		if n := strings.Count(log.String(), spool.ErrUnwritable.Error()); n != 1 {
			t.Errorf("said %d times:\n%s", n, log.String())
		}
	})
}

// shy fails as often as it says, and listens then.
type shy struct{ fails int }

func (*shy) Name() string { return "shy" }

func (s *shy) Listen(ctx context.Context, _ modules.Sink) error {
	if s.fails--; s.fails >= 0 {
		return errors.New("the port is taken")
	}
	<-ctx.Done()
	return nil
}

func TestAListenerThatDoesNotListenIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		set := metrics.NewSet()
		seen := func(r *receiver.Receiver, up, healthy string) {
			t.Helper()
			var b bytes.Buffer
			set.WritePrometheus(&b)
			if !strings.Contains(b.String(), `onbu_listener_up{module="shy"} `+up+"\n") {
				t.Errorf("want it %s:\n%s", up, b.String())
			}
			if err := r.Healthy(); (err == nil) != (healthy == "") || err != nil && err.Error() != healthy {
				t.Errorf("healthy: %v, want %q", err, healthy)
			}
		}
		o := receiver.Options{Bus: membus.New().Connect("test"), Log: slog.New(slog.NewTextHandler(&log, nil)), Metrics: set, Listeners: []modules.Listener{&shy{fails: 4}}}
		configured(t, o.Bus, nil)
		works(t, o, func(r *receiver.Receiver) {
			time.Sleep(50 * time.Second)
			seen(r, "0", "listener shy does not listen: the port is taken")
			time.Sleep(20 * time.Second)
			seen(r, "1", "")
		})
		if n := strings.Count(log.String(), "is not listening"); n != 1 || !strings.Contains(log.String(), "listener=shy") {
			t.Errorf("said %d times:\n%s", n, log.String())
		}
	})
}

func TestAListenerWhoseDefinitionIsWrongIsToldOfUntilItIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := membus.New().Connect("test")
		configured(t, c, nil)
		must(t, c.PutBlob(t.Context(), bus.CFG, wire.ModulesName(1), wire.Marshal(monitor.Modules{List: []monitor.Module{{Name: "nsca"}}})))
		o := receiver.Options{Bus: c, Log: slog.New(slog.DiscardHandler), Build: func(*monitor.Module) (modules.Listener, modules.Limits, error) {
			return nil, modules.Limits{}, errors.New("a.cfg:1: no such file\na.cfg:2: no such port")
		}}
		works(t, o, func(r *receiver.Receiver) {
			time.Sleep(time.Second)
			want := "listener nsca does not listen: a.cfg:1: no such file; a.cfg:2: no such port"
			if got := r.Troubles(); r.Healthy() == nil || len(got) != 1 || got[0] != want {
				t.Errorf("it says %q, want %q", got, want)
			}
			_, err := c.Put(t.Context(), bus.CFG, "current", wire.Marshal(wire.Generation{Number: 2, Shards: 2}), 1)
			must(t, err)
			time.Sleep(time.Second)
			if got := r.Troubles(); got != nil {
				t.Errorf("once it is out of the files: %q", got)
			}
		})
	})
}

// clumsy fails to read the first blob.
type clumsy struct {
	bus.Conn
	reads int
}

func (c *clumsy) Blob(ctx context.Context, b bus.Bucket, name string) ([]byte, error) {
	if c.reads++; c.reads == 1 {
		return nil, context.DeadlineExceeded
	}
	return c.Conn.Blob(ctx, b, name)
}

func TestADirectoryThatCannotBeReadIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clumsy{Conn: membus.New().Connect("test")}
		configured(t, c, map[string]monitor.Shard{"web": 1})
		works(t, receiver.Options{Bus: c, Log: slog.New(slog.DiscardHandler)}, func(r *receiver.Receiver) {
			submit(t, r, "web", 0, 1)
		})
	})
}

// pipe gives commands as a command file does.
type pipe []string

func (pipe) Name() string { return "cmdfile" }

func (p pipe) Listen(ctx context.Context, s modules.Sink) error {
	s.(modules.Bulk).ObeyAll(ctx, p, "cmdfile")
	<-ctx.Done()
	return nil
}

func TestResultsAmongCommandsCountAsTheListeners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := metrics.NewSet()
		lines := pipe{"[1767225600] PROCESS_HOST_CHECK_RESULT;web;0;x", "PROCESS_HOST_CHECK_RESULT;nobody;0;x", "NONSENSE", "ADD_HOST_COMMENT;web;1;me;hello"}
		o := receiver.Options{Bus: membus.New().Connect("test"), Log: slog.New(slog.DiscardHandler), Metrics: set, Listeners: []modules.Listener{lines}}
		configured(t, o.Bus, map[string]monitor.Shard{"web": 1})
		works(t, o, func(*receiver.Receiver) { time.Sleep(time.Minute) })
		var b bytes.Buffer
		set.WritePrometheus(&b)
		for _, want := range []string{"stored", "unknown"} {
			if !strings.Contains(b.String(), `onbu_receiver_submitted_total{listener="cmdfile",result="`+want+`"} 1`) {
				t.Errorf("want one that is %s:\n%s", want, b.String())
			}
		}
	})
}
