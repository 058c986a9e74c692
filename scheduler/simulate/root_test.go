package simulate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/simulate"
)

// told gives what people were told: "PROBLEM core-1 DOWN noc".
func told(r *simulate.Report) []string {
	var all []string
	for _, n := range r.Notifications {
		all = append(all, fmt.Sprintf("%s %s %s %s", n.Type, monitor.Ref{Host: n.Host, Service: n.Service}, n.State, n.Contact))
	}
	return all
}

// The root of a tree of five levels dies, and each object has contacts that want to know of DOWN, UNREACHABLE and
// recoveries. Where in the round of checks the outage begins and ends makes no difference.
func TestOfAnOutageOnlyTheRootIsToldOnce(t *testing.T) {
	inv := inventory(t, site)
	want := []string{"PROBLEM core-1 DOWN noc", "RECOVERY core-1 UP noc"}
	for i := range 60 {
		begin := 10*time.Minute + time.Duration(i)*11*time.Second
		r := play(t, inv, fmt.Sprintf("at %v host core-1 down for %v\nuntil 3h", begin, 45*time.Minute+time.Duration(i%7)*13*time.Second))
		if diff := cmp.Diff(want, told(r)); diff != "" {
			t.Errorf("outage at %v (-want +got):\n%s", begin, diff)
		}
	}
}

// A short outage is over before anybody has to know, although every host behind it failed some checks.
func TestOfAShortOutageNobodyIsTold(t *testing.T) {
	inv := inventory(t, site)
	for i := range 30 {
		begin := 10*time.Minute + time.Duration(i)*11*time.Second
		r := play(t, inv, fmt.Sprintf("at %v host core-1 down for 90s\nuntil 1h", begin))
		if got := told(r); len(got) > 0 {
			t.Errorf("outage at %v: %v", begin, got)
		}
	}
}

func TestTheRootIsNamedWithHowLongItLastedAndHowManySuffered(t *testing.T) {
	r := play(t, inventory(t, site), "at 10m host core-1 down for 45m\nuntil 3h")
	if len(r.Roots) != 1 || r.Roots[0].Host != "core-1" || r.Roots[0].Service != "" || r.Roots[0].To == nil {
		t.Fatalf("roots: %+v, want core-1 alone, and over", r.Roots)
	}
	root := r.Roots[0]
	if from := seconds(root.From); from < 10*time.Minute || from > 18*time.Minute {
		t.Errorf("from %v, want some minutes after 10m", from)
	}
	if to := seconds(*root.To); to < 55*time.Minute || to > 61*time.Minute {
		t.Errorf("to %v, want within six minutes of 55m", to)
	}
	// Eight hosts and their eight services, the passive one included.
	if root.Impacts != 16 {
		t.Errorf("%d objects suffered at once, want 16", root.Impacts)
	}
}

func TestTwoOutagesAtOnceAreTwoRoots(t *testing.T) {
	r := play(t, inventory(t, site), "at 10m host cellar down for 1h\nat 20m host floor-2 down\nat 30m service db1/mysql CRITICAL for 1h\nuntil 3h")
	var got []string
	for _, root := range r.Roots {
		got = append(got, fmt.Sprintf("%s over=%t impacts=%d", monitor.Ref{Host: root.Host, Service: root.Service}, root.To != nil, root.Impacts))
	}
	want := []string{"cellar over=true impacts=7", "floor-2 over=false impacts=0", "db1/mysql over=true impacts=0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Those that suffer are UNREACHABLE, or not OK, and the reason for which nobody is told of them is the root.
func TestWhatSuffersSaysSo(t *testing.T) {
	r := play(t, inventory(t, site), "at 10m host core-1 down for 45m\nuntil 2h")
	suffering := map[string]string{}
	for _, c := range r.States {
		if seconds(c.At) < 50*time.Minute {
			suffering[monitor.Ref{Host: c.Host, Service: c.Service}.String()] = c.State
		}
	}
	for name, state := range suffering {
		switch service := strings.Contains(name, "/"); {
		case name == "core-1" && state != "DOWN",
			name != "core-1" && !service && state != "UNREACHABLE",
			service && state != "UNKNOWN" && state != "CRITICAL":
			t.Errorf("%s is %s", name, state)
		}
	}
	if len(suffering) != 17 {
		t.Errorf("%d objects are in trouble, want all 17", len(suffering))
	}
	want := []string{"16 it suffers from core-1 DOWN"}
	var got []string
	for _, silent := range r.Silent {
		got = append(got, fmt.Sprint(silent.Problems, " ", silent.Why))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// tree gives a configuration in which six hosts lie behind each, as far as they go round, and all behind h0.
func tree(t testing.TB, hosts, services int) *monitor.Inventory {
	t.Helper()
	dir := t.TempDir()
	var b strings.Builder
	for _, file := range []string{"people.cfg", "network.cfg"} {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(site), file))
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	b.WriteString("define command {\n command_name tcp\n command_line check_tcp -H $HOSTADDRESS$ -p $ARG1$\n}\n")
	for h := range hosts {
		fmt.Fprintf(&b, "define host {\n use device\n host_name h%d\n address 192.0.2.1\n", h)
		if h > 0 {
			fmt.Fprintf(&b, " parents h%d\n", (h-1)/6)
		}
		b.WriteString("}\n")
		for s := range services {
			fmt.Fprintf(&b, "define service {\n host_name h%d\n service_description s%d\n check_command tcp!%d\n max_check_attempts 3\n"+
				" check_interval 5\n retry_interval 1\n check_period always\n notification_period always\n contacts noc\n}\n", h, s, s)
		}
	}
	main := filepath.Join(dir, "nagios.cfg")
	for file, text := range map[string]string{main: "cfg_file=objects.cfg\n", filepath.Join(dir, "objects.cfg"): b.String()} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return inventory(t, main)
}

// TestATreeOfAThousandHostsIsOneProblem: 1,000 hosts on five levels behind one, each with two services.
func TestATreeOfAThousandHostsIsOneProblem(t *testing.T) {
	r := play(t, tree(t, 1000, 2), "at 10m host h0 down for 45m\nuntil 2h")
	want := []string{"PROBLEM h0 DOWN noc", "RECOVERY h0 UP noc"}
	if diff := cmp.Diff(want, told(r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(r.Roots) != 1 || r.Roots[0].Host != "h0" || r.Roots[0].Impacts != 2999 {
		t.Errorf("%+v, want one root with 2999 impacts", r.Roots)
	}
}
