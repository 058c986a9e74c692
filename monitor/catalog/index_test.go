package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// two gives two shards: services that are not in order, a group in both, parents, a dependency. The second shard is newer.
func two() []*monitor.Inventory {
	none := monitor.Call{Command: monitor.None}
	return []*monitor.Inventory{
		{
			Generation: 1,
			Policies:   []monitor.Policy{{NotesURL: "http://wiki", Importance: 4}},
			Hosts: []monitor.Host{
				{Name: "web", Alias: "the web", Address: "10.0.0.1", Check: none, Vars: []monitor.Var{{Name: "RACK", Value: "7 $USER5$"}}},
				{Name: "bare", Check: none, Parents: []monitor.ID{0}},
			},
			Services: []monitor.Service{{Host: 0, Description: "ssh", Check: none}, {Host: 0, Description: "http", Check: none}},
			HostGroups: []monitor.Group{
				{Name: "x", Alias: "all of them", Members: []monitor.ID{0}},
				{Name: "a", Members: []monitor.ID{0, 1}},
			},
			Dependencies: []monitor.Dependency{{Dependent: 2, Master: 3, Execution: monitor.OnCritical}},
		},
		nil,
		{
			Generation: 2, Shard: 2,
			Policies:    []monitor.Policy{{}},
			Hosts:       []monitor.Host{{Name: "db", Check: none}},
			Services:    []monitor.Service{{Host: 0, Description: "sql", Check: none}},
			HostGroups:  []monitor.Group{{Name: "x", Alias: "all of them", Members: []monitor.ID{0}}},
			Commands:    []monitor.Command{{Name: "z"}, {Name: "c"}},
			Timeperiods: []monitor.Timeperiod{{Name: "never"}},
		},
	}
}

func TestAnIndexIsInOrder(t *testing.T) {
	x := catalog.NewIndex(catalog.New(two()))
	services := map[string][]string{}
	var hosts []string
	for _, p := range x.Hosts {
		name := x.Host(p).Name
		hosts = append(hosts, name)
		x.Descriptions(p, func(id monitor.ID, description string) bool {
			if x.Inventory(p).Service(id).Description != description {
				t.Errorf("%s is not number %d", description, id)
			}
			services[name] = append(services[name], description)
			return true
		})
		if x.Services(p) != len(services[name]) {
			t.Errorf("%s has %d services", name, x.Services(p))
		}
	}
	if diff := cmp.Diff([]string{"bare", "db", "web"}, hosts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string][]string{"db": {"sql"}, "web": {"http", "ssh"}}, services); diff != "" {
		t.Error(diff)
	}
	if x.Base.Generation != 2 || x.Base.Commands[x.Commands[0]].Name != "c" {
		t.Errorf("what is common is of generation %d", x.Base.Generation)
	}
}

func TestGroupsArePutTogether(t *testing.T) {
	x := catalog.NewIndex(catalog.New(two()))
	members := map[string][]string{}
	for i := range x.HostGroups {
		g := &x.HostGroups[i]
		for p := range g.Members {
			members[g.Name] = append(members[g.Name], x.Host(p).Name)
		}
		if g.Size() != len(members[g.Name]) {
			t.Errorf("%s has %d members", g.Name, g.Size())
		}
	}
	if diff := cmp.Diff(map[string][]string{"a": {"web", "bare"}, "x": {"web", "db"}}, members); diff != "" {
		t.Error(diff)
	}
	for host, want := range map[string][]uint32{"web": {0, 1}, "db": {1}, "bare": {0}} {
		p, _ := x.Find(monitor.Ref{Host: host})
		if diff := cmp.Diff(want, x.GroupsOf(p)); diff != "" {
			t.Errorf("%s: %s", host, diff)
		}
	}
}

func TestTiesAreKnownFromBothEnds(t *testing.T) {
	x := catalog.NewIndex(catalog.New(two()))
	web, _ := x.Find(monitor.Ref{Host: "web"})
	ssh, _ := x.Find(monitor.Ref{Host: "web", Service: "ssh"})
	http, _ := x.Find(monitor.Ref{Host: "web", Service: "http"})
	if got := x.Children(web); len(got) != 1 || got[0] != 1 {
		t.Errorf("children of web: %v", got)
	}
	if got := x.Masters(ssh); len(got) != 1 || got[0].Master != http.ID {
		t.Errorf("ssh depends on %v", got)
	}
	if got := x.Dependents(http); len(got) != 1 || got[0] != 0 {
		t.Errorf("on http depend %v", got)
	}
	if len(x.Masters(http)) != 0 || len(x.Dependents(ssh)) != 0 {
		t.Error("a dependency holds the other way round too")
	}
	if _, ok := x.Find(monitor.Ref{Host: "web", Service: "none"}); ok {
		t.Error("a service that is not there was found")
	}
}

func TestWhatTheConfigurationDecidesIsReplaced(t *testing.T) {
	x := catalog.NewIndex(catalog.New(two()))
	web, _ := x.Find(monitor.Ref{Host: "web"})
	ssh, _ := x.Find(monitor.Ref{Host: "web", Service: "ssh"})
	for text, want := range map[string]string{
		"plain":                              "plain",
		"$HOSTNAME$ $HOSTALIAS$":             "web the web",
		"$HOSTADDRESS$ $HOSTDISPLAYNAME$":    "10.0.0.1 web",
		"$HOSTGROUPNAME$/$HOSTGROUPNAMES$":   "a/a,x",
		"$SERVICEDESC$ on $_SERVICEPORT$":    "ssh on 22",
		"$_HOSTRACK$":                        "7 $USER5$", // which may be a password
		"$SERVICENOTESURL$ $HOSTIMPORTANCE$": "http://wiki 4",
		"$HOSTSTATE$ costs $$5":              "$HOSTSTATE$ costs $5",
		"$HOSTNAME:db$":                      "$HOSTNAME:db$",
	} {
		if got := x.Expand(ssh, text, []monitor.Var{{Name: "PORT", Value: "22"}}); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	if got := x.Expand(web, "$_HOSTRACK$ $SERVICEDESC$", []monitor.Var{{Name: "RACK", Value: "8"}}); got != "8 $SERVICEDESC$" {
		t.Errorf("of the host: %q", got)
	}
}
