package core_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
)

// sample gives a value for each argument that a command may have.
var sample = map[string]string{
	"host": "web1", "service": "http", "hostgroup": "www", "servicegroup": "webs", "contact": "ada", "contactgroup": "admins",
	"time": "1767571300", "start_time": "1767571300", "end_time": "1767571400", "fixed": "1", "trigger_id": "0",
	"duration": "100", "author": "bob", "comment": "text", "persistent": "1", "sticky": "2", "notify": "1",
	"command": "notify!x", "timeperiod": "work", "interval": "3", "attempts": "4", "variable": "_RACK", "value": "r1",
	"attributes": "1", "father": "gw1", "text": "a line", "options": "2", "number": "3", "id": "99", "status": "1", "return_code": "1",
	"output": "text", "by_host": "web1", "by_service": "http", "by_hostgroup": "www",
}

// cannot are the commands that an owner of a shard refuses, with a word of the reason.
var cannot = map[string]string{
	"ADD_SIMPLE_HOST_DEPENDENCY":           "hostdependency",
	"DEL_HOST_DEPENDENCY":                  "hostdependency",
	"CHANGE_HOST_EVENT_HANDLER_TIMEPERIOD": "no time period",
	"CHANGE_SVC_EVENT_HANDLER_TIMEPERIOD":  "no time period",
	"DEL_HOST_COMMENT":                     "no such comment",
	"DEL_SVC_COMMENT":                      "no such comment",
	"DEL_HOST_DOWNTIME":                    "no downtime",
	"DEL_SVC_DOWNTIME":                     "no downtime",
	"DEL_CONTACT_DOWNTIME":                 "no contact has",
	"DEL_ALL_HOST_DOWNTIMES":               "no downtime",
	"DEL_ALL_SVC_DOWNTIMES":                "no downtime",
	"DEL_DOWNTIME_BY_HOST_NAME":            "no downtime",
	"DEL_DOWNTIME_BY_HOSTGROUP_NAME":       "no downtime",
	"DEL_DOWNTIME_BY_START_TIME_COMMENT":   "no downtime",
	"REMOVE_HOST_ACKNOWLEDGEMENT":          "not acknowledged",
	"REMOVE_SVC_ACKNOWLEDGEMENT":           "not acknowledged",
	"LAUNCH_HOST_EVENT_HANDLER":            "no event_handler",
	"LAUNCH_SVC_EVENT_HANDLER":             "no event_handler",
}

// Every command of Nagios, Naemon and Shinken that is for the owner of a shard is carried out, or refused with a reason.
func TestEveryCommandActsOrSaysWhyNot(t *testing.T) {
	tried := 0
	for name := range command.Names() {
		meant, _ := command.Lookup(name)
		if meant.Scope == command.ScopeEngine && name != "LOG" {
			continue // the receiver's
		}
		tried++
		c, d := sampleCore(t)
		line := sampleLine(t, name)
		req, err := command.Parse(line, t0)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Obey(t0, req, d)
		switch why := cannot[req.Name]; {
		case why == "" && err != nil:
			t.Errorf("%s: %v", line, err)
		case why != "" && (err == nil || !strings.Contains(err.Error(), why)):
			t.Errorf("%s: %v, want a refusal that says %q", line, err, why)
		}
		if len(d.Broks) == 0 || d.Broks[0].Kind != monitor.BrokCommand {
			t.Errorf("%s: the first brok does not tell of the command", line)
		}
		if err == nil && len(d.Broks) == 1 && !idle(name) {
			t.Errorf("%s changed nothing", line)
		}
	}
	if tried < 170 {
		t.Errorf("only %d commands were tried", tried)
	}
}

// idle says which commands find nothing to do in the sample: no comments, no hosts behind the host, nobody to tell of it.
func idle(name string) bool {
	for _, part := range []string{"FAILURE_PREDICTION", "DEL_ALL_", "_BEYOND_HOST", "SEND_CUSTOM_HOST"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// sampleCore has a host and a service in trouble, both in groups.
func sampleCore(t *testing.T) (*core.Core, *core.Decisions) {
	w := macroWorld(t)
	w.inv.HostGroups[0].Name = "www"
	w.define(t, "period work monday 09:00-17:00")
	inv := w.inventory()
	inv.ServiceGroups = []monitor.Group{{Name: "webs", Members: []monitor.ID{monitor.ID(len(inv.Hosts))}}}
	c := started(t, inv)
	c.Begin(t0)
	d := new(core.Decisions)
	c.Submit(t0, []monitor.Submission{
		{Ref: monitor.Ref{Host: "web1"}, Outcome: monitor.Outcome{State: monitor.Down}},
		{Ref: monitor.Ref{Host: "web1", Service: "http"}, Outcome: monitor.Outcome{State: monitor.Critical}},
	}, d)
	d.Reset()
	return c, d
}

func sampleLine(t *testing.T, name string) string {
	c, ok := command.Lookup(name)
	if !ok {
		t.Fatalf("no command %s", name)
	}
	line := c.Name
	for _, a := range c.Arguments {
		value, ok := sample[a.Name]
		if !ok {
			t.Fatalf("%s: no sample for argument %s", name, a.Name)
		}
		line += ";" + value
	}
	return line
}

// What nobody knows is refused by name, and leaves no trace but the brok that says so.
func TestTheRestIsRefused(t *testing.T) {
	c, d := sampleCore(t)
	err := c.Obey(t0, command.Request{Name: "PAINT_HOST_GREEN", Ref: monitor.Ref{Host: "web1"}}, d)
	if err == nil || !strings.Contains(err.Error(), "PAINT_HOST_GREEN is not known here") {
		t.Errorf("got %v, want that it is not known here", err)
	}
	if len(d.Broks) != 1 || !strings.Contains(d.Broks[0].Text, "refused") {
		t.Errorf("broks %v, want one that says refused", d.Broks)
	}
}

func TestNewSaysWhatIsWrongWithAnInventory(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*monitor.Inventory)
		want   string
	}{
		{"a timeperiod", func(inv *monitor.Inventory) {
			inv.Timeperiods = []monitor.Timeperiod{{Name: "odd", Ranges: []string{"someday 25:00"}}}
		}, "odd"},
		{"services that are not sorted", func(inv *monitor.Inventory) {
			inv.Services[0].Host = 1
		}, "not sorted"},
		{"a parent", func(inv *monitor.Inventory) { inv.Hosts[1].Parents = []monitor.ID{9} }, "parent 9"},
		{"a policy", func(inv *monitor.Inventory) { inv.Hosts[1].Policy = 9 }, "policy 9"},
		{"a command", func(inv *monitor.Inventory) { inv.Hosts[1].Check.Command = 9 }, "command 9"},
		{"a check period", func(inv *monitor.Inventory) { inv.Policies[0].CheckPeriod = 9 }, "timeperiod 9"},
		{"a contact's command", func(inv *monitor.Inventory) {
			way := monitor.Way{Period: monitor.None, Commands: []monitor.Call{{Command: 9}}}
			inv.Contacts = []monitor.Contact{{Name: "ada", Host: way, Service: way}}
		}, "ada: command 9"},
		{"a contact", func(inv *monitor.Inventory) { inv.Policies[0].Contacts = []uint32{9} }, "contact 9"},
		{"a way's command", func(inv *monitor.Inventory) {
			own := monitor.Way{Period: monitor.None}
			other := monitor.Way{Period: monitor.None, Commands: []monitor.Call{{Command: 9}}}
			inv.Contacts = []monitor.Contact{{Name: "ada", Host: own, Service: own, Ways: []monitor.NotificationWay{{Host: own, Service: other}}}}
		}, "ada: command 9"},
		{"an escalation's contact", func(inv *monitor.Inventory) {
			inv.Escalations = []monitor.Escalation{{Period: monitor.None, Contacts: []uint32{9}}}
		}, "escalation 0: contact 9"},
		{"an escalation's period", func(inv *monitor.Inventory) { inv.Escalations = []monitor.Escalation{{Period: 9}} }, "timeperiod 9"},
		{"an object's escalation", func(inv *monitor.Inventory) {
			inv.Escalated = []monitor.Escalated{{Object: 0, Escalations: []uint32{9}}}
		}, "escalation 9"},
		{"escalations that are not sorted", func(inv *monitor.Inventory) {
			inv.Escalated = []monitor.Escalated{{Object: 1}, {Object: 0}}
		}, "not sorted"},
	} {
		inv := fleet(2)
		tt.change(inv)
		_, err := core.New(inv, 1, core.Seed{Start: t0})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error with %q", tt.name, err, tt.want)
		}
	}
}

func TestWhatACommandDoesSaysWhoGaveIt(t *testing.T) {
	c, d := sampleCore(t)
	for _, name := range []string{"SCHEDULE_SVC_DOWNTIME", "DEL_ALL_SVC_DOWNTIMES", "DISABLE_SVC_NOTIFICATIONS"} {
		d.Reset()
		line := strings.ReplaceAll(sampleLine(t, name), sample["start_time"], fmt.Sprint(int64(t0.Unix())))
		req, err := command.Parse(line, t0)
		if err != nil {
			t.Fatal(err)
		}
		req.Source = "web anna"
		if err := c.Obey(t0, req, d); err != nil {
			t.Fatal(err)
		}
		for _, b := range d.Broks {
			switch b.Kind {
			case monitor.BrokCommand, monitor.BrokLog, monitor.BrokDowntimeGone, monitor.BrokCommentGone:
				if b.By != "web anna" {
					t.Errorf("%s: %d %q is by %q", name, b.Kind, b.Text, b.By)
				}
			default:
				if b.By != "" {
					t.Errorf("%s: %d %q is by %q", name, b.Kind, b.Text, b.By)
				}
			}
		}
	}
}

// The text of a command may end with words that look like a refusal; the answer is what its giver was told.
func TestACommandsAnswerIsNotWhatACommentSays(t *testing.T) {
	c, d := sampleCore(t)
	done := sampleLine(t, "ADD_SVC_COMMENT") + ": refused: nobody may"
	for line, want := range map[string]string{
		done:                              monitor.AnswerDone,
		"ADD_HOST_COMMENT;nowhere;1;me;x": monitor.AnswerRefused + `there is no host "nowhere"`,
	} {
		d.Reset()
		req, err := command.Parse(line, t0)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Obey(t0, req, d); (err == nil) != (line == done) {
			t.Fatal(err)
		}
		for _, b := range d.Broks {
			if b.Kind == monitor.BrokCommand && b.Answer != want || b.Kind != monitor.BrokCommand && b.Answer != "" {
				t.Errorf("%s: %d has the answer %q, want %q", line, b.Kind, b.Answer, want)
			}
		}
		if len(d.Broks) == 0 || d.Broks[0].Kind != monitor.BrokCommand {
			t.Errorf("%s: there is no such brok", line)
		}
	}
}
