package service_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
)

const localExample = `<<<local:sep(0)>>>
0 My_service - all fine
P "Room temp" temp=38;35;40;0;100|hum=41;20:60;10:70 computed from levels
cached(1700000000,120) 1 Slow_check val=5 refreshed every two minutes\nsecond line for details
2 'Other quotes' - bad
`

func TestLocalChecksAreFoundByTheirNames(t *testing.T) {
	want := []string{"My_service=My_service", "Room temp=Room temp", "Slow_check=Slow_check", "Other quotes=Other quotes"}
	if got := offers(t, "local", localExample); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALocalCheckSaysItsStateAndText(t *testing.T) {
	var h host
	expect(t, h.look(t, "local", localExample, "-i", "My_service"), monitor.OK, "all fine", "")
	expect(t, h.look(t, "local", localExample, "-i", "Other quotes"), monitor.Critical, "bad", "")
	got := h.look(t, "local", localExample, "-i", "Slow_check")
	expect(t, got, monitor.Warning, "refreshed every two minutes", "val=5")
	if want := "second line for details\nval: 5\nmade 3 min 0 s ago, every 2 min 0 s"; got.LongOutput != want {
		t.Errorf("long output: got %q, want %q", got.LongOutput, want)
	}
	expect(t, h.look(t, "local", localExample, "-i", "nix"), monitor.Unknown,
		`there is no local check "nix" in the agent's output, but My_service, Room temp, Slow_check, Other quotes(?)`, "")
}

func TestStatePIsComputedFromLevels(t *testing.T) {
	var h host
	expect(t, h.look(t, "local", localExample, "-i", "Room temp"), monitor.Warning,
		"computed from levels, temp: 38 (warn/crit at 35/40)(!)", "temp=38;35;40;0;100 hum=41;20:60;10:70")
	for line, want := range map[string]monitor.State{
		"P x v=5;7":               monitor.OK,
		"P x v=7;7":               monitor.Warning,
		"P x v=1000;7":            monitor.Warning, // no critical level: never
		"P x v=8;;8":              monitor.Critical,
		"P x v=7;;8":              monitor.OK,
		"P x v=1;2:9":             monitor.Warning,
		"P x v=2;2:9":             monitor.OK,
		"P x v=1;2:9;1:10":        monitor.Warning,
		"P x v=0.5;2:9;1:10":      monitor.Critical,
		"P x v=5;abc;4":           monitor.Critical, // a level that is no number counts as missing
		"P x a=1;2|b=3;2":         monitor.Warning,
		"P x v=16MB;10;20":        monitor.Warning,
		"P x v=none;-1":           monitor.Warning, // nothing numeric is 0
		"P x v=5;;;;":             monitor.OK,
		"P x v=-8;-20":            monitor.Warning,
		"P x -":                   monitor.OK,
		"0 x v=100;1;2":           monitor.OK, // a state in figures: levels do not count
		"P x v=1e3;999":           monitor.Warning,
		"P x v=1.5.3;1.6 dotted":  monitor.OK,
		"P x =5;1":                monitor.Warning, // no name
		"3 x - I do not know":     monitor.Unknown,
		"1 x -":                   monitor.Warning,
		"P x v=5,5;5 comma":       monitor.Warning, // a decimal comma ends the number
		"P x v=9;;2:8":            monitor.Critical,
		"P x v=1;;2:8":            monitor.Critical,
		"P x v=5;5;5;0;10;junk ;": monitor.Critical,
	} {
		if got := h.look(t, "local", "<<<local:sep(0)>>>\n"+line+"\n", "-i", "x"); got.State != want {
			t.Errorf("%s: got %v %s, want %v", line, got.State, got.Output, want)
		}
	}
}

func TestLevelsOfANumericStateAreNotKept(t *testing.T) {
	var h host
	expect(t, h.look(t, "local", "<<<local:sep(0)>>>\n0 x v=5;1;2;0;10 fine\n", "-i", "x"), monitor.OK, "fine", "v=5;;;0;10")
	expect(t, h.look(t, "local", "<<<local:sep(0)>>>\nP x v=5;7;8|w=1\n", "-i", "x"), monitor.OK, "v: 5, w: 1", "v=5;7;8 w=1")
}

func TestWrongLocalLinesSayWhatIsWrong(t *testing.T) {
	var h host
	expect(t, h.look(t, "local", "<<<local:sep(0)>>>\nNOK x - text\n", "-i", "x"), monitor.Unknown, "Invalid plugin status NOK. Output is: text(?)", "")
	expect(t, h.look(t, "local", "<<<local:sep(0)>>>\n0 x a=1|broken text\n", "-i", "x"), monitor.Unknown, "Invalid performance data: 'broken'. Output is: text(?)", "")
	for _, line := range []string{"", "0", "0 x", "0  x -", "0 x  - two blanks", `0 "a"b" - t`, `0 a"b - t`, `0 "open - t`, `0 "" - t`} {
		if got := offers(t, "local", "<<<local:sep(0)>>>\n"+line+"\n"); len(got) != 0 {
			t.Errorf("%q: got %q, want no check", line, got)
		}
	}
}

func TestTheLastLocalLineOfANameCounts(t *testing.T) {
	var h host
	expect(t, h.look(t, "local", "<<<local:sep(0)>>>\n0 x - first\n2 x - second\n", "-i", "x"), monitor.Critical, "second", "")
}

func TestOldAgentsSplitLocalLines(t *testing.T) {
	var h host
	expect(t, h.look(t, "local", "<<<local>>>\n1 x a=1;2 some   text\n", "-i", "x"), monitor.Warning, "some text", "a=1")
}

func TestDataThatNobodyRenewsAreNoAnswer(t *testing.T) {
	// A plugin that runs every ten minutes, at a moment so many seconds before the look.
	line := func(h *host, age int) string {
		return "<<<local:sep(0)>>>\ncached(" + strconv.Itoa(int(h.now.Unix())+60-age) + ",600) 0 x - fine\n"
	}
	first := func() *host { return &host{now: time.Unix(1700000000, 0)} }
	h := first()
	got := h.look(t, "local", line(h, 30), "-i", "x")
	expect(t, got, monitor.OK, "fine", "")
	if want := "made 30.0 s ago, every 10 min 0 s"; got.LongOutput != want {
		t.Errorf("got %q, want %q", got.LongOutput, want)
	}
	old := line(h, 1801)
	outdated := "fine, outdated: made 30 min 1 s ago, every 10 min 0 s(?)"
	expect(t, first().look(t, "local", old, "-i", "x"), monitor.OK, "fine", "") // it was 30 minutes old a minute before
	h = first()
	expect(t, h.look(t, "local", line(h, 1801), "-i", "x"), monitor.Unknown, outdated, "")
	expect(t, h.look(t, "local", line(h, 1801), "-i", "x"), monitor.OK, "fine", "") // old, but made since the last look
	h = first()
	expect(t, h.look(t, "local", line(h, 1801), "-i", "x", "-o", "stale=0"), monitor.OK, "fine", "")
	h = first()
	expect(t, h.look(t, "local", line(h, 1801), "-i", "x", "-o", "stale=10"), monitor.OK, "fine", "")
	h = first()
	expect(t, h.look(t, "local", line(h, -500), "-i", "x"), monitor.OK, "fine", "")
	// One that runs every minute is as old as the time between two looks, however long that is.
	minute := strings.Replace(line(h, 800), ",600)", ",60)", 1)
	expect(t, h.look(t, "local", minute, "-i", "x"), monitor.OK, "fine", "")
}
