package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// tied gives a core of shard 5 with a downtime of gateway that triggers one of web1, which triggers one of web1/http.
func tied(t *testing.T) *core.Core {
	t.Helper()
	c := started(t, elsewhere(t, "host gateway", "host web1 parents=gateway", "service web1/http attempts=1"))
	c.Begin(t0)
	var d core.Decisions
	line := "SCHEDULE_%s;%d;%d;1;%d;0;bob;works"
	start, end := int64(t0/1e9+60), int64(t0/1e9+600)
	obey(t, c, t0, &d, fmt.Sprintf(line, "HOST_DOWNTIME;gateway", start, end, 0))
	obey(t, c, t0, &d, fmt.Sprintf(line, "HOST_DOWNTIME;web1", start, end, numberOf(t, c, "gateway")))
	obey(t, c, t0, &d, fmt.Sprintf(line, "SVC_DOWNTIME;web1;http", start, end, numberOf(t, c, "web1")))
	return c
}

// numberOf gives the number of an object's only downtime.
func numberOf(t *testing.T, c *core.Core, name string) uint64 {
	t.Helper()
	return downtimeOf(t, c, name).ID
}

func downtimeOf(t *testing.T, c *core.Core, name string) monitor.Downtime {
	t.Helper()
	for _, one := range c.Snapshot().Downtimes {
		if one.Ref.String() == name {
			return one
		}
	}
	t.Fatalf("%s has no downtime", name)
	return monitor.Downtime{}
}

func TestTriggersAreRenumberedWhenTheyMoveTogether(t *testing.T) {
	c := started(t, elsewhere(t, "host web1", "service web1/http attempts=1"))
	var d core.Decisions
	c.Import(t0, tied(t).Snapshot(), &d)
	c.Begin(t0)
	if got, want := downtimeOf(t, c, "web1/http").Trigger, numberOf(t, c, "web1"); got != want {
		t.Errorf("the service's downtime is triggered by %d, want %d, the host's", got, want)
	}
	if !logged(&d, "stayed in another shard") || downtimeOf(t, c, "web1").Trigger != 0 {
		t.Errorf("the host's trigger stayed behind: its downtime is %+v, the broks %v", downtimeOf(t, c, "web1"), d.Broks)
	}
	d.Reset()
	c.Tick(t0.Add(time.Minute), &d)
	if host, service := c.Status(0).DowntimeDepth, c.Status(1).DowntimeDepth; host != 1 || service != 1 {
		t.Errorf("at its start the host is in %d downtimes and the service in %d, want 1 and 1", host, service)
	}
}

func TestADowntimeWhoseTriggerLeavesStandsForItself(t *testing.T) {
	c := tied(t)
	var d core.Decisions
	if err := c.Adopt(t0.Add(time.Second), elsewhere(t, "host web1", "service web1/http attempts=1"), &d); err != nil {
		t.Fatal(err)
	}
	if !logged(&d, "stands for itself") || downtimeOf(t, c, "web1").Trigger != 0 || downtimeOf(t, c, "web1/http").Trigger == 0 {
		t.Errorf("the gateway is gone: downtimes %+v, broks %v", c.Snapshot().Downtimes, d.Broks)
	}
	d.Reset()
	c.Tick(t0.Add(time.Minute), &d)
	if host, service := c.Status(0).DowntimeDepth, c.Status(1).DowntimeDepth; host != 1 || service != 1 {
		t.Errorf("at its start the host is in %d downtimes and the service in %d, want 1 and 1", host, service)
	}
}

func logged(d *core.Decisions, part string) bool {
	for _, b := range d.Broks {
		if b.Kind == monitor.BrokLog && strings.Contains(b.Text, part) {
			return true
		}
	}
	return false
}

// Downtimes in effect, acknowledgements that end, downtimes of contacts and escalations by time go on after a restart,
// whatever came due meanwhile.
func TestTheAgendaSurvivesARestart(t *testing.T) {
	inv := elsewhere(t, "contact ada", "contact bob", "host web1", "service web1/http attempts=1 contacts=ada renotify=0",
		"service web1/mail attempts=1 contacts=ada renotify=1h", "service web1/ftp attempts=1",
		"escalation web1/http after=10m contacts=bob", "escalation web1/mail after=40m contacts=bob")
	c := started(t, inv)
	c.Begin(t0)
	var d core.Decisions
	at := func(minutes int64) int64 { return int64(t0)/1e9 + minutes*60 }
	fail := func(service string) {
		c.Submit(t0, []monitor.Submission{{
			Ref: monitor.Ref{Host: "web1", Service: service}, Outcome: monitor.Outcome{State: monitor.Critical},
		}}, &d)
	}
	obey(t, c, t0, &d, fmt.Sprintf("SCHEDULE_SVC_DOWNTIME;web1;ftp;%d;%d;0;0;1200;bob;flexible", at(0), at(5)))
	obey(t, c, t0, &d, fmt.Sprintf("SCHEDULE_CONTACT_DOWNTIME;ada;%d;%d;bob;away", at(15), at(30)))
	fail("http")
	fail("mail")
	fail("ftp")
	obey(t, c, t0, &d, fmt.Sprintf("ACKNOWLEDGE_SVC_PROBLEM_EXPIRE;web1;ftp;2;0;0;%d;bob;soon", at(25)))

	after := started(t, inv)
	after.Restore(c.Snapshot())
	after.Begin(t0.Add(20 * time.Minute))
	var told []string
	step := func(minutes time.Duration) {
		d.Reset()
		after.Tick(t0.Add(minutes*time.Minute), &d)
		for _, b := range d.Broks {
			if b.Kind == monitor.BrokNotification {
				told = append(told, fmt.Sprintf("%dm %s %s", minutes, b.Action.Contact, b.Action.Service))
			}
		}
	}
	step(20)
	ftp := monitor.Ref{Host: "web1", Service: "ftp"}
	status := func() monitor.Status { e, _ := after.Explain(t0, ftp); return e.Status }
	if s := after.Snapshot(); len(s.Downtimes) != 0 || status().DowntimeDepth != 0 {
		t.Errorf("20m after its beginning the downtime of 20m is still there: %+v", s.Downtimes)
	}
	if s := after.Snapshot().ContactDowntimes; len(s) != 1 || s[0].Began == 0 {
		t.Errorf("the contact's downtime has not begun: %+v", s)
	}
	step(25)
	if status().Ack != monitor.AckNone || status().AckUntil != 0 {
		t.Errorf("at its end the acknowledgement is %d until %d", status().Ack, status().AckUntil)
	}
	step(30)
	if s := after.Snapshot(); len(s.ContactDowntimes)+len(s.Comments) != 0 {
		t.Errorf("left at the end: %+v, %+v", s.ContactDowntimes, s.Comments)
	}
	step(40)
	if got, want := fmt.Sprint(told), "[20m bob http 40m bob mail]"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
}
