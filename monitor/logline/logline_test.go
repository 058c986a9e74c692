package logline_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

// testdata/lines.txt has lines as nagios4 4.4.6 logged them, and at its end some of others, each followed by what it says.
func TestWhatLinesSay(t *testing.T) {
	text, err := os.ReadFile("testdata/lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "  ") {
			continue
		}
		l := logline.Parse(line)
		if l.Message != line || l.Type != line && l.Type+":"+strings.Repeat(" ", len(line)-len(l.Type)-1-len(l.Options))+l.Options != line {
			t.Errorf("%q is divided into %q and %q", line, l.Type, l.Options)
		}
		fmt.Fprintf(&got, "%s\n  %s\n", line, said(&l))
	}
	if diff := cmp.Diff(string(text), got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// said gives the fields of a line that say something.
func said(l *logline.Line) string {
	words := []string{[]string{"info", "alert", "program", "notification", "passive", "command", "state", "text"}[l.Class]}
	for _, f := range []struct{ name, value string }{
		{"host", l.Host},
		{"service", l.Service},
		{"contact", l.Contact},
		{"command", l.Command},
		{"type", l.StateType},
		{"state", fmt.Sprint(l.State)},
		{"attempt", fmt.Sprint(l.Attempt)},
		{"output", l.Output},
		{"comment", l.Comment},
	} {
		if f.value != "" && f.value != "0" {
			words = append(words, fmt.Sprintf("%s=%q", f.name, f.value))
		}
	}
	return strings.Join(words, " ")
}

func TestBroksThatAreLines(t *testing.T) {
	disk := monitor.Ref{Host: "web", Service: "disk"}
	for _, c := range []struct {
		name string
		brok monitor.Brok
		want string
	}{
		{
			"an alert",
			monitor.Brok{Kind: monitor.BrokAlert, Text: "SERVICE ALERT: web;disk;CRITICAL;HARD;3;full; very", Status: &monitor.Status{Ref: disk, Output: "full; very"}},
			`alert host="web" service="disk" type="HARD" state="2" attempt="3" output="full; very"`,
		},
		{
			"a notification with a semicolon in its output",
			monitor.Brok{
				Kind: monitor.BrokNotification, Text: "SERVICE NOTIFICATION: ann;web;disk;ACKNOWLEDGEMENT (CRITICAL);mail;a; b;me;see; it",
				Action: &monitor.Action{Notice: &monitor.Notice{Output: "a; b", Comment: "see; it"}},
			},
			`notification host="web" service="disk" contact="ann" command="mail" type="ACKNOWLEDGEMENT (CRITICAL)" state="2" output="a; b" comment="see; it"`,
		},
		{
			"a command, without its time",
			monitor.Brok{Kind: monitor.BrokCommand, Shard: 3, Text: "EXTERNAL COMMAND: [17] ADD_HOST_COMMENT;web;1;me;a] b"},
			`command host="web"`,
		},
		{
			"a command to everybody",
			monitor.Brok{Kind: monitor.BrokCommand, Text: "EXTERNAL COMMAND: [17] DEL_HOST_COMMENT;4: refused: there is no comment 4"},
			"command",
		},
		{
			"its part in another shard",
			monitor.Brok{Kind: monitor.BrokCommand, Shard: 1, Text: "EXTERNAL COMMAND: [17] DEL_HOST_COMMENT;4"},
			"",
		},
		{
			"an acknowledgement",
			monitor.Brok{Kind: monitor.BrokComment, Time: 5e9, Comment: &monitor.Comment{Ref: disk, Kind: monitor.CommentAck, Author: "me", Text: "I\nlook", Entered: 5e9}},
			`alert host="web" service="disk" contact="me" type="STARTED" comment="I look"`,
		},
		{
			"one that came from another shard",
			monitor.Brok{Kind: monitor.BrokComment, Time: 50e9, Comment: &monitor.Comment{Ref: disk, Kind: monitor.CommentAck, Entered: 5e9}},
			"",
		},
		{"another comment", monitor.Brok{Kind: monitor.BrokComment, Comment: &monitor.Comment{Ref: disk, Kind: monitor.CommentUser}}, ""},
		{"the end of an acknowledgement", monitor.Brok{Kind: monitor.BrokAck, Status: &monitor.Status{Ref: disk}}, `alert host="web" service="disk" type="CANCELLED"`},
		{"its beginning", monitor.Brok{Kind: monitor.BrokAck, Status: &monitor.Status{Ref: disk, Ack: monitor.AckSticky}}, ""},
		{"a mere state", monitor.Brok{Kind: monitor.BrokState, Status: &monitor.Status{Ref: disk}}, ""},
		{"a check", (&monitor.Check{Ref: disk}).Brok(), ""},
	} {
		got := ""
		if l, ok := logline.Of(&c.brok); ok {
			got = said(&l)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// What an attacker has a check say is one line in every log.
func TestALineIsOne(t *testing.T) {
	l, _ := logline.Of(&monitor.Brok{Kind: monitor.BrokAlert, Text: "HOST ALERT: h;DOWN;HARD;1;a\nHOST ALERT: h;UP;HARD;1;b\x1b[0m\u0085", Status: &monitor.Status{Output: "a\n"}})
	if strings.ContainsAny(l.Message+l.Output, "\n\r\x1b\u0085") {
		t.Errorf("%q", l.Message)
	}
}
