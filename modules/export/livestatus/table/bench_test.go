package table_test

import (
	"context"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules/export/livestatus/lql"
	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// BenchmarkDashboard answers what a page of problems asks, over 10,000 hosts and 100,000 services of which 1 in 50 fails,
// while 5,000 checks a second change the view and every answer has a snapshot of its own.
func BenchmarkDashboard(b *testing.B) {
	w, v := large()
	tables := table.Tables()
	for _, q := range []struct{ name, text string }{
		{"filter", "Columns: host_name description state plugin_output\nFilter: state != 0"},
		{"counts", "Stats: state = 0\nStats: state = 1\nStats: state = 2\nStats: state = 3"},
		{"overview", overview()},
		{"sorted", "Columns: host_name description state\nSort: host_name asc\nSort: description asc\nLimit: 100"},
		{"groups", "Columns: host_name description\nFilter: host_groups >= all\nLimit: 100"},
	} {
		b.Run(q.name, func(b *testing.B) {
			var mu sync.Mutex
			ctx, cancel := context.WithCancel(b.Context())
			var wg sync.WaitGroup
			wg.Go(func() { change(ctx, &mu, v) })
			lines := strings.Split("GET services\n"+q.text+"\nOutputFormat: json", "\n")
			b.ReportAllocs()
			for b.Loop() {
				mu.Lock()
				s := v.Snapshot()
				mu.Unlock()
				query, refusal := lql.Parse(lines, tables, time.Now())
				if refusal != nil {
					b.Fatal(refusal.Text)
				}
				a := query.Answer(b.Context(), &table.World{Now: w.Now, View: s, Catalog: w.Catalog}, lql.Limits{Bytes: 1 << 30, Time: time.Minute})
				if _, err := a.WriteTo(io.Discard); err != nil || a.Code != lql.OK {
					b.Fatal(a.Code, err)
				}
			}
			cancel()
			wg.Wait()
		})
	}
}

// overview has twelve counts of three comparisons each, as pages with everything at a glance have.
func overview() string {
	var all []string
	for _, state := range []string{"0", "1", "2", "3"} {
		for _, more := range []string{"acknowledged = 0", "acknowledged = 1", "host_state != 0"} {
			all = append(all, "Stats: state = "+state, "Stats: "+more, "Stats: scheduled_downtime_depth = 0", "StatsAnd: 3")
		}
	}
	return strings.Join(all, "\n")
}

// change makes 5,000 checks a second.
func change(ctx context.Context, mu *sync.Mutex, v *view.View) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	at := monitor.Time(1e18 + 1e9)
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		mu.Lock()
		for range 50 {
			n = (n + 7919) % 100_000
			at++
			c := monitor.Check{Ref: nth(n), Object: monitor.ID(n), Time: at, Started: at, State: monitor.OK, Output: "OK - " + at.Std().Format("15:04:05.000000000"), Module: "icmp", Poller: "p1"}
			if n%50 == 0 {
				c.State, c.OwnState = monitor.Critical, monitor.Critical
			}
			v.Check(&c)
		}
		mu.Unlock()
	}
}

// BenchmarkMemory reports what an object costs: in the view, which every broker has, and in the configuration and its order,
// which Livestatus adds.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		before := heap()
		w, v := large()
		objects := 0
		var coded [][]byte
		for _, inv := range w.Catalog.Inventories {
			objects += inv.Objects()
			coded = append(coded, wire.Marshal(inv))
		}
		w.Catalog = nil
		present := heap()
		read := make([]*monitor.Inventory, len(coded))
		for i := range coded {
			read[i] = &monitor.Inventory{}
			if err := wire.Unmarshal(coded[i], read[i]); err != nil {
				b.Fatal(err)
			}
		}
		w.Catalog = catalog.New(read)
		tables := table.Tables()
		tables["hosts"].Each(w, anyone, func(*table.Row) bool { return false })
		added := heap() - present
		for i := range coded {
			present -= uint64(len(coded[i]))
		}
		b.ReportMetric(float64(present-before)/float64(objects), "B/object")
		b.ReportMetric(float64(added)/float64(objects), "B/object-added")
		runtime.KeepAlive(v)
		runtime.KeepAlive(w)
		runtime.KeepAlive(tables)
		runtime.KeepAlive(coded)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
