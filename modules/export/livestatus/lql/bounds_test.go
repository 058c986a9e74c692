package lql_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules/export/livestatus/lql"
	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// wide is a world with one service group of very many members.
func wide(members int) *table.World {
	inv := &monitor.Inventory{
		Generation: 1, Shards: 1, Options: monitor.Options{Interval: time.Minute}, Args: [][]string{nil},
		Policies: []monitor.Policy{{NotificationPeriod: monitor.None, CheckPeriod: monitor.None, EventHandler: monitor.Call{Command: monitor.None}}},
		Hosts:    []monitor.Host{{Name: "web"}},
	}
	g := monitor.Group{Name: "all"}
	for i := range members {
		inv.Services = append(inv.Services, monitor.Service{Description: fmt.Sprintf("service%05d", i), Check: monitor.Call{Command: monitor.None}})
		g.Members = append(g.Members, monitor.ID(1+i))
	}
	inv.ServiceGroups = []monitor.Group{g}
	return &table.World{Now: time.Now(), View: view.New().Snapshot(), Catalog: catalog.New([]*monitor.Inventory{inv})}
}

// allocated carries a query out and says how many bytes that took in all.
func allocated(t *testing.T, w *table.World, most int64, query string) (*lql.Answer, uint64) {
	t.Helper()
	q, refusal := lql.Parse(strings.Split(query, "\n"), table.Tables(), time.Now())
	if refusal != nil {
		t.Fatal(refusal)
	}
	var before, after runtime.MemStats
	q.Answer(t.Context(), w, lql.Limits{Bytes: 1, Time: time.Minute}) // indexes are made
	runtime.ReadMemStats(&before)
	a := q.Answer(t.Context(), w, lql.Limits{Bytes: most, Time: time.Minute})
	runtime.ReadMemStats(&after)
	return a, after.TotalAlloc - before.TotalAlloc
}

func TestOneRowCannotExceedTheLargestAnswer(t *testing.T) {
	w := wide(20_000)
	for _, query := range []string{
		"GET servicegroups\nColumns: " + strings.Repeat("members ", 512),
		"GET servicegroups\nOutputFormat: json\nColumns: members members_with_state",
		"GET servicegroups\nSort: name\nColumns: " + strings.Repeat("members ", 512),
		"GET servicegroups\nStats: state = 0\nColumns: " + strings.Repeat("members ", 512),
		"GET servicegroups\n" + strings.Repeat("Sort: members\n", 32) + "Columns: name",
	} {
		a, bytes := allocated(t, w, 256<<10, query)
		if a.Code != lql.LimitExceeded || bytes > 64<<20 {
			t.Errorf("%.50q: code %d, %d MB allocated for an answer of 256 kB at most", query, a.Code, bytes>>20)
		}
	}
}

func TestAColumnNamedTwiceIsMadeOnceAndShownTwice(t *testing.T) {
	w := wide(2000)
	_, once := allocated(t, w, 64<<20, "GET servicegroups\nColumns: members")
	twice, many := allocated(t, w, 64<<20, "GET servicegroups\nColumns: name"+strings.Repeat(" members", 100))
	var b strings.Builder
	if _, err := twice.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	cells := strings.Split(strings.TrimSpace(b.String()), ";")
	if len(cells) != 101 || cells[1] != cells[100] || strings.Count(cells[100], "service01999") != 1 {
		t.Errorf("%d cells", len(cells))
	}
	if many > once+64<<20 {
		t.Errorf("%d bytes for 100 times the column, %d for one", many, once)
	}
}

func TestTooManyColumnsAreRefused(t *testing.T) {
	_, refusal := lql.Parse([]string{"GET hosts", "Columns: " + strings.Repeat("name ", 513)}, table.Tables(), time.Now())
	if refusal == nil || refusal.Code != lql.LimitExceeded {
		t.Error(refusal)
	}
}

func TestAQueryWhoseTimeIsUpStopsInTheMiddleOfARow(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	looked := 0
	tables := map[string]*table.Table{"slow": {
		Name: "slow",
		Columns: []table.Column{{Name: "text", Kind: table.String, Text: func(r *table.Row) string {
			looked++
			cancel()
			for !r.World.Over() {
				runtime.Gosched()
			}
			return ""
		}}},
		Each: func(w *table.World, _ table.Narrow, yield func(*table.Row) bool) { yield(&table.Row{World: w}) },
	}}
	q, refusal := lql.Parse(append([]string{"GET slow"}, slices.Repeat([]string{"Filter: text !~ x"}, 100)...), tables, time.Now())
	if refusal != nil {
		t.Fatal(refusal)
	}
	if a := q.Answer(ctx, &table.World{}, lql.Limits{Bytes: 1 << 20, Time: time.Minute}); a.Code != lql.LimitExceeded || looked != 1 {
		t.Errorf("code %d after %d of 100 filters", a.Code, looked)
	}
}
