package app

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/monitor/api"
)

// Containers are replaced so: the new one starts, then the old one is stopped. What becomes of the new one is seen all the same.
func TestWhoEndsLeavesWhatIsOfATwin(t *testing.T) {
	for name, after := range map[string]time.Duration{
		"with the new one's heartbeat last": 500 * time.Millisecond, "with the old one's heartbeat last": 2500 * time.Millisecond,
	} {
		twins := func(what string, story func(older, newer *node, killed func(), shows func(when, state string))) {
			t.Run(what+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := membus.New()
					eyes := &node{App: &App{bus: b.Connect("eyes")}, t: t}
					older := newNode(t, b.Connect("older"), "poller")
					time.Sleep(8 * time.Second)
					line := b.Connect("newer")
					newer := newNode(t, line, "poller")
					time.Sleep(after)
					story(older, newer, func() { line.Close() }, func(when, state string) { eyes.shows(when, state) })
				})
			})
		}
		twins("the new one is killed", func(older, newer *node, killed func(), shows func(when, state string)) {
			stopped(t, older)
			time.Sleep(6 * time.Second)
			shows("when the old one has ended", "poller up M")
			killed()
			time.Sleep(20 * time.Second)
			shows("when the new one is dead", "poller silent")
			_ = newer.stop()
		})
		twins("the new one ends at once, too", func(older, newer *node, _ func(), shows func(when, state string)) {
			stopped(t, older)
			stopped(t, newer)
			shows("when both have ended", "poller ended")
		})
	}
}

func stopped(t *testing.T, n *node) {
	t.Helper()
	if err := n.stop(); err != nil {
		t.Error(err)
	}
}

// A poller waits for its checks when it ends, a scheduler for the journal: others must not take either for dead.
func TestARoleThatTakesSecondsToEndHasEndedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := membus.New().Connect("test")
		n := newNode(t, c, "broker", "poller")
		time.Sleep(time.Second)
		n.diary.lasts.Store(int64(3 * time.Second))
		if err := n.stop(); err != nil {
			t.Error(err)
		}
		n.shows("at the end", "broker ended", "poller ended")
		var got []string
		err := chronicle.Read(t.Context(), c, chronicle.Query{Kinds: []string{"ended"}}, func(e api.Deed) error {
			got = append(got, e.Node+"/"+e.Role+" "+e.About+": "+e.Why)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"alpha/poller poller of alpha: in order, with its process", "alpha/broker broker of alpha: in order, with its process"}, got); diff != "" {
			t.Error(diff)
		}
	})
}
