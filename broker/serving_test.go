package broker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		"a port that is taken": {errors.New("the port is taken"), "module shy does not serve: the port is taken"},
		"without a reason":     {nil, "module shy does not serve: it ended by itself"},
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
