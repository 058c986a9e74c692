package objects_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

const shop = `
define host {
    name linux
    use h
    register 0
}
define host {
    use linux
    host_name web1
    labels front, shown
    hostgroups webs
}
define host {
    use linux
    host_name web2
    hostgroups webs
}
define host {
    use h
    host_name db
    labels shown
    _NEED 1
}
define service {
    use s
    hostgroup_name webs
    service_description http
    labels shown
    servicegroups pages
    notification_options c
}
define service {
    use s
    host_name db
    service_description sql
    labels shown
}
define hostgroup {
    hostgroup_name webs
    alias Webs
}
define servicegroup {
    servicegroup_name pages
    alias Pages
}
`

func TestTheMembersOfABusinessRule(t *testing.T) {
	for expression, want := range map[string][]string{
		"web1 & db,sql":                 {"web1", "db/sql"},
		",sql":                          {"db/sql"},
		"2 of: g:webs | db":             {"web1", "web2", "db"},
		"l:shown":                       {"web1", "db"},
		"*,l:shown":                     {"web1/http", "web2/http", "db/sql"},
		"t:linux,g:pages & !db":         {"web1/http", "web2/http", "db"},
		"r:web[0-9],http":               {"web1/http", "web2/http"},
		"$_HOSTNEED$ of: web1 | web2":   {"web1", "web2"},
		"$HOSTNAME$,sql & web$USER7$":   {"db/sql", "web2"},
		"$_SERVICEWHICH$ | web1 & !db ": nil, // an & beside an |
	} {
		c, r := load(t, "$USER7$=2\n", shop+"define service {\n use s\n host_name db\n service_description shop\n check_command bp_rule!"+
			expression+"\n _WHICH web2\n business_rule_output_template $(x)$\n business_rule_smart_notifications 1\n}\n")
		if want == nil {
			if r.OK() {
				t.Errorf("%q is no mistake", expression)
			}
			continue
		}
		if len(c.Rules) != 1 || !r.OK() {
			t.Errorf("%q: %+v, %v", expression, c.Rules, r.Problems)
			continue
		}
		var got []string
		for _, m := range c.Rules[0].Members {
			got = append(got, nameOf(c, m))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got\n%s", expression, diff)
		}
		if one := c.Rules[0]; nameOf(c, one.Target) != "db/shop" || one.Expression != expression || one.OutputTemplate != "$(x)$" || !one.Smart || one.DowntimeAsAck {
			t.Errorf("%q: %+v", expression, one)
		}
	}
}

func nameOf(c *objects.Config, t objects.Target) string {
	ref := monitor.Ref{Host: c.Hosts[t.Host].Name}
	if t.Service != monitor.None {
		ref.Service = c.Services[t.Service].Description
	}
	return ref.String()
}

func TestARuleDecidesWhatItsMembersAreToldOf(t *testing.T) {
	c := clean(t, "", shop+`
define service {
    use s
    host_name db
    service_description shop
    check_command bp_rule!web1 & web1,http
    business_rule_host_notification_options d
    business_rule_service_notification_options w,r
}
`)
	got := map[string]monitor.Option{}
	for i := range c.Hosts {
		got[c.Hosts[i].Name] = c.Settings[c.Hosts[i].Settings].NotificationOptions
	}
	for i := range c.Services {
		s := &c.Services[i]
		got[c.Hosts[s.Host].Name+"/"+s.Description] = c.Settings[s.Settings].NotificationOptions
	}
	host := monitor.OnDown | monitor.OnUnreachable | monitor.OnRecovery | monitor.OnFlapping | monitor.OnDowntime
	service := monitor.OnWarning | monitor.OnUnknown | monitor.OnCritical | monitor.OnRecovery | monitor.OnFlapping | monitor.OnDowntime
	want := map[string]monitor.Option{
		"web1": monitor.OnDown, "web2": host, "db": host, "web1/http": monitor.OnWarning | monitor.OnRecovery,
		"web2/http": monitor.OnCritical, "db/sql": service, "db/shop": service,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !slices.ContainsFunc(c.HostTags, func(g objects.Group) bool { return g.Name == "linux" && len(g.Members) == 2 }) {
		t.Errorf("hosts by template: %+v", c.HostTags)
	}
}
