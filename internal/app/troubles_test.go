package app

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/nodes"
)

// Troubles are those of a worker that has one.
func (w worker) Troubles() []string {
	w.diary.mu.Lock()
	defer w.diary.mu.Unlock()
	return append([]string(nil), w.diary.troubles...)
}

func (d *diary) trouble(lines ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.troubles = lines
}

func TestWhatSomebodyShouldLookAtTravelsWithTheHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, membus.New().Connect("test"), "broker")
		shows := func(want ...string) {
			t.Helper()
			time.Sleep(2 * beatEvery)
			all, err := nodes.Look(t.Context(), n.bus)
			if err != nil || len(all) != 1 {
				t.Fatalf("%d roles, %v", len(all), err)
			}
			if diff := cmp.Diff(want, all[0].Troubles); diff != "" {
				t.Error(diff)
			}
		}
		shows()
		n.diary.trouble("module web does not serve: the port is taken", strings.Repeat("x", 1000))
		shows("module web does not serve: the port is taken", strings.Repeat("x", mostTrouble)+"…")
		n.diary.trouble(strings.Split("abcdefghijklmnop", "")...)
		shows(strings.Split("abcdefgh", "")...)
		n.diary.trouble()
		shows()
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
}
