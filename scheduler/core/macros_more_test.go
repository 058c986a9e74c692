package core_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// expandIn gives the line that web1/http of macroWorld is checked with, 100 s after the beginning, after a change of the
// configuration.
func expandIn(t *testing.T, template string, change func(*world)) monitor.Job {
	t.Helper()
	w := macroWorld(t)
	w.inv.Commands[0].Line = template
	change(w)
	c, d := prepared(t, w)
	return demand(t, c, monitor.Ref{Host: "web1", Service: "http"}, t0.Add(100*time.Second), d)
}

func TestGroupsHaveTheirMacros(t *testing.T) {
	change := func(w *world) {
		g := &w.inv.HostGroups[0]
		g.Notes, g.NotesURL, g.ActionURL = "of $HOSTNAME$", "http://n/", "http://a/"
		g.AllMembers, g.AllAddresses = "elsewhere,gw1,web1", "::1,127.0.0.1,127.0.0.2"
		w.inv.ServiceGroups = []monitor.Group{{Name: "web", Alias: "Web", Members: []monitor.ID{2, 3}}}
	}
	for _, tt := range []struct{ template, want string }{
		{"$HOSTGROUPNOTES$ $HOSTGROUPNOTESURL$ $HOSTGROUPACTIONURL$", "'of web1' http://n/ http://a/"},
		{`"$HOSTGROUPMEMBERS$" "$HOSTGROUPMEMBERADDRESSES:www$"`, `"elsewhere,gw1,web1" "::1,127.0.0.1,127.0.0.2"`},
		{"$HOSTGROUPALIAS:all$ $HOSTGROUPALIAS:www$ $HOSTGROUPALIAS:none$", "'' 'The Web' $HOSTGROUPALIAS:none$"},
		{"$SERVICEGROUPNAMES$ $SERVICEGROUPALIAS:web$ $SERVICESTATE:web:/$", "web Web CRITICAL/OK"},
		{"$HOSTSTATE:www: $ $_HOSTSNMP:www:,$", "DOWN UP public"},
		{"$CONTACTEMAIL:admins:,$ $CONTACTGROUPMEMBERS:admins$ $CONTACTGROUPALIAS:admins$", "ada@example.org ada Admins"},
		{"$TOTALHOSTSERVICES:gw1$ $HOSTGROUPNAMES:gw1$", "0 'www,all'"},
	} {
		if got := string(expandIn(t, tt.template, change).Line); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.template, got, tt.want)
		}
	}
}

func TestTimesFollowTheConfiguredZoneAndFormat(t *testing.T) {
	for format, want := range map[string]string{
		"":               "01-05-2026|01-05-2026 01:01:40|01:01:40|Mon Jan 5 01:01:40 CET 2026",
		"us":             "01-05-2026|01-05-2026 01:01:40|01:01:40|Mon Jan 5 01:01:40 CET 2026",
		"euro":           "05-01-2026|05-01-2026 01:01:40|01:01:40|Mon Jan 5 01:01:40 CET 2026",
		"iso8601":        "2026-01-05|2026-01-05 01:01:40|01:01:40|Mon Jan 5 01:01:40 CET 2026",
		"strict-iso8601": "2026-01-05|2026-01-05T01:01:40|01:01:40|Mon Jan 5 01:01:40 CET 2026",
	} {
		job := expandIn(t, `"$DATE$|$SHORTDATETIME$|$TIME$|$LONGDATETIME$"`, func(w *world) {
			w.inv.Options.DateFormat, w.inv.Options.Zone = format, "Europe/Berlin"
		})
		if got := string(job.Line); got != `"`+want+`"` {
			t.Errorf("%s: got %s, want %s", format, got, want)
		}
	}
}

func TestMacrosOfTheWholeObject(t *testing.T) {
	change := func(w *world) {
		for i := range w.inv.Policies {
			w.inv.Policies[i].Importance, w.inv.Policies[i].RealmName = uint32(10*i), "Europe"
		}
		w.inv.Options.WebsiteURL = "http://nagios"
		w.services[0].Description = "ht tp"
	}
	job := func(template string) string {
		w := macroWorld(t)
		w.inv.Commands[0].Line = template
		change(w)
		c, d := prepared(t, w)
		return string(demand(t, c, monitor.Ref{Host: "web1", Service: "ht tp"}, t0.Add(time.Minute), d).Line)
	}
	for _, tt := range []struct{ template, want string }{
		{"$HOSTIMPORTANCE$ $HOSTANDSERVICESIMPORTANCE$ $HOSTREALM$", "10 60 Europe"},
		{`"$HOSTINFOURL$"`, `"http://nagios/cgi-bin/extinfo.cgi?type=1&host=web1"`},
		{`"$SERVICEINFOURL$"`, `"http://nagios/cgi-bin/extinfo.cgi?type=2&host=web1&service=ht+tp"`},
	} {
		if got := job(tt.template); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.template, got, tt.want)
		}
	}
}

func TestTheLastPerfdataIsThatOfTheResultBefore(t *testing.T) {
	w := macroWorld(t)
	w.inv.Commands[0].Line = "x $SERVICEPERFDATA$ $LASTSERVICEPERFDATA$"
	c, d := prepared(t, w)
	ref := monitor.Ref{Host: "web1", Service: "http"}
	c.Submit(t0.Add(20*time.Second), []monitor.Submission{{Ref: ref, Outcome: monitor.Outcome{Perfdata: "t=9s"}}}, d)
	if got := string(demand(t, c, ref, t0.Add(time.Minute), d).Line); got != "x 't=9s' 't=1s;2'" {
		t.Errorf("got %s", got)
	}
}

func TestAMacroModulationReplacesVariablesInItsPeriod(t *testing.T) {
	change := func(period string) func(*world) {
		return func(w *world) {
			w.inv.MacroModulations = []monitor.MacroModulation{
				{Name: "other", Period: monitor.None, Vars: []monitor.Var{{Name: "ELSE", Value: "x"}}},
				{Name: "night", Period: w.period(period), Vars: []monitor.Var{{Name: "PORT", Value: "8080 -x"}}},
			}
			w.inv.Policies[w.services[0].Policy].MacroModulations = []uint32{0, 1}
		}
	}
	if got := string(expandIn(t, "$_SERVICEPORT$", change("")).Line); got != "8080 -x" {
		t.Errorf("always: got %s", got)
	}
	if got := string(expandIn(t, "$_SERVICEPORT$", change("office")).Line); got != "80geheim" { // it is night
		t.Errorf("outside of its period: got %s", got)
	}
}

// What is said to be dangerous elsewhere: the output of web1/http and its performance data.
func TestAnOutputInACommandLineStaysAnOutput(t *testing.T) {
	w := macroWorld(t)
	w.inv.Options.IllegalMacroOutputChars = ""
	w.inv.Commands[1].Line = `notify $SERVICEOUTPUT$ "$SERVICEPERFDATA$" '$SERVICEOUTPUT$' -t $SERVICEPERFDATA$`
	_, d := prepared(t, w)
	i := slices.IndexFunc(d.Broks, func(b monitor.Brok) bool { return b.Action != nil })
	got, err := cmdline.Words(d.Broks[i].Action.Line)
	output := "x `touch /tmp/x`: $USER5$ ok"
	if diff := cmp.Diff([]string{"notify", output, "t=1s;2", output, "-t", "t=1s;2"}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestANotificationKnowsItsID(t *testing.T) {
	w := macroWorld(t)
	w.inv.Commands[1].Line = "notify $NOTIFICATIONID$ $SERVICENOTIFICATIONID$"
	_, d := prepared(t, w)
	i := slices.IndexFunc(d.Broks, func(b monitor.Brok) bool { return b.Action != nil })
	if a := d.Broks[i].Action; a.Line != "notify "+a.ID+" "+a.ID || a.ID == "" {
		t.Errorf("line %q, id %q", a.Line, a.ID)
	}
}

func TestEnvironmentMacrosAreThereIfTheyAreAskedFor(t *testing.T) {
	if env := expandIn(t, "check", func(*world) {}).Env; env != nil {
		t.Errorf("not asked for: got %q", env)
	}
	w := macroWorld(t)
	w.inv.Options.EnvironmentMacros = true
	more := w.services[0].More()
	more.Vars = append(more.Vars, monitor.Var{Name: "LONG", Value: strings.Repeat("é", 10_000)})
	w.services[0].Extra = &more
	c, d := prepared(t, w)
	i := slices.IndexFunc(d.Broks, func(b monitor.Brok) bool { return b.Action != nil })
	action := d.Broks[i].Action
	job := demand(t, c, monitor.Ref{Host: "web1", Service: "http"}, t0.Add(time.Minute), d)
	for _, tt := range []struct {
		env  []string
		want string
	}{
		{job.Env, "NAGIOS_HOSTNAME=web1"},
		{job.Env, "NAGIOS_HOSTALIAS=the web"},
		{job.Env, "NAGIOS_SERVICEOUTPUT=x touch /tmp/x: USER5 ok"},
		{job.Env, "NAGIOS_CONTACTNAME="},
		{job.Env, "NAGIOS_ARG1=web1!"},
		{job.Env, "NAGIOS_ARG2=two"},
		{job.Env, "NAGIOS__HOSTSNMP=public"},
		{job.Env, "NAGIOS__SERVICEPORT=80$USER5$"}, // no secret of a resource file
		{job.Env, "NAGIOS_TOTALHOSTSERVICES=2"},
		{action.Env, "NAGIOS_CONTACTNAME=ada"},
		{action.Env, "NAGIOS_CONTACTADDRESS1=tel:1"},
		{action.Env, "NAGIOS_NOTIFICATIONTYPE=PROBLEM"},
		{action.Env, "NAGIOS_NOTIFICATIONID=" + action.ID},
	} {
		if !slices.Contains(tt.env, tt.want) {
			t.Errorf("no %s in %q", tt.want, tt.env)
		}
	}
	for _, v := range job.Env {
		if len(v) > 9<<10 || strings.Contains(v, "geheim") || strings.HasPrefix(v, "NAGIOS_USER") || strings.ContainsRune(v, '\uFFFD') {
			t.Errorf("got %.40s, %d bytes", v, len(v))
		}
	}
}
