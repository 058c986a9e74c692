package dynamic

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// Bounds of what is remembered of hosts that are not made.
const (
	// mostRefusals bounds the causes. What is beyond is neither remembered nor told: it would push out others, and be new each time.
	mostRefusals = 1000
	// mostNames bounds the hosts that are counted for a cause: no output speaks for more.
	mostNames = 20000
	// examples is how many of them are named.
	examples = 10
	// refusedFor is how long nothing may be refused for a cause until it counts as gone.
	refusedFor = 24 * time.Hour
	// retryAfter is how long a host that would break the configuration is not tried again, unless files are read in between.
	retryAfter = time.Hour
)

// cause is why hosts of a source are not made.
type cause struct{ rule, source, why string }

func causeOf(r *monitor.DynamicRefusal) cause { return cause{r.Rule, r.Source, r.Why} }

// tally counts the hosts that are refused for a cause, by the outputs of its source: those of the newest one come bit by bit, and
// of one that is followed soon by another not all may be seen, so that the largest of a few counts.
type tally struct {
	output monitor.Time
	names  map[string]bool
	before [3]int
	last   monitor.Time // when the newest was counted
}

func (t *tally) count() int { return max(len(t.names), slices.Max(t.before[:])) }

func (t *tally) add(host string, at, now monitor.Time) {
	if at > t.output {
		t.before, t.output = [3]int{t.before[1], t.before[2], len(t.names)}, at
		clear(t.names)
	}
	if len(t.names) < mostNames {
		t.names[host] = true
	}
	t.last = now
}

// refuse counts a host that is not made. What is to be told is given by refused.
func (l *List) refuse(c cause, host string, at, now monitor.Time) {
	t := l.tallies[c]
	if t == nil {
		if len(l.tallies) >= mostRefusals {
			return
		}
		t = &tally{names: map[string]bool{}}
		l.tallies[c] = t
	}
	t.add(host, at, now)
	l.touched[c] = true
}

// refused gives the causes for which hosts were refused since it was asked last, those that are new or that stop many more or far
// fewer hosts than was told.
func (l *List) refused(now monitor.Time) []Change {
	var changes []Change
	for c := range l.touched {
		t := l.tallies[c]
		i := slices.IndexFunc(l.refusals, func(r monitor.DynamicRefusal) bool { return causeOf(&r) == c })
		if i >= 0 && !differs(int(l.refusals[i].Hosts), t.count()) {
			continue
		}
		r := t.refusal(c, now)
		if i >= 0 {
			l.refusals[i] = r
		} else {
			l.refusals = append(l.refusals, r)
		}
		changes = append(changes, changeOfRefusal(RefusedNow, &r))
	}
	clear(l.touched)
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Source, b.Source), strings.Compare(a.Why, b.Why))
	})
	return changes
}

func changeOfRefusal(what string, r *monitor.DynamicRefusal) Change {
	return Change{What: what, Host: r.Name, Others: r.Others, Hosts: int(r.Hosts), Source: r.Source, Rule: r.Rule, Why: r.Why}
}

func (t *tally) refusal(c cause, now monitor.Time) monitor.DynamicRefusal {
	// The smallest names, so that the same ones are told each time.
	var names []string
	for name := range t.names {
		if i, _ := slices.BinarySearch(names, name); i < examples {
			names = slices.Insert(names, i, name)
			names = names[:min(len(names), examples)]
		}
	}
	return monitor.DynamicRefusal{
		Name: names[0], Source: c.source, Rule: c.rule, Why: c.why, At: now, Hosts: uint32(t.count()), Others: names[1:],
	}
}

// differs says whether a count changed so much that it is worth a line: a quarter of what was told, and ten hosts.
func differs(told, is int) bool {
	d := max(told-is, is-told)
	return d >= 10 && d > told/4
}

// remember takes over the refusals of before a restart.
func (l *List) remember() {
	for i := range l.refusals {
		r := &l.refusals[i]
		r.Hosts = max(r.Hosts, 1)
		l.tallies[causeOf(r)] = &tally{names: map[string]bool{}, before: [3]int{2: int(r.Hosts)}}
	}
}

// calm forgets the causes for which nothing was refused for long, and those of rules that make no hosts any more.
func (l *List) calm(now monitor.Time) []Change {
	var changes []Change
	l.dropRefusals(func(r *monitor.DynamicRefusal) bool {
		rule, t := l.rule(r.Rule), l.tallies[causeOf(r)]
		if t.last == 0 {
			t.last = now // remembered
		}
		gone := now.Sub(t.last) >= refusedFor || rule == nil || !rule.Enabled || rule.Gone != 0
		if gone {
			changes = append(changes, changeOfRefusal(RefusedNoMore, r))
		}
		return gone
	})
	return changes
}

// reset forgets the refusals of a rule that reads otherwise now.
func (l *List) reset(rules []monitor.DynamicRule) {
	l.dropRefusals(func(r *monitor.DynamicRefusal) bool {
		return !slices.ContainsFunc(rules, func(now monitor.DynamicRule) bool {
			return now.Name == r.Rule && reflect.DeepEqual(&now, l.rule(r.Rule))
		})
	})
}

func (l *List) dropRefusals(which func(*monitor.DynamicRefusal) bool) {
	l.refusals = slices.DeleteFunc(l.refusals, func(r monitor.DynamicRefusal) bool {
		gone := which(&r)
		if gone {
			delete(l.tallies, causeOf(&r))
		}
		return gone
	})
}
