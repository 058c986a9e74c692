package dynamic_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter/dynamic"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const start = monitor.Time(1700000000e9)

func nobody(string) bool { return false }

// say writes changes one a line.
func say(changes []dynamic.Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s: %s, %s", c.What, strings.Join(append([]string{c.Host}, c.Others...), " "), c.Source, c.Rule)
		if c.Hosts > 1 {
			fmt.Fprintf(&b, ", %d hosts", c.Hosts)
		}
		if c.Why != "" {
			fmt.Fprintf(&b, ": %s", c.Why)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func want(t *testing.T, text string, changes []dynamic.Change) {
	t.Helper()
	if diff := cmp.Diff(text, say(changes)); diff != "" {
		t.Error(diff)
	}
}

func listOf(rules ...monitor.DynamicRule) *dynamic.List {
	l := dynamic.New("here", monitor.Dynamics{})
	l.Read(rules, nobody, start)
	return l
}

func rule(name string) monitor.DynamicRule {
	return monitor.DynamicRule{Name: name, HostUse: "guest", Most: 1000, Enabled: true}
}

func candidate(host string, at monitor.Time) dynamic.Candidate {
	return dynamic.Candidate{Host: host, Source: "esx", Rule: "vms", At: at}
}

func heard(at monitor.Time) func(string) (monitor.Time, bool) {
	return func(source string) (monitor.Time, bool) { return at, source == "esx" && at != 0 }
}

func TestTheFirstRuleThatFitsCounts(t *testing.T) {
	first, other, off := rule("first"), rule("other"), rule("off")
	off.Enabled = false
	other.Sources, other.Site = []monitor.Pattern{{Text: "esx"}}, "there"
	first.Hosts, first.Site = []monitor.Pattern{{Text: "vm", Regex: true}}, "here"
	m := listOf(off, first, other, rule("last")).Matcher()
	for _, c := range []struct{ host, source, want string }{
		{"vm1", "esx", "first"}, {"web1", "esx", ""}, {"web1", "vc", "last"},
	} {
		got := ""
		if r := m.Rule(c.host, c.source); r != nil {
			got = r.Name
		}
		if got != c.want {
			t.Errorf("%s from %s: rule %q, want %q", c.host, c.source, got, c.want)
		}
	}
}

func TestHostsAreMadeOnceAndUpToTheCap(t *testing.T) {
	r := rule("vms")
	r.Most = 2
	l := listOf(r)
	in := []dynamic.Candidate{candidate("b", start), candidate("a", start), candidate("web1", start), candidate("a", start), candidate("c", start), candidate("-x", start), candidate("null", start)}
	defined := func(host string) bool { return host == "web1" }
	want(t, `made b: esx, vms
made a: esx, vms
refused -x null: esx, vms, 2 hosts: its name is none that a host can have
refused c: esx, vms: the rule makes at most 2 hosts of one source; raise its directive most if they are wanted
`, l.Add(in, defined, start))
	want(t, "", l.Add(in, defined, start.Add(time.Minute)))
	other := candidate("c", start)
	other.Source = "vc"
	want(t, "made c: vc, vms\n", l.Add([]dynamic.Candidate{other}, defined, start))
	d := l.Dynamics()
	if len(d.Hosts) != 3 || d.Made != 3 || len(d.Refusals) != 2 {
		t.Errorf("remembered: %+v", d)
	}
}

func overTheCap(l *dynamic.List, n int, at monitor.Time) (changes []dynamic.Change) {
	// An output comes in several rounds.
	for from := 0; from < n; from += 3000 {
		var in []dynamic.Candidate
		for i := from; i < min(n, from+3000); i++ {
			in = append(in, candidate(fmt.Sprintf("vm%05d", i), at))
		}
		changes = append(changes, l.Add(in, nobody, at)...)
	}
	return slices.DeleteFunc(changes, func(c dynamic.Change) bool { return c.What == dynamic.Made })
}

func TestHostsOverTheCapAreToldOnceAndAgainWhenTheirNumberChangesMuch(t *testing.T) {
	r := rule("vms")
	r.RemoveAfter = 1000 * time.Hour
	l := listOf(r)
	first := overTheCap(l, 5000, start)
	if len(first) != 2 || first[1].Hosts != 4000 || len(first[1].Others) != 9 || first[1].Host != "vm01000" {
		t.Fatalf("the first output: %+v", first)
	}
	again := dynamic.New("here", l.Dynamics()) // a restart
	again.Read([]monitor.DynamicRule{r}, nobody, start)
	for name, l := range map[string]*dynamic.List{"kept": l, "restarted": again} {
		at := start
		for range 50 {
			at = at.Add(time.Minute)
			want(t, "", overTheCap(l, 5000, at))
			want(t, "", l.Expire(heard(at), at))
		}
		if d := l.Dynamics(); len(d.Refusals) != 1 || d.Refusals[0].Hosts != 4000 {
			t.Errorf("%s: remembered: %d refusals", name, len(d.Refusals))
		}
		if more := overTheCap(l, 8000, at.Add(time.Minute)); len(more) != 1 || more[0].Hosts != 7000 {
			t.Errorf("%s: of many more is told %+v", name, more)
		}
		var fewer []dynamic.Change
		for i := range 6 {
			fewer = append(fewer, overTheCap(l, 1100, at.Add(time.Duration(2+i)*time.Minute))...)
		}
		if len(fewer) != 1 || fewer[0].Hosts != 100 {
			t.Errorf("%s: of far fewer is told %+v", name, fewer)
		}
		at = at.Add(25 * time.Hour)
		if gone := l.Expire(heard(at), at); len(gone) != 1 || gone[0].What != dynamic.RefusedNoMore || len(l.Dynamics().Refusals) != 0 {
			t.Errorf("%s: after a day without is told %+v", name, gone)
		}
	}
}

func TestARefusalIsForgottenWhenItsRuleReadsOtherwise(t *testing.T) {
	r := rule("vms")
	l := listOf(r)
	overTheCap(l, 1100, start)
	r.Most = 2000
	l.Read([]monitor.DynamicRule{r}, nobody, start)
	want(t, "", overTheCap(l, 1100, start.Add(time.Minute)))
	if d := l.Dynamics(); len(d.Refusals) != 0 || len(d.Hosts) != 1100 {
		t.Errorf("remembered: %d refusals, %d hosts", len(d.Refusals), len(d.Hosts))
	}
}

func TestAHostThatBreaksTheConfigurationIsNotTriedWithEachOutput(t *testing.T) {
	l := listOf(rule("vms"))
	tries := func(at monitor.Time) (n int) {
		for _, c := range l.Add([]dynamic.Candidate{candidate("a", at)}, nobody, at) {
			n++
			l.Refuse(c.Host, "it is odd", at)
		}
		return n
	}
	if first, second := tries(start), tries(start.Add(time.Minute)); first != 1 || second != 0 {
		t.Errorf("tried %d times, then %d times, want 1 and 0", first, second)
	}
	if later := tries(start.Add(2 * time.Hour)); later != 1 {
		t.Errorf("tried %d times hours later, want 1", later)
	}
	l.Read([]monitor.DynamicRule{rule("vms")}, nobody, start.Add(3*time.Hour))
	if read := tries(start.Add(3*time.Hour + time.Minute)); read != 1 {
		t.Errorf("tried %d times after files were read, want 1", read)
	}
}

func TestAHostThatAFileDefinesIsTakenOver(t *testing.T) {
	l := listOf(rule("vms"))
	l.Add([]dynamic.Candidate{candidate("a", start), candidate("b", start)}, nobody, start)
	want(t, "taken over a: esx, vms: the host is defined in a file now\n", l.Read([]monitor.DynamicRule{rule("vms")}, func(h string) bool { return h == "a" }, start))
	if l.Len() != 1 || l.Host("b") == nil {
		t.Errorf("%d hosts are left", l.Len())
	}
}

func TestOnlyASourceThatAnswersRemovesHosts(t *testing.T) {
	r := rule("vms")
	r.RemoveAfter = time.Hour
	l := listOf(r)
	l.Add([]dynamic.Candidate{candidate("a", start), candidate("b", start)}, nobody, start)
	at := start.Add(2 * time.Hour)
	if due := l.Due(heard(0), at); due != nil {
		t.Errorf("without a word from the source %q are due", due)
	}
	if due := l.Due(heard(start.Add(59*time.Minute)), at); due != nil {
		t.Errorf("before the time is over %q are due", due)
	}
	source := heard(start.Add(61 * time.Minute))
	if diff := cmp.Diff([]string{"a", "b"}, l.Due(source, at)); diff != "" {
		t.Error(diff)
	}
	l.Listed("b", start.Add(30*time.Minute))
	want(t, "removed a: esx, vms: its source answers and has not listed it for 1h1m0s\n", l.Expire(source, at))
	want(t, "", l.Add([]dynamic.Candidate{candidate("a", start)}, nobody, at))
	want(t, "made a: esx, vms\n", l.Add([]dynamic.Candidate{candidate("a", start.Add(time.Second))}, nobody, at))
}

func TestHostsStayForEverUnlessTheRuleSaysHowLong(t *testing.T) {
	l := listOf(rule("vms"))
	l.Add([]dynamic.Candidate{candidate("a", start)}, nobody, start)
	want(t, "", l.Expire(heard(start.Add(10000*time.Hour)), start.Add(10000*time.Hour)))
}

func TestHostsOfARuleThatWasTakenOut(t *testing.T) {
	kept, gone := rule("vms"), rule("other")
	kept.RemoveAfter = time.Hour
	l := listOf(kept, gone)
	other := candidate("b", start)
	other.Rule = "other"
	l.Add([]dynamic.Candidate{candidate("a", start), other}, nobody, start)
	moved := kept
	moved.Site = "there"
	l.Read([]monitor.DynamicRule{moved}, nobody, start)
	if l.Makes() {
		t.Error("a rule of another site makes hosts here")
	}
	want(t, "removed b: esx, other: its rule was taken out of the files\n", l.Expire(heard(0), start.Add(time.Minute)))
	if text := l.Text().Text; !strings.Contains(text, "host_name a\n") {
		t.Errorf("the host that is left is not in\n%s", text)
	}
	l = dynamic.New("here", l.Dynamics())
	l.Read([]monitor.DynamicRule{moved}, nobody, start.Add(time.Minute))
	want(t, "removed a: esx, vms: its rule was taken out of the files\n", l.Expire(heard(0), start.Add(time.Hour)))
	if n := len(l.Dynamics().Rules); n != 1 {
		t.Errorf("%d rules are remembered, want the one in the files", n)
	}
}

func TestARuleThatComesBackKeepsItsHosts(t *testing.T) {
	l := listOf(rule("vms"))
	l.Add([]dynamic.Candidate{candidate("a", start)}, nobody, start)
	l.Read(nil, nobody, start)
	l.Read([]monitor.DynamicRule{rule("vms")}, nobody, start)
	want(t, "", l.Expire(heard(0), start.Add(time.Hour)))
}

func TestTextIsAsInAFile(t *testing.T) {
	r := rule("vms")
	r.HostGroups, r.Realm, r.PollerTag, r.ServiceUse = []string{"guests", "all"}, "North", "dmz", "agent"
	l := listOf(r)
	b := candidate("b", start)
	b.Services = []monitor.DynamicService{{Description: "Disk /", CheckCommand: `onbu-agent!-s df -i 'a;b\`}, {Description: "Disk /", CheckCommand: "again"}}
	l.Add([]dynamic.Candidate{b, candidate("a", start)}, nobody, start)
	text := l.Text()
	want := `define host {
use guest
host_name a
hostgroups +guests,all
realm North
poller_tag dmz
_PIGGYBACK_SOURCE esx
}
define host {
use guest
host_name b
hostgroups +guests,all
realm North
poller_tag dmz
_PIGGYBACK_SOURCE esx
}
define service {
use agent
host_name b
service_description Disk /
check_command onbu-agent!-s df -i 'a\;b\ ` + `
}
`
	if diff := cmp.Diff(want, text.Text); diff != "" {
		t.Error(diff)
	}
	for line, want := range map[int]string{0: "", 1: "a", 8: "a", 9: "b", 20: "b"} {
		if got, _ := text.Host(line); got != want {
			t.Errorf("line %d is about %q, want %q", line, got, want)
		}
	}
}

// Whatever comes, what is remembered gives the same list again, and no bound is broken.
func TestWhatIsRememberedIsAllThereIs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		one, two := rule("vms"), rule("other")
		one.Most, one.RemoveAfter = 5, time.Hour
		l, now := listOf(one, two), start
		for range 30 {
			now = now.Add(time.Duration(r.IntN(int(time.Hour))))
			c := dynamic.Candidate{Host: fmt.Sprint("h", r.IntN(20)), Source: []string{"esx", "vc"}[r.IntN(2)], Rule: []string{"vms", "other"}[r.IntN(2)], At: now}
			switch r.IntN(5) {
			case 0:
				l.Expire(heard(now), now)
			case 1:
				l.Read([][]monitor.DynamicRule{{one, two}, {one}, {two}}[r.IntN(3)], func(h string) bool { return h == c.Host }, now)
			case 2:
				l.Refuse(c.Host, "it is odd", now)
			default:
				l.Add([]dynamic.Candidate{c}, nobody, now)
			}
			var d monitor.Dynamics
			if err := wire.Unmarshal(wire.Marshal(l.Dynamics()), &d); err != nil {
				t.Fatal(err)
			}
			again := dynamic.New("here", d)
			if diff := cmp.Diff(l.Text().Text, again.Text().Text); diff != "" {
				t.Fatal(diff)
			}
			of := map[string]int{}
			for _, h := range d.Hosts {
				of[h.Rule+h.Source]++
			}
			if of["vmsesx"] > 5 || of["vmsvc"] > 5 {
				t.Fatalf("more hosts than the rule allows: %v", of)
			}
			if !slices.IsSortedFunc(d.Hosts, func(a, b monitor.DynamicHost) int { return strings.Compare(a.Name, b.Name) }) {
				t.Fatal("hosts are not sorted")
			}
		}
	}
}
