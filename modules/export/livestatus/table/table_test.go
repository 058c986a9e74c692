package table_test

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

var anyone = table.Narrow{Anyone: true}

// small is a world of two shards: web and its services, and db, which stands behind it.
func small() *table.World {
	policies := []monitor.Policy{
		{
			MaxAttempts: 3, CheckInterval: 5 * time.Minute, RetryInterval: time.Minute, CheckPeriod: 0, NotificationPeriod: monitor.None,
			Switches: monitor.ActiveChecks | monitor.Notifications, Contacts: []uint32{0}, ContactGroups: []uint32{0},
			EventHandler: monitor.Call{Command: monitor.None}, Importance: 7, BusinessImpact: 3, Pool: "dmz", RealmName: "All",
			ActionURL: "http://wiki/$HOSTNAME$?$SERVICEGROUPNAMES$",
		},
		{Contacts: []uint32{1}, NotificationPeriod: monitor.None, CheckPeriod: monitor.None, EventHandler: monitor.Call{Command: monitor.None}},
	}
	common := monitor.Inventory{
		Generation: 1, Shards: 2, Options: monitor.Options{Interval: time.Minute, HostCheckTimeout: 30 * time.Second, ServiceCheckTimeout: time.Minute},
		Policies: policies, Args: [][]string{nil, {"80", "a!b"}},
		Timeperiods:   []monitor.Timeperiod{{Name: "24x7", Ranges: []string{"monday 00:00-24:00"}}},
		Commands:      []monitor.Command{{Name: "check_http", Line: "$USER1$/check_http"}, {Name: "check-host-alive", Line: "ping"}},
		Contacts:      []monitor.Contact{{Name: "zoe", Email: "zoe@example.org"}, {Name: "bob"}},
		ContactGroups: []monitor.ContactGroup{{Name: "admins", Members: []uint32{0}}},
	}
	first, second := common, common
	first.Hosts = []monitor.Host{{Name: "web", Alias: "the web", Address: "10.0.0.1", Vars: []monitor.Var{{Name: "RACK", Value: "7"}}}}
	first.Services = []monitor.Service{
		{Host: 0, Description: "ssh", Policy: 1, Check: monitor.Call{Command: monitor.None}},
		{Host: 0, Description: "http", Check: monitor.Call{Command: 0, Args: 1}, Extra: &monitor.ServiceExtra{Notes: "see $HOSTALIAS$ at $HOSTADDRESS$, $SERVICEDESC$ on $_SERVICEPORT$ ($USER1$)"}},
	}
	first.HostGroups = []monitor.Group{{Name: "all", Alias: "everything", Members: []monitor.ID{0}}}
	first.ServiceGroups = []monitor.Group{{Name: "fronts", Members: []monitor.ID{2}}}
	second.Shard = 1
	second.Hosts = []monitor.Host{{Name: "db", Policy: 1, Check: monitor.Call{Command: 1}}, {Name: "app", Parents: []monitor.ID{0}}}
	second.HostGroups = []monitor.Group{{Name: "all", Alias: "everything", Members: []monitor.ID{0, 1}}}
	second.ServiceGroups = []monitor.Group{{Name: "fronts"}}
	v := view.New()
	v.Clock(1000e9)
	http := monitor.Ref{Host: "web", Service: "http"}
	v.Fill([]monitor.Status{
		{Ref: monitor.Ref{Host: "web"}, LastCheck: 900e9, LastUpdate: 901e9, Switches: policies[0].Switches, Output: "UP", MaxAttempts: 3},
		{
			Ref: http, State: monitor.Critical, LastState: monitor.OK, LastHardState: monitor.Warning, Type: monitor.Soft, Attempt: 2, MaxAttempts: 3,
			LastCheck: 900e9, LastUpdate: 901e9, NextCheck: 960e9, LastChange: 890e9, LastHardChange: 500e9, LastTimeCritical: 900e9,
			Ack: monitor.AckSticky, DowntimeDepth: 1, Switches: policies[0].Switches, Modified: monitor.Notifications, Output: "no answer",
			LongOutput: "for 10 s", Perfdata: "time=10s", Latency: 50 * time.Millisecond, Execution: 10 * time.Second, Poller: "p1",
			ProblemID: 4, Problem: true, BusinessImpact: 5, NotificationNumber: 2, LastNotification: 895e9,
			Changed: &monitor.Changes{CheckPeriod: "24x7", Vars: []monitor.Var{{Name: "PORT", Value: "81"}}},
		},
		{Ref: monitor.Ref{Host: "web", Service: "ssh"}, State: monitor.OK, LastCheck: 800e9, LastUpdate: 801e9},
	}, 902e9)
	v.Notes(0, []monitor.Downtime{{ID: 32, Ref: http, Author: "zoe", Comment: "update", Start: 850e9, End: 2000e9, Fixed: true}},
		[]monitor.Comment{{ID: 48, Ref: http, Author: "bob", Text: "on it", Entered: 890e9, Kind: monitor.CommentAck, Persistent: true}}, nil)
	return &table.World{
		Log: func(_ table.Narrow, yield func(*table.Line) bool) error {
			lines := []table.Line{
				{ID: 1, Time: 890, Class: 1, Type: "SERVICE ALERT", Host: "web", Service: "http", State: 2, Message: "SERVICE ALERT: web;http;CRITICAL;SOFT;2;no answer"},
				{ID: 2, Time: 891, Class: 3, Type: "HOST NOTIFICATION", Host: "db", Contact: "bob", Command: "check_http", Message: "HOST NOTIFICATION: …"},
				{ID: 3, Time: 892, Class: 2, Type: "LOG ROTATION", Message: "LOG ROTATION: DAILY"},
				{ID: 4, Time: 893, Class: 1, Type: "HOST ALERT", Host: "gone", Message: "HOST ALERT: gone;DOWN;HARD;1;"},
			}
			for i := range lines {
				if !yield(&lines[i]) {
					return nil
				}
			}
			return nil
		},
		Now: time.Unix(1000, 0), View: v.Snapshot(), Catalog: catalog.New([]*monitor.Inventory{&first, &second}),
		Program: table.Program{Version: "onbu-1", PID: 7, Started: time.Unix(900, 0), Requests: 50},
	}
}

func column(t testing.TB, of *table.Table, name string) *table.Column {
	t.Helper()
	for _, name := range []string{name, strings.TrimPrefix(name, of.Prefix)} {
		i, ok := slices.BinarySearchFunc(of.Columns, name, func(c table.Column, name string) int { return strings.Compare(c.Name, name) })
		if ok {
			return &of.Columns[i]
		}
	}
	t.Fatalf("table %s has no column %s", of.Name, name)
	return nil
}

func words(text string) []string { return strings.Fields(text) }

// show gives what a row has in a column, as JSON would.
func show(c *table.Column, r *table.Row) string {
	switch {
	case c.Value != nil:
		if all, many := c.Value(r).(iter.Seq[any]); many {
			return fmt.Sprint(slices.Collect(all))
		}
		return fmt.Sprint(c.Value(r))
	case c.Int != nil:
		return fmt.Sprint(c.Int(r))
	case c.Float != nil:
		return fmt.Sprint(c.Float(r))
	case c.Text != nil:
		return c.Text(r)
	case c.List != nil:
		return fmt.Sprint(c.List(r))
	}
	return fmt.Sprint(c.Dict(r))
}

// rows gives the named columns of all rows.
func rows(t testing.TB, w *table.World, name string, n table.Narrow, names ...string) []string {
	t.Helper()
	of := table.Tables()[name]
	if of == nil {
		t.Fatalf("there is no table %s", name)
	}
	var got []string
	of.Each(w, n, func(r *table.Row) bool {
		line := ""
		for i, name := range names {
			if i > 0 {
				line += ";"
			}
			line += show(column(t, of, name), r)
		}
		got = append(got, line)
		return true
	})
	return got
}

func TestRowsAreThoseOfTheConfigurationInOrder(t *testing.T) {
	w := small()
	if diff := cmp.Diff([]string{"app;0;0", "db;0;0", "web;0;1"}, rows(t, w, "hosts", anyone, "name", "state", "has_been_checked")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"web;http;2", "web;ssh;0"}, rows(t, w, "services", anyone, "host_name", "description", "state")); diff != "" {
		t.Error(diff)
	}
}

func TestEveryColumnOfEveryRowCanBeShown(t *testing.T) {
	w := small()
	for name, of := range table.Tables() {
		seen := map[string]bool{}
		for i := range of.Columns {
			c := &of.Columns[i]
			if c.Description == "" || seen[c.Name] {
				t.Errorf("%s.%s has no description, or is there twice", name, c.Name)
			}
			seen[c.Name] = true
			of.Each(w, anyone, func(r *table.Row) bool { show(c, r); return true })
		}
		if !slices.IsSortedFunc(of.Columns, func(a, b table.Column) int { return strings.Compare(a.Name, b.Name) }) {
			t.Errorf("the columns of %s are not sorted", name)
		}
	}
}

// nth names a service of large.
func nth(n int) monitor.Ref {
	names := [...]string{"ping", "load", "disk", "swap", "http", "ssh", "ntp", "mail", "dns", "smtp"}
	return monitor.Ref{Host: fmt.Sprintf("host-%06d", n/10), Service: names[n%10]}
}

// large is a world of 10,000 hosts with ten services each in 16 shards, of which 1 in 50 is a problem.
func large() (*table.World, *view.View) {
	const hosts, shards = 10_000, 16
	v := view.New()
	v.Clock(1)
	inventories := make([]*monitor.Inventory, shards)
	for i := range inventories {
		inventories[i] = &monitor.Inventory{
			Generation: 1, Shard: monitor.Shard(i), Shards: shards, Options: monitor.Options{Interval: time.Minute},
			HostGroups: []monitor.Group{{Name: "all"}},
			Policies:   []monitor.Policy{{CheckPeriod: monitor.None, NotificationPeriod: monitor.None, CheckInterval: time.Minute, EventHandler: monitor.Call{Command: monitor.None}}},
			Args:       [][]string{nil}, Commands: []monitor.Command{{Name: "check"}},
		}
	}
	for i := range hosts {
		inv := inventories[i*7919%shards]
		id := monitor.ID(len(inv.Hosts))
		name := nth(i * 10).Host
		inv.Hosts = append(inv.Hosts, monitor.Host{Name: name})
		inv.HostGroups[0].Members = append(inv.HostGroups[0].Members, id)
		v.Fill([]monitor.Status{{Ref: monitor.Ref{Host: name}, LastCheck: 1e18, LastUpdate: 1e18, LastTimeOK: 1e18}}, 1)
		for j := range 10 {
			service := nth(j).Service
			inv.Services = append(inv.Services, monitor.Service{Host: id, Description: service})
			s := monitor.Status{
				Ref: monitor.Ref{Host: name, Service: service}, LastCheck: 1e18, LastUpdate: 1e18 + 1e6, LastTimeOK: 1e18, Module: "icmp", Poller: "p1",
				Output: "OK - 127.0.0.2: rta 0.039ms, lost 0%", Perfdata: "rta=0.039ms;200.000;500.000;0; pl=0%;40;80;;",
			}
			if (i*10+j)%50 == 0 {
				s.State, s.LastTimeCritical, s.ProblemID = monitor.Critical, 1e18, 7
			}
			v.Fill([]monitor.Status{s}, 1)
		}
	}
	return &table.World{Now: time.Unix(1e9, 0), View: v.Snapshot(), Catalog: catalog.New(inventories)}, v
}

func BenchmarkScanOfServices(b *testing.B) {
	w, _ := large()
	services := table.Tables()["services"]
	state := column(b, services, "state").Int
	count := func() (n int) {
		services.Each(w, anyone, func(r *table.Row) bool {
			if state(r) != 0 {
				n++
			}
			return true
		})
		return n
	}
	if count() != 2000 {
		b.Fatalf("%d problems, want 2,000", count())
	}
	b.ReportAllocs()
	for b.Loop() {
		count()
	}
}

// columnsOf reads lines such as "hosts: name:s state:i" of a file.
func columnsOf(t *testing.T, file string, look func(of, name, kind string)) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		of, list, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if strings.HasPrefix(line, "#") {
			continue
		}
		for word := range strings.FieldsSeq(list) {
			name, kind, _ := strings.Cut(word, ":")
			look(of, name, kind)
			n++
		}
	}
	if n < 100 {
		t.Fatalf("%s has %d columns", file, n)
	}
}

func TestThereIsWhatNaemonHas(t *testing.T) {
	tables := table.Tables()
	kinds := map[string]string{"i": "int", "t": "time", "f": "float", "s": "string", "l": "list", "d": "dict"}
	columnsOf(t, "naemon.txt", func(of, name, kind string) {
		if of == "statehist" {
			return // what was when is asked of the log
		}
		c := column(t, tables[of], name)
		if got := c.Kind.String(); got != kinds[kind] && name != "last_update" { // which LMD takes for a float
			t.Errorf("%s.%s is of kind %s, want %s", of, name, got, kinds[kind])
		}
	})
}

func TestThereIsWhatLMDAsksFor(t *testing.T) {
	tables := table.Tables()
	columnsOf(t, "lmd.txt", func(of, name, _ string) {
		if of == "hosts" && name == "lmd_last_cache_update" {
			return
		}
		column(t, tables[of], name)
	})
}
