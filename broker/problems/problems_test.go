package problems_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/problems"
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// ref reads host or host/service.
func ref(name string) monitor.Ref {
	host, service, _ := strings.Cut(name, "/")
	return monitor.Ref{Host: host, Service: service}
}

// told makes a status of a line: name, state, and then any of problem, impact, soft, ack, downtime, flaps, worth=N, at=N, from=NAME.
func told(line string) monitor.Status {
	words := strings.Fields(line)
	s := monitor.Status{Ref: ref(words[0]), Type: monitor.Hard, State: map[string]monitor.State{
		"UP": monitor.Up, "DOWN": monitor.Down, "UNREACHABLE": monitor.Unreachable, "OK": monitor.OK, "WARNING": monitor.Warning,
		"CRITICAL": monitor.Critical, "UNKNOWN": monitor.Unknown, "PENDING": monitor.Pending,
	}[words[1]]}
	for _, word := range words[2:] {
		key, value, _ := strings.Cut(word, "=")
		var n int
		_, _ = fmt.Sscan(value, &n) // which is no number for some keys
		switch key {
		case "problem":
			s.Problem = true
		case "impact":
			s.Impact = true
		case "soft":
			s.Type = monitor.Soft
		case "ack":
			s.Ack = monitor.AckSticky
		case "downtime":
			s.DowntimeDepth = 1
		case "flaps":
			s.Flapping = true
		case "worth":
			s.BusinessImpact = int8(n)
		case "at":
			s.LastChange = monitor.Time(n)
		case "says":
			s.Output = value
		case "from":
			s.Impact, s.Sources = true, append(s.Sources, ref(value))
		}
	}
	return s
}

func look(lines ...string) *problems.List {
	v := view.New()
	for _, line := range lines {
		v.Fill([]monitor.Status{told(line)}, 10)
	}
	return problems.Look(v.Snapshot())
}

// shown gives the roots with what is folded under them.
func shown(l *problems.List) (all []string) {
	for _, i := range l.Roots {
		line := l.All[i].Ref.String()
		for _, j := range l.Impacts(i) {
			line += " < " + l.All[j].Ref.String()
		}
		all = append(all, line)
	}
	return all
}

func TestWhatFollowsIsFoldedUnderItsRoot(t *testing.T) {
	for name, test := range map[string]struct{ lines, want []string }{
		"nothing is wrong":                     {[]string{"a UP", "a/x OK", "b PENDING"}, nil},
		"a root with impacts, worst first":     {[]string{"a DOWN problem", "a/y UNKNOWN from=a", "a/x CRITICAL from=a", "b UNREACHABLE from=a"}, []string{"a < a/x < a/y < b"}},
		"hosts stand before their services":    {[]string{"a DOWN problem", "b/x CRITICAL from=a", "c DOWN from=a", "c/x WARNING from=a", "c/y CRITICAL from=a", "d UNREACHABLE from=a", "d/x UNKNOWN from=a"}, []string{"a < c < c/y < c/x < d < d/x < b/x"}},
		"an impact of two roots is under both": {[]string{"a DOWN problem", "b DOWN problem", "c UNREACHABLE from=a from=b"}, []string{"a < c", "b < c"}},
		"a root that recovered leaves them":    {[]string{"a UP", "b UNREACHABLE from=a", "b/x UNKNOWN from=a"}, []string{"b < b/x"}},
		"a root that nobody knows leaves it":   {[]string{"b UNREACHABLE from=elsewhere"}, []string{"b"}},
		"one of two roots recovered":           {[]string{"a UP", "b DOWN problem", "c UNREACHABLE from=a from=b"}, []string{"b < c"}},
		"a chain ends at the root":             {[]string{"a DOWN problem", "b UNREACHABLE from=a", "c UNREACHABLE from=b"}, []string{"a < b < c"}},
		"a chain whose root has recovered":     {[]string{"a UP", "b UNREACHABLE from=a", "c UNREACHABLE from=b"}, []string{"b < c"}},
		"a circle stands for itself":           {[]string{"a UNREACHABLE from=b", "b UNREACHABLE from=a", "c UNREACHABLE from=a"}, []string{"a", "b", "c"}},
		"what follows from itself is a root":   {[]string{"a DOWN from=a"}, []string{"a"}},
		"a problem is a root whatever it says": {[]string{"a DOWN problem", "a/x CRITICAL problem from=a"}, []string{"a", "a/x"}},
		"services of a host that is not sure":  {[]string{"a DOWN soft", "a/x CRITICAL soft"}, []string{"a < a/x"}},
		"the impact of a service":              {[]string{"a/agent CRITICAL problem", "a/cpu UNKNOWN from=a/agent"}, []string{"a/agent < a/cpu"}},
		"impacts that are fine are not shown":  {[]string{"a DOWN problem", "a/x OK impact from=a"}, []string{"a"}},
	} {
		if diff := cmp.Diff(test.want, shown(look(test.lines...))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestRootsStandInTheOrderInWhichPeopleShouldLook(t *testing.T) {
	l := look(
		"acked/x CRITICAL problem ack worth=5", "asleep/x CRITICAL problem downtime worth=5", "calm DOWN problem worth=2 at=5",
		"confirmed/soft CRITICAL soft worth=5", "dear/x WARNING problem worth=4", "even/x CRITICAL problem worth=2 at=1", "later/x CRITICAL problem worth=2 at=9",
		"left/x CRITICAL worth=5", "still DOWN problem downtime worth=1", "still/x CRITICAL problem worth=5",
	)
	want := []string{"dear/x", "calm", "later/x", "even/x", "confirmed/soft", "left/x", "acked/x", "asleep/x", "still/x", "still"}
	if diff := cmp.Diff(want, shown(l)); diff != "" {
		t.Error(diff)
	}
	if m := l.All[l.Find(ref("still/x"))].Marks; m != problems.HostInDowntime {
		t.Errorf("a service whose host is in downtime has the marks %b", m)
	}
	if m := l.All[l.Find(ref("left/x"))].Marks; m != problems.Unsure {
		t.Errorf("what has not been looked at since has the marks %b", m)
	}
	if l.Find(ref("nowhere")) != -1 {
		t.Error("what is in no trouble was found")
	}
}

// roots is what fold is to do, slowly: everything that can be reached from an object along what it suffers from.
func roots(all map[monitor.Ref]*monitor.Status) map[monitor.Ref]map[monitor.Ref]bool {
	causes := func(r monitor.Ref) (list []monitor.Ref) {
		s := all[r]
		if s.Problem {
			return nil
		}
		for _, c := range s.Sources {
			if all[c] != nil && c != r {
				list = append(list, c)
			}
		}
		if host := (monitor.Ref{Host: r.Host}); len(list) == 0 && !r.IsHost() && all[host] != nil {
			list = append(list, host)
		}
		return list
	}
	of := map[monitor.Ref]map[monitor.Ref]bool{}
	for r := range all {
		reached := map[monitor.Ref]bool{r: true}
		for grown := true; grown; {
			grown = false
			for at := range reached {
				for _, c := range causes(at) {
					grown = grown || !reached[c]
					reached[c] = true
				}
			}
		}
		of[r] = map[monitor.Ref]bool{}
		for at := range reached {
			if at != r && len(causes(at)) == 0 {
				of[r][at] = true
			}
		}
	}
	return of
}

func TestFoldingIsThatOfTheSlowModel(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 8))
		v, all := view.New(), map[monitor.Ref]*monitor.Status{}
		name := func() monitor.Ref {
			return monitor.Ref{Host: fmt.Sprintf("h%d", r.IntN(6)), Service: []string{"", "", "x", "y"}[r.IntN(4)]}
		}
		for range 14 {
			s := monitor.Status{Ref: name(), State: monitor.State(r.IntN(3)), Type: monitor.Hard, Problem: r.IntN(3) == 0}
			for range r.IntN(3) {
				s.Sources, s.Impact = append(s.Sources, name()), true
			}
			v.Fill([]monitor.Status{s}, 10)
			delete(all, s.Ref)
			if s.State != monitor.OK {
				all[s.Ref] = &s
			}
		}
		got := map[monitor.Ref][]string{}
		l := problems.Look(v.Snapshot())
		for _, i := range l.Roots {
			got[l.All[i].Ref] = []string{}
			for _, j := range l.Impacts(i) {
				got[l.All[i].Ref] = append(got[l.All[i].Ref], l.All[j].Ref.String())
			}
			slices.Sort(got[l.All[i].Ref])
		}
		want := map[monitor.Ref][]string{}
		for of, from := range roots(all) {
			if len(from) == 0 {
				want[of] = append(want[of], []string{}...)
				if want[of] == nil {
					want[of] = []string{}
				}
			}
			for root := range from {
				want[root] = append(want[root], of.String())
			}
		}
		for _, list := range want {
			slices.Sort(list)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-want +got)\n%s", seed, diff)
		}
	}
}

// site is a configuration of three hosts with aliases, addresses and groups.
func site() *catalog.Index {
	none := monitor.Call{Command: monitor.None}
	return catalog.NewIndex(catalog.New([]*monitor.Inventory{{
		Generation: 1, Policies: []monitor.Policy{{}},
		Hosts: []monitor.Host{
			{Name: "core", Alias: "Core switch, Porto", Address: "10.0.0.1", Check: none},
			{Name: "web1", Alias: "the web", Address: "10.0.0.7", Check: none},
			{Name: "web2", Alias: "web2", Address: "10.0.0.8", Check: none},
		},
		Services: []monitor.Service{
			{Host: 1, Description: "http", Check: none, Extra: &monitor.ServiceExtra{DisplayName: "Shop"}},
			{Host: 1, Description: "ssh", Check: none},
			{Host: 2, Description: "http", Check: none},
		},
		HostGroups:    []monitor.Group{{Name: "porto", Alias: "Site of Porto", Members: []monitor.ID{0, 1}}},
		ServiceGroups: []monitor.Group{{Name: "shop", Members: []monitor.ID{3}}},
	}}))
}

func TestARootIsChosenIfItOrWhatFollowsFromItFits(t *testing.T) {
	l := look("core DOWN problem", "web1 UNREACHABLE from=core", "web1/http UNKNOWN from=core", "web2/http CRITICAL problem ack says=Timeout", "web2/ssh WARNING soft")
	for name, test := range map[string]struct {
		q    problems.Query
		want []string
	}{
		"all that is open":               {problems.Query{}, []string{"core +2", "web2/ssh"}},
		"all":                            {problems.Query{Which: problems.All}, []string{"core +2", "web2/ssh", "web2/http"}},
		"what is handled":                {problems.Query{Which: problems.Handled}, []string{"web2/http"}},
		"what is confirmed":              {problems.Query{Hard: true}, []string{"core +2"}},
		"a state of an impact":           {problems.Query{States: 1 << problems.Unreachable}, []string{"(core) +1"}},
		"two states":                     {problems.Query{States: 1<<problems.Down | 1<<problems.Warning}, []string{"core +0", "web2/ssh"}},
		"a word in a name":               {problems.Query{Words: []string{"web1"}}, []string{"(core) +2"}},
		"a word in an alias":             {problems.Query{Words: []string{"switch"}}, []string{"core +0"}},
		"a word in an address":           {problems.Query{Words: []string{"10.0.0.7"}}, []string{"(core) +2"}},
		"a word in an output":            {problems.Query{Words: []string{"timeout"}, Which: problems.All}, []string{"web2/http"}},
		"a word in a display name":       {problems.Query{Words: []string{"shop"}}, []string{"(core) +1"}},
		"a word in a group":              {problems.Query{Words: []string{"porto"}}, []string{"core +2"}},
		"all words must be there":        {problems.Query{Words: []string{"http", "web1"}}, []string{"(core) +1"}},
		"a host group":                   {problems.Query{HostGroup: "porto"}, []string{"core +2"}},
		"a service group":                {problems.Query{ServiceGroup: "shop"}, []string{"(core) +1"}},
		"a group that is not there":      {problems.Query{HostGroup: "lisbon"}, nil},
		"a word that is nowhere":         {problems.Query{Words: []string{"nowhere"}}, nil},
		"by name":                        {problems.Query{Order: problems.ByName, Which: problems.All}, []string{"core +2", "web2/http", "web2/ssh"}},
		"state and word on the same one": {problems.Query{Words: []string{"web1"}, States: 1 << problems.Down}, nil},
	} {
		var got []string
		for _, row := range l.Choose(&test.q, site()).Rows {
			line := l.All[row.Problem].Ref.String()
			if !row.Self {
				line = "(" + line + ")"
			}
			if n := l.Suffer(row.Problem); n.Sum() > 0 {
				line += fmt.Sprintf(" +%d", row.Fit)
			}
			got = append(got, line)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestNumbersSayWhatAnotherFilterWouldGive(t *testing.T) {
	l := look("core DOWN problem", "web1 UNREACHABLE from=core", "web1/http UNKNOWN from=core", "web1/ssh UNKNOWN from=core", "web2/http CRITICAL problem ack", "web2/ssh WARNING soft")
	for s := range problems.State(5) {
		all := l.Choose(&problems.Query{}, site())
		only := l.Choose(&problems.Query{States: 1 << s}, site())
		given := 0
		for _, row := range only.Rows {
			if given += row.Fit; row.Self {
				given++
			}
		}
		if all.States[s] != given || only.States != all.States {
			t.Errorf("%s: %d are promised and %d given; then %v", s, all.States[s], given, only.States)
		}
	}
	for which, want := range map[problems.Which]int{problems.Open: 2, problems.Handled: 1, problems.All: 3} {
		c := l.Choose(&problems.Query{Which: which}, site())
		if c.Open != 2 || c.Handled != 1 || c.Soft != 1 || len(c.Rows) != want {
			t.Errorf("%d: %+v, %d rows", which, c, len(c.Rows))
		}
	}
}

func TestImpactsAreChosenAsRootsAre(t *testing.T) {
	l := look("core DOWN problem", "web1 UNREACHABLE from=core", "web1/http UNKNOWN from=core", "web1/ssh UNKNOWN from=core")
	got := []string{}
	for _, i := range l.Fitting(l.Find(ref("core")), &problems.Query{Words: []string{"web1", "ssh"}}, site()) {
		got = append(got, l.All[i].Ref.String())
	}
	if diff := cmp.Diff([]string{"web1/ssh"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsFineIsFoundByWhatItIsCalled(t *testing.T) {
	v := view.New()
	for _, line := range []string{"core UP", "web1 UP", "web1/http CRITICAL problem", "web1/ssh OK"} {
		v.Fill([]monitor.Status{told(line)}, 10)
	}
	for words, want := range map[string][]string{
		"web":               {"web1", "web2"},
		"10.0.0.1":          {"core"},
		"core porto":        {"core"},
		"http":              {"web2/http"}, // the other one is in trouble
		"web1 s":            {"web1/ssh"},
		"web2 http":         {"web2/http"},
		"shop":              nil,
		"nowhere":           nil,
		"":                  nil,
		"a b c d e f g h i": nil,
	} {
		found, all := problems.Find(v.Snapshot(), site(), strings.Fields(words), 10)
		var got []string
		for _, f := range found {
			got = append(got, f.Ref.String())
		}
		if diff := cmp.Diff(want, got); diff != "" || all != len(want) {
			t.Errorf("%q: %d; %s", words, all, diff)
		}
	}
	if found, all := problems.Find(v.Snapshot(), site(), []string{"web"}, 1); len(found) != 1 || all != 2 {
		t.Errorf("of two that are found one at most is given: %v of %d", found, all)
	}
}
