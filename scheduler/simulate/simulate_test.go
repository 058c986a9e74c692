package simulate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/simulate"
	"github.com/onbu/onbu/scheduler/trigger"
)

var rewrite = flag.Bool("rewrite", false, "write what the scripts give into testdata")

// site is the example configuration: a tree of five levels.
const site = "../../deploy/examples/site/nagios.cfg"

// inventory reads a configuration as the program does.
func inventory(t testing.TB, path string) *monitor.Inventory {
	t.Helper()
	c, report := arbiter.Load(path)
	if !report.OK() {
		t.Fatalf("%s: %+v", path, report.Problems)
	}
	return compile.Compile(c, 1, 1, nil).Inventories[0]
}

// siteWith reads the example configuration with something put in the place of something else, in each of its files.
func siteWith(t testing.TB, changes ...string) *monitor.Inventory {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(site), "*.cfg"))
	if err != nil || len(files) == 0 {
		t.Fatal("no example", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), []byte(strings.NewReplacer(changes...).Replace(string(text))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return inventory(t, filepath.Join(dir, "nagios.cfg"))
}

// play reads a script and plays it.
func play(t testing.TB, inv *monitor.Inventory, script string) *simulate.Report {
	t.Helper()
	s, problems := simulate.Parse(script, simulate.Frame{Inventory: inv, Zone: time.UTC})
	if len(problems) > 0 {
		t.Fatalf("%+v", problems)
	}
	r, err := simulate.Run(context.Background(), inv, s, simulate.Options{Triggers: trigger.Compile})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// seconds gives a time in a report.
func seconds(o simulate.Offset) time.Duration { return time.Duration(o) }

// TestScripts plays testdata/*.txt against the example configuration: a script, a line "----", and what it gives.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	inv := inventory(t, site)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			script, _, _ := strings.Cut(string(data), "----\n")
			var out bytes.Buffer
			fmt.Fprintf(&out, "%s----\n", script)
			console.Simulation(&out, play(t, inv, script), console.Simulated{Verbose: true, Soft: strings.Contains(script, "# soft\n")})
			if *rewrite {
				if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(data), out.String()); diff != "" {
				t.Errorf("run with -rewrite and read the difference (-want +got):\n%s", diff)
			}
		})
	}
}

// changed finds a change of an object to a state, from a time on.
func changed(r *simulate.Report, name, state string, from time.Duration) (time.Duration, bool) {
	for _, c := range r.States {
		if (monitor.Ref{Host: c.Host, Service: c.Service}).String() == name && c.State == state && seconds(c.At) >= from {
			return seconds(c.At), true
		}
	}
	return 0, false
}

func TestWhatLiesBehindADeadHostDoesNotAnswer(t *testing.T) {
	r := play(t, inventory(t, site), "at 10m host floor-1 down for 30m\nuntil 2h")
	for _, name := range []string{"floor-1", "rack-1", "cellar", "shop-1", "shop-2", "shop-1/http", "cellar/disk"} {
		state := "UP"
		if strings.Contains(name, "/") {
			state = "OK"
		}
		var failed, over time.Duration
		for _, c := range r.States {
			switch ref := (monitor.Ref{Host: c.Host, Service: c.Service}).String(); {
			case ref != name:
			case c.State == state:
				over = seconds(c.At)
			case failed == 0:
				failed = seconds(c.At)
			}
		}
		if failed < 10*time.Minute || failed > 16*time.Minute {
			t.Errorf("%s fails at %v, want within six minutes of the outage at 10m", name, failed)
		}
		if over < 40*time.Minute || over > 46*time.Minute {
			t.Errorf("%s is well again at %v, want within six minutes of 40m", name, over)
		}
	}
	for _, name := range []string{"core-1", "floor-2", "rack-2", "db1", "db1/mysql"} {
		for _, c := range r.States {
			if (monitor.Ref{Host: c.Host, Service: c.Service}).String() == name {
				t.Errorf("%s is %s at %v: there is a way to it that leads past floor-1", name, c.State, seconds(c.At))
			}
		}
	}
}

func TestAHostWithTwoWaysIsCutOffOnlyWhenBothAre(t *testing.T) {
	r := play(t, inventory(t, site), "at 10m host floor-1 down\nat 1h host floor-2 down\nuntil 2h")
	if at, ok := changed(r, "db1", "UNREACHABLE", 0); !ok || at < time.Hour {
		t.Errorf("db1 is UNREACHABLE at %v (%v), want after 1h", at, ok)
	}
}

func TestAllIsSeenToBeFineBeforeTheScriptBegins(t *testing.T) {
	main, err := objectstest.Generate(t.TempDir(), 100, 30)
	if err != nil {
		t.Fatal(err)
	}
	r := play(t, inventory(t, main), "until 20m")
	if len(r.States) > 0 {
		t.Errorf("%d objects change, first %+v", len(r.States), r.States[0])
	}
	if r.Checks < 4*3100 {
		t.Errorf("%d checks in 20 minutes, want four of each of 3,100 objects", r.Checks)
	}
}

func TestAResultIsThereAtOnceAndStays(t *testing.T) {
	r := play(t, inventory(t, site), `
at 1h result db1/mysql CRITICAL "gone | t=3s"
at 2h result db1/mysql OK
until 3h`)
	var got []string
	for _, c := range r.States {
		got = append(got, fmt.Sprintf("%s %s %s %s", seconds(c.At).Round(time.Minute), c.State, c.Type, c.Output))
	}
	want := []string{"1h0m0s CRITICAL SOFT gone", "1h2m0s CRITICAL HARD gone", "2h0m0s OK HARD fine (simulated)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if at, _ := changed(r, "db1/mysql", "CRITICAL", 0); at < time.Hour || at > time.Hour+time.Second {
		t.Errorf("the result is there at %v, want at 1h, but for the time in which its host is looked at", at)
	}
}

// What lies behind such a host answers its own checks as before, whatever the engine makes of it meanwhile.
func TestAResultOfAHostIsThatOfItsCheckAlone(t *testing.T) {
	r := play(t, inventory(t, site), "at 1h result core-1 DOWN \"ping is filtered\"\nuntil 2h")
	for _, c := range r.States {
		if strings.Contains(c.Output, "no answer") {
			t.Errorf("%+v", c)
		}
	}
	if at, ok := changed(r, "core-1", "DOWN", 0); !ok || at != time.Hour {
		t.Errorf("core-1 is DOWN at %v (%v), want at 1h", at, ok)
	}
}

func TestAResultOfWhatIsNotCheckedIsPassive(t *testing.T) {
	inv := siteWith(t, "check_freshness         1", "check_freshness         0")
	r := play(t, inv, "at 1h result db1/backup CRITICAL broken\nuntil 2h")
	if len(r.States) != 1 {
		t.Fatalf("%+v", r.States)
	}
	got, want := r.States[0], simulate.Change{Host: "db1", Service: "backup", State: "CRITICAL", Type: "HARD", Output: "broken"}
	if want.At = got.At; got != want || seconds(got.At).Round(time.Second) != time.Hour {
		t.Errorf("%+v at %v", got, seconds(got.At))
	}
}

func TestAnEndCountsUnlessAnotherLineHadAWord(t *testing.T) {
	r := play(t, inventory(t, site), "at 10m host core-1 down for 30m\nat 20m host core-1 down for 2h\nuntil 4h")
	if at, ok := changed(r, "core-1", "UP", 0); !ok || at < 140*time.Minute || at > 146*time.Minute {
		t.Errorf("core-1 is UP again at %v (%v), want soon after 2h20m", at, ok)
	}
}

func TestTimesInCommandsCountFromTheStart(t *testing.T) {
	r := play(t, inventory(t, site), `
at 1m command SCHEDULE_HOST_DOWNTIME;db1;@10m;@70m;1;0;0;ann;move
at 12m host db1 down for 30m
until 3h`)
	for _, n := range r.Notifications {
		if n.Type == "PROBLEM" || n.Type == "RECOVERY" {
			t.Errorf("%s of %s/%s in a downtime", n.Type, n.Host, n.Service)
		}
	}
	if _, ok := changed(r, "db1", "DOWN", 0); !ok {
		t.Error("db1 never goes DOWN")
	}
}

func TestWhatTheEngineRefusesIsSaid(t *testing.T) {
	r := play(t, inventory(t, site), "\nat 1h ack db1 \"nothing is wrong\"\nuntil 2h")
	if len(r.Refused) != 1 || r.Refused[0].Line != 2 || r.Refused[0].Why == "" || !strings.HasPrefix(r.Refused[0].What, "ack db1") {
		t.Errorf("%+v", r.Refused)
	}
}

func TestEachContactIsOneNotificationWithAllItsCommands(t *testing.T) {
	r := play(t, inventory(t, site), "at 10m host core-1 down\nuntil 30m")
	if len(r.Notifications) == 0 {
		t.Fatal("nobody was told")
	}
	if n := r.Notifications[0]; n.Contact != "noc" || cmp.Diff([]string{"mail", "page"}, n.Commands) != "" || n.Number != 1 {
		t.Errorf("%+v", n)
	}
}

func TestTwoRunsAreTheSame(t *testing.T) {
	inv := inventory(t, site)
	script := "at 10m host core-1 down for 45m\nat 2h service shop-1/http CRITICAL for 1h\nat 3h ack shop-1/http\nuntil 8h"
	var first []byte
	for i := range 5 {
		r := play(t, inv, script)
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		console.Simulation(&out, r, console.Simulated{Verbose: true, Soft: true})
		text = append(text, out.Bytes()...)
		if i == 0 {
			first = text
		} else if !bytes.Equal(first, text) {
			t.Fatalf("run %d differs:\n%s", i, cmp.Diff(string(first), string(text)))
		}
	}
}

func TestTheJSONHasTheseFieldsAndNoOthers(t *testing.T) {
	to := simulate.Offset(90 * time.Second)
	r := simulate.Report{
		Notifications: []simulate.Notification{{At: simulate.Offset(1234567 * time.Microsecond), Type: "PROBLEM", Host: "a", State: "DOWN", Contact: "ann", Number: 1}},
		States:        []simulate.Change{{At: 0, Host: "a", Service: "b", State: "OK", Type: "HARD"}},
		Roots:         []simulate.Root{{Host: "a", From: simulate.Offset(time.Minute), To: &to, Impacts: 3}, {Host: "b"}},
	}
	got, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"notifications":[{"at":1.235,"type":"PROBLEM","host":"a","service":"","state":"DOWN","contact":"ann","number":1}],` +
		`"states":[{"at":0,"host":"a","service":"b","state":"OK","state_type":"HARD"}],` +
		`"roots":[{"host":"a","service":"","from":60,"to":90,"impacts":3},{"host":"b","service":"","from":0,"to":null,"impacts":0}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestListsInTheJSONAreNeverNull(t *testing.T) {
	got, err := json.Marshal(play(t, inventory(t, site), "until 1m"))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"notifications":[],"states":[],"roots":[]}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhatIf(t *testing.T) {
	inv := inventory(t, site)
	for what, says := range map[string]string{"db1": "DOWN", "db1/mysql": "CRITICAL"} {
		s, err := simulate.WhatIf(what, simulate.Frame{Inventory: inv, Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		r, err := simulate.Run(context.Background(), inv, s, simulate.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if at, ok := changed(r, what, says, 0); !ok || at > 6*time.Minute {
			t.Errorf("%s is %s at %v (%v)", what, says, at, ok)
		}
		if r.End.Sub(r.Start) != simulate.WhatIfLasts {
			t.Errorf("%s: from %v to %v", what, r.Start, r.End)
		}
	}
	if _, err := simulate.WhatIf("db2", simulate.Frame{Inventory: inv}); err == nil || !strings.Contains(err.Error(), `"db1"`) {
		t.Errorf("of a host that is not there: %v", err)
	}
}

func TestASimulationCanBeEnded(t *testing.T) {
	inv := inventory(t, site)
	s, problems := simulate.Parse("until 365d", simulate.Frame{Inventory: inv, Zone: time.UTC})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err := simulate.Run(ctx, inv, s, simulate.Options{Progress: func(played, all time.Duration) {
		if all != 365*24*time.Hour || played <= 0 || played > all {
			t.Errorf("%v of %v", played, all)
		}
		cancel()
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// BenchmarkDay is a day of 10,000 services on 1,000 hosts, each checked every five minutes.
func BenchmarkDay(b *testing.B) {
	main, err := objectstest.Generate(b.TempDir(), 1000, 10)
	if err != nil {
		b.Fatal(err)
	}
	inv := inventory(b, main)
	checks := 0
	for b.Loop() {
		checks += play(b, inv, "at 10m host host000000 down for 45m\nuntil 1d").Checks
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(checks), "ns/check")
}
