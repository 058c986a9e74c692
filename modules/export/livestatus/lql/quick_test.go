package lql_test

import (
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules/export/livestatus/lql"
	"github.com/onbu/onbu/modules/export/livestatus/table"
)

func TestQuickQueriesCannotTakeLong(t *testing.T) {
	for query, want := range map[string]bool{
		"GET status": true,
		"GET hosts":  false,
		"GET services\nFilter: host_name = web\nFilter: state != 0":                                     true,
		"GET services\nFilter: host_name = web\nFilter: host_name = db\nOr: 2":                          false,
		"GET services\nFilter: host_name = web\nFilter: plugin_output ~ " + strings.Repeat("(a)*b", 30): false,
		"GET log\nFilter: host_name = web":                                                              false,
	} {
		q, refusal := lql.Parse(strings.Split(query, "\n"), table.Tables(), time.Now())
		if refusal != nil || q.Quick() != want {
			t.Errorf("%.70q: %v, %v", query, q.Quick(), refusal)
		}
	}
}

func TestAConditionIsDueWhenItsObjectChangedOrSomeTimeWentBy(t *testing.T) {
	w := wide(1)
	q, refusal := lql.Parse(strings.Split("GET hosts\nWaitObject: web\nWaitCondition: impacts >= x", "\n"), table.Tables(), time.Now())
	if refusal != nil {
		t.Fatal(refusal)
	}
	for i, x := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {100 * time.Millisecond, false}, {800 * time.Millisecond, false}, {200 * time.Millisecond, true}, {time.Millisecond, false}} {
		if w.Now = w.Now.Add(x.after); q.Due(w) != x.want {
			t.Errorf("%d: due is not %v", i, x.want)
		}
	}
}
