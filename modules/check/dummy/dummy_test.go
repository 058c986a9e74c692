package dummy_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/dummy"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

var _ modules.Check = dummy.New()

// lines are arguments of check_dummy that it takes, and that the module must answer in the same way.
var lines = [][]string{
	{"0"},
	{"1", "all of the disks"},
	{"2", "one", "two"},
	{"3", ""},
	{"0", "text | a=1;2;3 b=2"},
	{"0", "first | a=1\nsecond\nthird | b=2\nc=3"},
	{"01"},
	{"4"},
	{"200", "text"},
	{"0", "-h"},
	{"2", "--", "x"},
	{"0", "a;b"},
}

func TestAnswersLikeThePlugin(t *testing.T) {
	program := realpeer.Program(t, "check_dummy", "monitoring-plugins-basic")
	for _, args := range lines {
		out, err := exec.Command(program, args...).Output()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		code := 0
		if exit != nil {
			code = exit.ExitCode()
		}
		want := plugin.Outcome(out, nil, code, 0)
		probe, err := dummy.New().Parse(append([]string{program}, args...))
		if err != nil {
			t.Errorf("%q: %v", args, err)
			continue
		}
		got, err := probe.Run(t.Context())
		if err != nil {
			t.Errorf("%q: %v", args, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: the plugin's answer (-) and ours (+):\n%s", args, diff)
		}
	}
}

func TestRefusedLinesAreThePluginsToAnswer(t *testing.T) {
	for _, line := range []string{
		"check_dummy", "check_dummy OK", "check_dummy +1", "check_dummy -1", "check_dummy 1x", "check_dummy --help",
		"check_dummy 99999999999999999999",
	} {
		probe, err := dummy.New().Parse(strings.Fields(line))
		if err == nil || errors.Is(err, modules.ErrNotMine) || probe != nil {
			t.Errorf("%q: got %v, %v, want an error that says why", line, probe, err)
		}
	}
}

func TestOtherProgramsAreNotMine(t *testing.T) {
	for _, argv := range [][]string{nil, {""}, {"check_dumm", "0"}, {"/usr/lib/check_dummy/x", "0"}} {
		if _, err := dummy.New().Parse(argv); !errors.Is(err, modules.ErrNotMine) {
			t.Errorf("%q: got %v, want ErrNotMine", argv, err)
		}
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	probe, err := dummy.New().Parse([]string{"check_dummy", "1", "text|a=1"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { _, _ = probe.Run(ctx) }); n > 0 {
		t.Errorf("got %v allocations a run, want none", n)
	}
}

// heard is a modules.Waiter that keeps what it is told.
type heard struct {
	o     monitor.Outcome
	times int
}

func (h *heard) Done(o monitor.Outcome, _ error) { h.o, h.times = o, h.times+1 }

func TestStartGivesTheAnswerOfRun(t *testing.T) {
	probe, err := dummy.New().Parse([]string{"check_dummy", "1", "text|a=1"})
	if err != nil {
		t.Fatal(err)
	}
	want, err := probe.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var h heard
	probe.(modules.Starter).Start(time.Now(), &h)
	if diff := cmp.Diff(want, h.o); diff != "" || h.times != 1 {
		t.Errorf("answered %d times, differing from Run:\n%s", h.times, diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, args := range lines {
		f.Add(args[0], strings.Join(args[1:], " "))
	}
	f.Fuzz(func(t *testing.T, state, text string) {
		probe, err := dummy.New().Parse([]string{"check_dummy", state, text})
		if err != nil {
			return
		}
		o, err := probe.Run(t.Context())
		if err != nil || o.State > monitor.Unknown || !strings.HasPrefix(o.Output, o.State.ServiceName()+":") {
			t.Errorf("%q %q: got %+v, %v", state, text, o, err)
		}
	})
}

func BenchmarkRun(b *testing.B) {
	probe, err := dummy.New().Parse([]string{"check_dummy", "0", "fine"})
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = probe.Run(ctx)
	}
}
