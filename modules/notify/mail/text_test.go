package mail

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
)

// What people read at night: one file for each type, host and service one after the other.
func TestTexts(t *testing.T) {
	for _, kind := range []string{
		"PROBLEM", "RECOVERY", "ACKNOWLEDGEMENT", "FLAPPINGSTART", "FLAPPINGSTOP", "FLAPPINGDISABLED",
		"DOWNTIMESTART", "DOWNTIMEEND", "DOWNTIMECANCELLED", "CUSTOM",
	} {
		var got strings.Builder
		for _, service := range []string{"", "mysql"} {
			a := sample(kind, service)
			got.WriteString("Subject: " + subject(a) + "\n\n" + body(a, service != "" && kind == "PROBLEM") + "--\n")
		}
		golden(t, filepath.Join("testdata", strings.ToLower(kind)+".txt"), got.String())
	}
	bare := &monitor.Action{Ref: monitor.Ref{Host: "gw"}, Notice: &monitor.Notice{Type: "PROBLEM", State: monitor.Down}}
	golden(t, filepath.Join("testdata", "bare.txt"), "Subject: "+subject(bare)+"\n\n"+body(bare, false))
}

// sample is a notification with everything that one of its type can have.
func sample(kind, service string) *monitor.Action {
	at := monitor.At(time.Date(2026, 3, 1, 2, 17, 5, 0, time.UTC))
	n := &monitor.Notice{
		Type: kind, Number: 3, Problem: 77, State: monitor.Down, StateType: monitor.Hard, Attempt: 3, MaxAttempts: 3,
		Since: at.Add(-64*time.Minute - 12*time.Second), HostState: monitor.Down, HostAlias: "Main database", Address: "192.0.2.5",
		Output: "CRITICAL - 192.0.2.5: rta nan, lost 100%", LongOutput: "first of more lines\nsecond\n", Perfdata: "rta=0",
		NotesURL: "https://wiki.example.org/db1", ActionURL: "https://graphs.example.org/db1",
	}
	if service != "" {
		n.State, n.HostState, n.Output = monitor.Critical, monitor.Up, "connection refused"
	}
	switch kind {
	case "PROBLEM":
		n.Impacts, n.Escalated = 12, true
		if service != "" {
			n.Impacts, n.Since = 1, at.Add(-2*time.Minute)
		}
	case "RECOVERY":
		n.State, n.HostState, n.Output, n.Since = monitor.OK, monitor.Up, "OK - all is well", at.Add(-2*time.Second)
		if service == "" {
			n.State = monitor.Up
		}
	case "ACKNOWLEDGEMENT", "CUSTOM", "DOWNTIMESTART", "DOWNTIMEEND", "DOWNTIMECANCELLED":
		n.Number, n.Author, n.Comment = 0, "bob", "the disk is being replaced"
		if service != "" && kind == "CUSTOM" {
			n.Author, n.Comment = "", ""
		}
	}
	return &monitor.Action{ID: "x", Ref: monitor.Ref{Host: "db1", Service: service}, Contact: "ada", Time: at, Notice: n}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if flag.Lookup("rewrite").Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -rewrite takes it over):\n%s", path, diff)
	}
}

// A mail at 3 a.m. has the time of the clock on the wall.
func TestTimesAreInTheConfiguredZone(t *testing.T) {
	a := sample("PROBLEM", "disk")
	a.Notice.Zone = "Asia/Tokyo"
	if text := body(a, false); !strings.Contains(text, " JST") || strings.Contains(text, " UTC") {
		t.Errorf("use_timezone=Asia/Tokyo, and the mail says:\n%s", text)
	}
}
