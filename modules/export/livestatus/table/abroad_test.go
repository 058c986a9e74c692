package table_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

func TestParentsOfOtherShardsAreParents(t *testing.T) {
	w := small()
	all := w.Catalog.Inventories
	all[1].Border = []monitor.BorderHost{{Name: "web"}}
	all[1].BorderEdges = []monitor.Edge{{Child: 0, Parent: monitor.ID(all[1].Objects())}}
	w.Catalog = catalog.New(all)
	for _, x := range []struct {
		n    table.Narrow
		want []string
	}{
		{anyone, []string{"app;[db];[]", "db;[web];[app]", "web;[];[db]"}},
		{table.Narrow{Contact: "bob"}, []string{"db;[];[]"}},
	} {
		if diff := cmp.Diff(x.want, rows(t, w, "hosts", x.n, words("name parents childs")...)); diff != "" {
			t.Errorf("%+v (-want +got)\n%s", x.n, diff)
		}
	}
}
