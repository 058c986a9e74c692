package service_test

import (
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor"
)

// host is one whose outputs are looked at one after the other, a minute apart.
type host struct {
	counters service.Counters
	now      time.Time
}

// look makes the check of a kind on an output. Options are written as on the command line: "-i", "eth0", "-o", "errors=1,2".
func (h *host) look(t *testing.T, kind, output string, args ...string) monitor.Outcome {
	t.Helper()
	in := h.input(output)
	in.Options = map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		switch args[i] {
		case "-i":
			in.Item = args[i+1]
		case "-w":
			in.Warn = args[i+1]
		case "-c":
			in.Crit = args[i+1]
		default:
			name, value, _ := strings.Cut(args[i+1], "=")
			in.Options[name] = value
		}
	}
	k, ok := service.Find(kind)
	if !ok {
		t.Fatalf("no kind is called %s", kind)
	}
	for name := range in.Options {
		if k.Takes[name] == "" {
			t.Errorf("%s does not take the option %s that it is given", kind, name)
		}
	}
	var r service.Report
	k.Check(in, &r)
	return r.Outcome()
}

func (h *host) input(output string) *service.Input {
	if h.now.IsZero() {
		h.now = time.Unix(1700000000, 0)
	}
	h.now = h.now.Add(time.Minute)
	var set section.Set
	section.Parse([]byte(output), &set, section.Options{Now: h.now})
	return &service.Input{Sections: &set, Now: h.now, Counters: &h.counters}
}

// offers gives what a kind discovers, "ITEM=DESCRIPTION" each.
func offers(t *testing.T, kind, output string) []string {
	t.Helper()
	k, ok := service.Find(kind)
	if !ok {
		t.Fatalf("no kind is called %s", kind)
	}
	var h host
	var all []string
	for _, f := range k.Discover(h.input(output)) {
		all = append(all, f.Item+"="+f.Description)
	}
	return all
}

// expect compares state and first line, and the performance data unless want is empty.
func expect(t *testing.T, got monitor.Outcome, state monitor.State, output, perfdata string) {
	t.Helper()
	if got.State != state || got.Output != output {
		t.Errorf("got  %v %s\nwant %v %s", got.State, got.Output, state, output)
	}
	if perfdata != "" && got.Perfdata != perfdata {
		t.Errorf("perfdata\ngot  %s\nwant %s", got.Perfdata, perfdata)
	}
}
