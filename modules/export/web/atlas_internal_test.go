package web

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/broker/outline"
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

func TestOnlyTheFirstPictureWaitsForWhoSpeaksForWhomAndNotForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inv := &monitor.Inventory{Policies: make([]monitor.Policy, 1), Hosts: []monitor.Host{{Name: "vcenter"}, {Name: "vm"}}}
		c := catalog.New([]*monitor.Inventory{inv})
		o := modules.Outlook{Catalog: func() *catalog.Catalog { return c }, View: func() *view.Snapshot { return &view.Snapshot{} }}
		var asked atomic.Int32
		a := &atlas{outlook: o, names: &ordered{outlook: o}, feeds: func(context.Context) ([]outline.Feed, error) {
			asked.Add(1)
			time.Sleep(10 * time.Second)
			return []outline.Feed{{Target: "vm", Source: "vcenter"}}, nil
		}}
		edges := func() (n int, took time.Duration) {
			began := time.Now()
			p := a.look().Draw(outline.Query{})
			return len(p.Edges), time.Since(began)
		}
		if n, took := edges(); n != 0 || took != fedWithin {
			t.Errorf("the first picture has %d edges after %v", n, took)
		}
		if n, took := edges(); n != 0 || took > fedWithin {
			t.Errorf("the second picture has %d edges after %v", n, took)
		}
		time.Sleep(10 * time.Second)
		if n, took := edges(); n != 1 || took != 0 || asked.Load() != 1 {
			t.Errorf("then it has %d edges after %v, asked %d times", n, took, asked.Load())
		}
		time.Sleep(fedFor + time.Second)
		if n, took := edges(); n != 1 || took != 0 {
			t.Errorf("while it is asked again there are %d edges after %v", n, took)
		}
		time.Sleep(fedWithin)
		if n := asked.Load(); n != 2 {
			t.Errorf("asked %d times, want 2", n)
		}
		time.Sleep(10 * time.Second)
	})
}
