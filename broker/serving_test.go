package broker_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// shy is a module that cannot have its port as often as it says.
type shy struct {
	fails int
	err   error
}

func (*shy) Name() string { return "shy" }

func (*shy) Wants() modules.Wants { return modules.Wants{} }

func (*shy) Export(context.Context, []monitor.Brok) error { return nil }

func (s *shy) Serve(ctx context.Context) error {
	if s.fails--; s.fails >= 0 {
		return s.err
	}
	<-ctx.Done()
	return nil
}

func TestAModuleThatDoesNotServeIsToldOf(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a port that is taken": {errors.New("the port is taken"), "module shy does not work: the port is taken"},
		"without a reason":     {nil, "module shy does not work: it ended by itself"},
	} {
		t.Run(name, func(t *testing.T) {
			inSite(t, func(t *testing.T, s *site) {
				s.enforce(1, nil)
				stop := s.run(&shy{fails: 4, err: c.err})
				defer stop()
				time.Sleep(50 * time.Second)
				if err := s.broker.Healthy(); err == nil || err.Error() != c.want {
					t.Errorf("it says %v", err)
				}
				if diff := cmp.Diff([]string{c.want}, s.broker.Troubles()); diff != "" {
					t.Error(diff)
				}
				time.Sleep(20 * time.Second)
				if err := s.broker.Healthy(); err != nil || s.broker.Troubles() != nil {
					t.Errorf("once it serves: %v", err)
				}
			})
		})
	}
}

func TestAModuleWhoseDefinitionIsWrongIsToldOf(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, nil)
		s.must(s.bus.PutBlob(t.Context(), bus.CFG, wire.ModulesName(s.gen), wire.Marshal(monitor.Modules{List: []monitor.Module{{Name: "carbon"}}})))
		b := broker.New(broker.Options{Bus: s.bus, Log: slog.New(slog.DiscardHandler), Build: func(*monitor.Module, modules.Outlook) (modules.Exporter, modules.Start, error) {
			return nil, 0, errors.New("a.cfg:1: no such file")
		}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.Run(ctx) }()
		time.Sleep(time.Second)
		if diff := cmp.Diff([]string{"module carbon does not work: a.cfg:1: no such file"}, b.Troubles()); diff != "" || b.Healthy() == nil {
			t.Errorf("%v: %s", b.Healthy(), diff)
		}
		cancel()
		s.must(<-ended)
		if got := b.Troubles(); got != nil {
			t.Errorf("at the end it says %q", got)
		}
	})
}
