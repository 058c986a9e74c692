package scheduler_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler"
)

// Row 19 of the fault list: what nobody can read holds nothing up, and people can see what it was.
func TestPoisonIsPassedOverAndTold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(1, 1, time.Hour))
		var mu sync.Mutex
		var told []string
		s := w.schedulerWith(scheduler.Options{Name: "s", Chronicle: func(kind, about, why string) {
			mu.Lock()
			defer mu.Unlock()
			if kind == monitor.Poison {
				told = append(told, about+": "+why)
			}
		}})
		w.owned(0)
		subjects := []bus.Subject{bus.Results(0, "p"), bus.Passive(0, "receiver"), bus.Commands(0)}
		for _, subject := range subjects {
			w.must(w.own.Append(t.Context(), subject, []byte("\xc1rubbish"), ""))
		}
		w.command("PROCESS_SERVICE_CHECK_RESULT;host0;service0;2;told from outside")
		if st := w.statuses(0)[service(0, 0)]; st.State != monitor.Critical {
			t.Errorf("behind the poison the service is %s", st.StateName())
		}
		s.stop()
		if len(told) != len(subjects) {
			t.Fatalf("told: %q, want one of each of %v", told, subjects)
		}
		for _, subject := range subjects {
			if all := strings.Join(told, "\n"); !strings.Contains(all, `on "`+string(subject)+`" is passed over`) || !strings.Contains(all, "begins with c172756262697368") {
				t.Errorf("%s is not told of: %q", subject, told)
			}
		}
	})
}
