package broker_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

func TestDynamicHostsAreShown(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"vm1": 0})
		stop := s.run()
		defer stop()
		var got api.Dynamics
		s.get("/api/piggyback/dynamic", 200, &got)
		if diff := cmp.Diff(api.Dynamics{Hosts: []api.DynamicHost{}, Refusals: []api.DynamicRefusal{}}, got); diff != "" {
			t.Error(diff)
		}
		s.must(s.bus.PutBlob(t.Context(), bus.CFG, wire.DynamicsName, wire.Marshal(monitor.Dynamics{
			Hosts:    []monitor.DynamicHost{{Name: "vm1", Source: "esx", Rule: "vms", Since: 5e9, Listed: 6e9, Services: []monitor.DynamicService{{Description: "Uptime", CheckCommand: "x"}}}},
			Refusals: []monitor.DynamicRefusal{{Name: "-x", Source: "esx", Rule: "vms", Why: "its name", At: 7e9}},
			Made:     2, Gone: 1,
		})))
		s.get("/api/piggyback/dynamic", 200, &got)
		want := api.Dynamics{
			Hosts:    []api.DynamicHost{{Name: "vm1", Source: "esx", Rule: "vms", Since: 5, Listed: 6, Services: []string{"Uptime"}}},
			Refusals: []api.DynamicRefusal{{Name: "-x", Source: "esx", Rule: "vms", Why: "its name", At: 7, Hosts: 1}},
			Made:     2, Gone: 1,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
