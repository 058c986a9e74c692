package lql_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules/export/livestatus/lql"
	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// large is a world of 10,000 hosts with ten services each, of which one in twenty is in trouble.
func large() *table.World {
	const hosts, each = 10_000, 10
	inv := &monitor.Inventory{
		Generation: 1, Shards: 1, Options: monitor.Options{Interval: time.Minute}, Args: [][]string{nil},
		Policies:    []monitor.Policy{{Contacts: []uint32{0}, NotificationPeriod: monitor.None, CheckPeriod: monitor.None, EventHandler: monitor.Call{Command: monitor.None}}},
		Timeperiods: []monitor.Timeperiod{{Name: "24x7"}}, Commands: []monitor.Command{{Name: "ping"}}, Contacts: []monitor.Contact{{Name: "ada"}},
	}
	v := view.New()
	for h := range hosts {
		host := fmt.Sprintf("host-%05d", h)
		inv.Hosts = append(inv.Hosts, monitor.Host{Name: host, Alias: "a host of the data centre " + host, Address: "10.0.0.1"})
		all := []monitor.Status{{Ref: monitor.Ref{Host: host}, LastCheck: 900e9, LastUpdate: 901e9, Output: "OK - 10.0.0.1: rta 0.039ms, lost 0%"}}
		for s := range each {
			name := fmt.Sprintf("service-%d", s)
			inv.Services = append(inv.Services, monitor.Service{Host: monitor.ID(h), Description: name})
			status := monitor.Status{Ref: monitor.Ref{Host: host, Service: name}, LastCheck: 900e9, LastUpdate: monitor.Time(901e9 + h), Output: "OK - all is well with this one, 12 MB of 34 MB", Perfdata: "used=12MB;20;30;0;34"}
			if (h*each+s)%20 == 0 {
				status.State, status.LastChange, status.Output = monitor.State(1+h%3), monitor.Time(h)*1e9, "CRITICAL - this one is in trouble"
			}
			all = append(all, status)
		}
		v.Fill(all, 902e9)
	}
	return &table.World{Now: now, View: v.Snapshot(), Catalog: catalog.New([]*monitor.Inventory{inv})}
}

func BenchmarkHundredThousandServices(b *testing.B) {
	w, all := large(), table.Tables()
	for _, c := range []struct{ name, query string }{
		{"dashboard", "Columns: host_name description state plugin_output last_state_change host_state host_alias\nFilter: state != 0\nFilter: host_state = 0\nSort: last_state_change desc\nLimit: 100\nOutputFormat: json"},
		{"tactical", "Stats: state = 0\nStats: state = 1\nStats: state = 2\nStats: state = 3\nStats: has_been_checked = 0\nStats: state = 2\nStats: acknowledged = 0\nStats: scheduled_downtime_depth = 0\nStatsAnd: 3"},
		{"per host", "Stats: state = 0\nStats: state != 0\nColumns: host_name host_alias"},
		{"text", "Filter: plugin_output ~~ trouble\nStats: state != 9"},
		{"regex", "Filter: plugin_output ~~ (trouble|error).*$\nStats: state != 9"},
		{"one host", "Columns: description state\nFilter: host_name = host-05000"},
		{"changes for LMD", "Columns: host_name description state plugin_output last_update\nFilter: last_update >= 2000\nOutputFormat: json"},
		{"all in json", "Columns: host_name description state plugin_output perf_data last_check\nOutputFormat: json"},
		{"sorted whole", "Columns: host_name description\nSort: plugin_output\nSort: description desc"},
	} {
		q, refusal := lql.Parse(strings.Split("GET services\n"+c.query, "\n"), all, now)
		if refusal != nil {
			b.Fatal(refusal)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if a := q.Answer(b.Context(), w, lql.Limits{Bytes: 64 << 20, Time: time.Minute}); a.Code != lql.OK {
					b.Fatal(a.Code)
				}
			}
		})
	}
}
