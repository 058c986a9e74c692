package ndjson_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/ndjson"
	"github.com/onbu/onbu/monitor"
)

func alert(output string) monitor.Brok {
	return monitor.Brok{
		Kind: monitor.BrokAlert, Time: 1_700_000_000_500_000_000,
		Status: &monitor.Status{Ref: monitor.Ref{Host: "web", Service: "http"}, State: monitor.Critical, Type: monitor.Hard, Attempt: 3, Output: output},
	}
}

func TestOneLineForEachEvent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	m := ndjson.New(ndjson.Options{Path: path})
	broks := []monitor.Brok{
		alert("a <b>\nc"),
		{Kind: monitor.BrokState, Status: &monitor.Status{}},
		{Kind: monitor.BrokNotification, NotificationType: "PROBLEM", Action: &monitor.Action{Contact: "ann", Ref: monitor.Ref{Host: "web"}}},
	}
	if err := m.Export(t.Context(), broks); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	lines := read(t, path)
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2 (a mere change of state is none)", len(lines))
	}
	want := map[string]any{
		"time": "2023-11-14T22:13:20.5Z", "kind": "alert", "host": "web", "service": "http",
		"state": "CRITICAL", "state_type": "HARD", "attempt": 3.0, "output": "a <b>\nc",
	}
	for name, value := range want {
		if lines[0][name] != value {
			t.Errorf("%s is %v, want %v", name, lines[0][name], value)
		}
	}
	if lines[1]["contact"] != "ann" || lines[1]["type"] != "PROBLEM" {
		t.Errorf("notification %v", lines[1])
	}
}

func TestFullFilesAreRotated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	m := ndjson.New(ndjson.Options{Path: path, MaxBytes: 200, Keep: 2})
	for _, output := range []string{"one", "two", "three", "four"} {
		if err := m.Export(t.Context(), []monitor.Brok{alert(output + strings.Repeat(".", 200))}); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{path: "four", path + ".1": "three", path + ".2": "two"} {
		if got := read(t, name)[0]["output"].(string); !strings.HasPrefix(got, want) {
			t.Errorf("%s holds %.10s, want %s", name, got, want)
		}
	}
	if _, err := os.Stat(path + ".3"); err == nil {
		t.Error("more old files than asked for")
	}
}

func TestAFolderThatIsMissingIsAnError(t *testing.T) {
	m := ndjson.New(ndjson.Options{Path: filepath.Join(t.TempDir(), "none", "x")})
	if err := m.Export(t.Context(), []monitor.Brok{alert("x")}); err == nil {
		t.Error("no error")
	}
}

func read(t *testing.T, path string) []map[string]any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []map[string]any
	for text := range strings.Lines(string(b)) {
		var l map[string]any
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

// Status is what stays, HARD and attempt 1; the alert tells of the end of a soft problem.
func TestTheFieldsOfARecoverySayWhatItsTextSays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	m := ndjson.New(ndjson.Options{Path: path})
	b := alert("fine")
	b.Status.State, b.Status.Type, b.Status.Attempt = monitor.OK, monitor.Hard, 1
	b.Type, b.Attempt = monitor.Soft, 2
	if err := errors.Join(m.Export(t.Context(), []monitor.Brok{b}), m.Close()); err != nil {
		t.Fatal(err)
	}
	if line := read(t, path)[0]; line["state_type"] != "SOFT" || line["attempt"] != 2.0 {
		t.Errorf("state_type %v, attempt %v; want SOFT, 2", line["state_type"], line["attempt"])
	}
}

func TestADefinitionSaysWhatIsWritten(t *testing.T) {
	state := filepath.Join(t.TempDir(), "x")
	for _, c := range []struct {
		set         []monitor.Setting
		path, wrong string
		wants       modules.Wants
		lines       int
	}{
		{nil, filepath.Join(state, "events.ndjson"), "", modules.Wants{Events: true, Own: true, Past: true}, 2},
		{[]monitor.Setting{{Name: "checks", Value: "1"}, {Name: "events", Value: "0"}}, "", "", modules.Wants{Checks: true, Own: true}, 0},
		{[]monitor.Setting{{Name: "events", Value: "0"}}, "", "nothing would be written", modules.Wants{}, 0},
		{[]monitor.Setting{{Name: "max_size", Value: "many"}}, "", "max_size is", modules.Wants{}, 0},
	} {
		s := modules.Read(&monitor.Module{Name: "log", Type: "ndjson", Settings: c.set})
		x := ndjson.Defined(s, modules.Env{State: state}, modules.Outlook{})
		if err := s.Err(); (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%v: %v, want %q", c.set, err, c.wrong)
		}
		if c.wrong != "" {
			continue
		}
		if x.Name() != "log" || x.Wants() != c.wants {
			t.Errorf("%v: %s wants %+v, want %+v", c.set, x.Name(), x.Wants(), c.wants)
		}
		if c.path == "" {
			continue
		}
		check := monitor.Check{Ref: monitor.Ref{Host: "web"}, Module: "icmp", Execution: 2e9, CheckType: monitor.Passive}
		if err := x.Export(t.Context(), []monitor.Brok{alert("x"), check.Brok()}); err != nil {
			t.Fatal(err)
		}
		if lines := read(t, c.path); len(lines) != c.lines || lines[1]["execution"] != 2.0 || lines[1]["passive"] != true || lines[1]["v"] != 1.0 {
			t.Errorf("%v: wrote %v", c.set, lines)
		}
	}
}
