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
