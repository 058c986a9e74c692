package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// macroWorld is web1 (DOWN for 90 s) with the services http (CRITICAL, hostile output) and ssh, behind gw1.
func macroWorld(t *testing.T) *world {
	w := newWorld()
	for _, line := range []string{
		"period office monday 09:00-17:00", "contact ada", "host gw1", "host web1 parents=gw1 attempts=1",
		"service web1/http attempts=1 contacts=ada", "service web1/ssh", "hostgroup www web1 gw1", "hostgroup all gw1 web1",
	} {
		w.define(t, line)
	}
	host, service := &w.inv.Hosts[1], &w.services[0]
	host.Alias, host.Vars = "the web", []monitor.Var{{Name: "SNMP", Value: "public"}, {Name: "LOOP", Value: "<$_HOSTLOOP$>"}}
	service.Extra = &monitor.ServiceExtra{Vars: []monitor.Var{{Name: "PORT", Value: "80$USER5$"}}}
	w.inv.Args = [][]string{nil, {"$HOSTNAME$!", "two"}}
	service.Check.Args = 1
	w.inv.ContactGroups = []monitor.ContactGroup{{Name: "admins", Alias: "Admins", Members: []uint32{0}}}
	w.inv.Contacts[0].Addresses = []string{"tel:1"}
	w.inv.Macros["SITE"] = "berlin"
	w.inv.HostGroups[0].Alias = "The Web"
	return w
}

// expand gives the line that the service web1/http is checked with, 100 s after the beginning.
func expand(t *testing.T, template string) string {
	w := macroWorld(t)
	w.inv.Commands[0].Line = template
	c, d := prepared(t, w)
	job := demand(t, c, monitor.Ref{Host: "web1", Service: "http"}, t0.Add(100*time.Second), d)
	return string(job.Line)
}

func prepared(t *testing.T, w *world) (*core.Core, *core.Decisions) {
	c := started(t, w.inventory())
	c.Begin(t0)
	d := new(core.Decisions)
	c.Submit(t0.Add(10*time.Second), []monitor.Submission{
		{Ref: monitor.Ref{Host: "gw1"}},
		{Ref: monitor.Ref{Host: "web1", Service: "http"}, Source: "sender", Outcome: monitor.Outcome{
			State: monitor.Critical, Output: "x `touch /tmp/x`; $USER5$ ok", LongOutput: "a\nb", Perfdata: "t=1s;2",
		}},
		{Ref: monitor.Ref{Host: "web1"}, Outcome: monitor.Outcome{State: monitor.Down, Output: "lost"}},
	}, d)
	return c, d
}

// demand has an object checked and gives the job.
func demand(t *testing.T, c *core.Core, ref monitor.Ref, now monitor.Time, d *core.Decisions) monitor.Job {
	t.Helper()
	d.Reset()
	s := &script{t: t, inv: c.Inventory(), core: c, now: now, jobs: map[monitor.ID]monitor.Job{}, quiet: monitor.NoID}
	id := s.find(ref.String())
	s.force(id)
	return s.jobs[id]
}

func TestMacros(t *testing.T) {
	for _, tt := range []struct{ template, want string }{
		{"$USER1$/check -H $HOSTADDRESS$", "/plugins/check -H 127.0.0.2"},
		{"$ARG1$ $ARG2$ [$ARG3$]", "web1! two []"},
		{"$HOSTNAME$ $HOSTALIAS$ $HOSTDISPLAYNAME$ $SERVICEDESC$", "web1 'the web' web1 http"},
		{"$HOSTSTATE$ $HOSTSTATEID$ $HOSTSTATETYPE$ $HOSTATTEMPT$/$MAXHOSTATTEMPTS$", "DOWN 1 HARD 1/1"},
		{"$SERVICESTATE$ $SERVICESTATEID$ $LASTSERVICESTATE$ $LASTSERVICESTATEID$", "CRITICAL 2 OK 0"},
		{"$HOSTDURATION$ $HOSTDURATIONSEC$", "'0d 0h 1m 30s' 90"},
		{"$LASTHOSTCHECK$ $LASTHOSTSTATECHANGE$ $LASTHOSTDOWN$ $LASTHOSTUP$", "1767571210 1767571210 1767571210 0"},
		{"$SERVICEOUTPUT$", "'x touch /tmp/x: USER5 ok'"},
		{"$LONGSERVICEOUTPUT$ $SERVICEPERFDATA$", `'a\nb' 't=1s;2'`},
		{"$SERVICECHECKCOMMAND$", "'check!$HOSTNAME$!!two'"},
		{"$_HOSTSNMP$ $_HOSTNOTHING$ $_SERVICEPORT$ $_HOSTLOOP$", "public $_HOSTNOTHING$ 80geheim <$_HOSTLOOP$>"},
		{"$HOSTGROUPNAME$ $HOSTGROUPNAMES$", "www 'www,all'"},
		{"$TOTALHOSTSERVICES$ $TOTALHOSTSERVICESCRITICAL$ $TOTALHOSTSERVICESOK$", "2 1 1"},
		{"$HOSTSTATE:gw1$ $HOSTSTATE:web1$ $HOSTSTATE:nobody$", "UP DOWN $HOSTSTATE:nobody$"},
		{"$SERVICESTATEID:web1:ssh$ $SERVICESTATE::http$", "0 CRITICAL"},
		{"$HOSTSTATEID:www:,$ $HOSTNAME:all:+$", "1,0 gw1+web1"},
		{"$CONTACTEMAIL:ada$ $CONTACTNAME$.", "ada@example.org ''."},
		{"$TIMET$ $PROCESSSTARTTIME$", "1767571300 1767571200"},
		{"$ISVALIDTIME:office$ $ISVALIDTIME:office:1767603600$ $NEXTVALIDTIME:office$", "0 1 1767603600"},
		{"$SITE$ $NOSUCH$ 5$ $$", "berlin $NOSUCH$ 5$ $"},
		{"$NOTIFICATIONTYPE$.$SERVICEACKAUTHOR$.", "''.."},
		{"$HOSTEVENTID$ $HOSTPROBLEMID$ $LASTHOSTEVENTID$ $LASTHOSTPROBLEMID$", "51 67 0 0"},
		{"$SERVICELATENCY$ $SERVICEEXECUTIONTIME$ $SERVICEPERCENTCHANGE$", "0.000 0.000 6.25"},
		{"$SERVICECHECKTYPE$ $SERVICECHECKSOURCE$ $SERVICEISVOLATILE$", "PASSIVE sender 0"},
		{"$HOSTDOWNTIME$ $SERVICENOTIFICATIONENABLED$ $SERVICENOTIFICATIONNUMBER$", "0 YES 1"},
		{"[$HOSTNOTES$$HOSTNOTESURL$$SERVICEACTIONURL$] $HOSTBUSINESSIMPACT$", "[] 0"},
		{"$SERVICESTATETYPE$ $SERVICEATTEMPT$ $LASTSERVICECRITICAL$ $LASTSERVICEOK$", "HARD 1 1767571210 0"},
		{"[$SERVICEGROUPNAMES$] $HOSTGROUPALIAS$", "[] 'The Web'"},
		{"$SERVICEDISPLAYNAME$ $SERVICENOTES$.", "http ''."},
	} {
		if got := expand(t, tt.template); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.template, got, tt.want)
		}
	}
}

// A host's command has no service: its macros are empty rather than left to a shell.
func TestServiceMacrosOfAHostAreEmpty(t *testing.T) {
	w := macroWorld(t)
	w.inv.Commands[0].Line = "$HOSTNAME$[$SERVICEDESC$$SERVICESTATE$$LONGSERVICEOUTPUT$]"
	c, d := prepared(t, w)
	if got := string(demand(t, c, monitor.Ref{Host: "web1"}, t0.Add(time.Minute), d).Line); got != "web1[]" {
		t.Errorf("got %s, want web1[]", got)
	}
}

func TestNotificationMacros(t *testing.T) {
	w := macroWorld(t)
	w.inv.Commands[1].Line = "$NOTIFICATIONTYPE$ $NOTIFICATIONNUMBER$ $CONTACTNAME$ $CONTACTEMAIL$ $CONTACTADDRESS1$ " +
		"$CONTACTGROUPNAMES$ $NOTIFICATIONRECIPIENTS$ $SERVICEOUTPUT$ $SERVICENOTIFICATIONNUMBER$"
	c, d := prepared(t, w)
	var line string
	for _, b := range d.Broks {
		if b.Action != nil {
			line = b.Action.Line
		}
	}
	want := "PROBLEM 1 ada ada@example.org tel:1 admins ada 'x touch /tmp/x: USER5 ok' 1"
	if line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
	_ = c
}

// What the explanation shows goes to people: it must not give secrets of the resource file away.
func TestExplainHidesSecrets(t *testing.T) {
	w := macroWorld(t)
	w.inv.Commands[0].Line = "$USER1$/check -C $USER5$ -p $_SERVICEPORT$ $_HOSTSNMPCOMMUNITY$ $_HOSTSNMPCOMMUNITY:web1$"
	for i := range w.inv.Hosts {
		w.inv.Hosts[i].Vars = append(w.inv.Hosts[i].Vars, monitor.Var{Name: "SNMPCOMMUNITY", Value: "geheim"})
	}
	c, d := prepared(t, w)
	e, ok := c.Explain(t0.Add(time.Minute), monitor.Ref{Host: "web1", Service: "http"})
	if want := "/plugins/check -C *** -p 80*** *** ***"; !ok || e.Line != want {
		t.Errorf("line %q, want %q", e.Line, want)
	}
	job := demand(t, c, monitor.Ref{Host: "web1", Service: "http"}, t0.Add(2*time.Minute), d)
	if !strings.Contains(string(job.Line), "geheim") {
		t.Errorf("the job's line is masked too: %s", job.Line)
	}
}
