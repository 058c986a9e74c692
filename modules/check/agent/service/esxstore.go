package service

import (
	"math"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// esxStore is a datastore; sizes in bytes.
type esxStore struct {
	name   string
	values map[string]string
}

// esxStores reads [NAME] and lines of KEY, a tab and VALUE.
func esxStores(in *Input) []esxStore {
	sec := in.Sections.Get("esx_vsphere_datastores")
	if sec == nil {
		return nil
	}
	var all []esxStore
	for i := range sec.Parts {
		begin := len(all)
		for _, line := range sec.Parts[i].Lines {
			line = strings.TrimSpace(line)
			if len(all) == mostThings {
				return all
			}
			if name, ok := strings.CutPrefix(line, "["); ok {
				all = append(all, esxStore{strings.TrimSuffix(name, "]"), map[string]string{}})
				continue
			}
			if at := strings.IndexAny(line, "\t "); at > 0 && len(all) > begin {
				all[len(all)-1].values[line[:at]] = strings.TrimSpace(line[at:])
			}
		}
	}
	return all
}

// esxDatastores is the kind of how full a datastore is.
func esxDatastores() Kind {
	return Kind{
		Name: "esx_datastores", Sections: []string{"esx_vsphere_datastores"},
		Takes: map[string]string{"provisioned": "WARN,CRIT for what is used and promised, in % of the size"},
		Discover: func(in *Input) []Found {
			var all []Found
			for _, s := range esxStores(in) {
				all = append(all, Found{Item: s.name, Description: "Filesystem " + s.name})
			}
			return all
		},
		Check: checkESXStore,
	}
}

func checkESXStore(in *Input, r *Report) {
	all := esxStores(in)
	i := slices.IndexFunc(all, func(s esxStore) bool { return s.name == in.Item })
	if i < 0 {
		lacks(r, "datastore", in.Item, func(yield func(string) bool) {
			for _, s := range all {
				if !yield(s.name) {
					return
				}
			}
		})
		return
	}
	v := all[i].values
	if access := v["accessible"]; access != "" && !strings.EqualFold(access, "true") {
		r.Say(monitor.Critical, "not accessible")
	}
	size, ok := esxNumber(v, "capacity")
	free, ok2 := esxNumber(v, "freeSpace")
	if !ok || !ok2 || size == 0 {
		r.OK("nothing is known of its size")
		return
	}
	used := size - free
	l := in.Levels(r, Upper(80, 90))
	r.Say(judgePart("used", used, size, l))
	r.Metric(Measured("used", used, "B").By(l.Of(size, true)).Within(0, size))
	if promised, ok := esxNumber(v, "uncommitted"); ok {
		r.OK("uncommitted: " + showBytes(promised))
		r.Metric(Measured("uncommitted", promised, "B").Within(0, math.NaN()))
		l := in.Pair(r, "provisioned", None()).Of(size, true)
		r.Measure("provisioned", Measured("provisioned", used+promised, "B").By(l).Within(0, math.NaN()), func(b float64) string { return showPercent(b / size * 100) })
	}
}
