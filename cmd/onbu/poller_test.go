package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// flown is how many checks are under way when their poller fails.
const flown = 300

// What was under way with a poller that dies, or that stops and comes back, is checked again at once by another one,
// and counts once.
func TestPollerKilledWithChecksInFlight(t *testing.T) {
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		f := newFlight(t)
		f.first.kill()
		f.reissued("second")
		f.countedOnce()
	})
	t.Run("stopped, and back with late results", func(t *testing.T) {
		t.Parallel()
		f := newFlight(t)
		f.first.signal(syscall.SIGSTOP)
		f.reissued("second")
		f.gate.open()
		f.first.signal(syscall.SIGCONT)
		f.first.counts("onbu_poller_running", 0)
		f.first.counts("onbu_poller_results_waiting", 0)
		f.countedOnce()
	})
}

// flight is a set-up with all checks under way in its first poller.
type flight struct {
	*cluster
	gate                       gate
	broker, scheduler, receive *onbu
	first                      *onbu
}

func newFlight(t *testing.T) *flight {
	c := newConfig(t)
	f := &flight{cluster: newCluster(t), gate: newGate(t, c.dir)}
	// The plugin waits while the gate is shut, in one process.
	c.Command("wait", c.script("wait", fmt.Sprintf("[ -e %s ] && read -r x <%s\necho through; exit 2", f.gate.shut, f.gate.pipe)))
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	c.host("web1")
	for i := range flown {
		c.service("web1", fmt.Sprintf("s%03d", i), "wait", "max_check_attempts 5", "check_interval 10000000", "retry_interval 10000000")
	}
	c.service("web1", "last", "fine", "active_checks_enabled 0")
	f.bus()
	f.role("arbiter", c.write())
	f.broker, f.scheduler, f.receive = f.role("broker"), f.role("scheduler"), f.role("receiver")
	f.first = f.role("poller", "--name", "first", "--plugins", fmt.Sprint(2*flown))
	for _, o := range []*onbu{f.broker, f.scheduler, f.receive, f.first} {
		o.listening()
	}
	f.scheduler.counts("onbu_checks_running", flown)
	f.first.counts("onbu_poller_running", flown)
	return f
}

// reissued opens the way for a second poller, which answers everything.
func (f *flight) reissued(second string) {
	f.t.Helper()
	if err := os.Remove(f.gate.shut); err != nil {
		f.t.Fatal(err)
	}
	f.role("poller", "--name", second)
	f.scheduler.counts("onbu_orphaned_checks_total", flown)
	f.scheduler.counts(`onbu_checks_total{module="exec"}`, flown)
}

// countedOnce wants every service to be at its first attempt, by the second poller. All are in one shard, whose results
// come in order: what a check shows that is made now was not before what is late.
func (f *flight) countedOnce() {
	f.t.Helper()
	f.receive.obey("SCHEDULE_FORCED_SVC_CHECK;web1;last;%d", time.Now().Unix())
	f.broker.seen("web1/last", "is checked", func(one api.Object) bool { return one.State == "OK" })
	f.broker.eventually("all were checked", func() error {
		all, err := f.broker.objects()
		if err != nil {
			return err
		}
		for name, one := range all {
			if one.Service != "" && one.State == "PENDING" {
				return fmt.Errorf("%s is %s", name, one.State)
			}
			if one.State == "CRITICAL" && (one.Attempt != 1 || one.StateType != "SOFT" || one.Poller != "second") {
				f.t.Fatalf("%s is at attempt %d (%s) by %s", name, one.Attempt, one.StateType, one.Poller)
			}
		}
		return nil
	})
	f.scheduler.counts(`onbu_checks_total{module="exec"}`, flown)
}

// gate holds plugins up: while the file shut is there they wait for somebody to open the pipe for writing.
type gate struct{ shut, pipe string }

func newGate(t *testing.T, dir string) gate {
	g := gate{filepath.Join(dir, "shut"), filepath.Join(dir, "gate")}
	if err := errors.Join(os.WriteFile(g.shut, nil, 0o644), syscall.Mkfifo(g.pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	// The plugins of a killed poller are nobody's children: they end when the gate opens.
	t.Cleanup(func() {
		within(t, patience, "no plugin waits any more", func() error {
			g.open()
			if left := processesOf(t, g.pipe); len(left) > 0 {
				return fmt.Errorf("%d wait", len(left))
			}
			return nil
		})
	})
	return g
}

// open lets go whoever waits.
func (g gate) open() {
	if w, err := os.OpenFile(g.pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		w.Close()
	}
}
