package objects

import (
	"cmp"
	"maps"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// verify looks at the configuration as a whole.
func (l *loader) verify() {
	l.checkPresent()
	l.circles(kHost, len(l.config.Hosts), func(i uint32) []uint32 { return l.config.Hosts[i].Parents }, "are parents of one another")
	l.circles(kTimeperiod, len(l.config.Timeperiods), func(i uint32) []uint32 { return l.excludes[i] }, "exclude one another")
	l.dependencyCircles()
	l.serviceParentCircles()
	l.mixedCircles()
	l.ruleCircles()
}

// checkPresent complains where there is nothing at all to watch, as Nagios does.
func (l *loader) checkPresent() {
	if l.shinken {
		return
	}
	for _, k := range []kind{kHost, kContact} {
		if len(l.names[k]) == 0 {
			l.errorAt(Pos{}, "no %s is defined: look whether cfg_file and cfg_dir name the right files", k)
		}
	}
	if len(l.config.Services) == 0 {
		l.errorAt(Pos{}, "no service is defined: look whether cfg_file and cfg_dir name the right files")
	}
}

// circles finds circles among n objects of a kind. It walks without recursion: a chain may be as long as there are hosts.
func (l *loader) circles(k kind, n int, next func(uint32) []uint32, how string) {
	walkCircles(n, next, func(circle []uint32) { l.circle(k, circle, how) })
}

// step is a place on a walk: a node, and how many of those after it have been gone to.
type step struct {
	node uint32
	gone int
}

// walkCircles calls found for each circle that a walk through all nodes comes upon.
func walkCircles(n int, next func(uint32) []uint32, found func([]uint32)) {
	state := make([]uint8, n) // 0 not seen, 1 on the path, 2 done
	var path []step
	for start := range n {
		if state[start] != 0 {
			continue
		}
		state[start] = 1
		path = append(path[:0], step{node: uint32(start)})
		for len(path) > 0 {
			at := &path[len(path)-1]
			after := next(at.node)
			if at.gone == len(after) {
				state[at.node] = 2
				path = path[:len(path)-1]
				continue
			}
			to := after[at.gone]
			at.gone++
			switch state[to] {
			case 0:
				state[to] = 1
				path = append(path, step{node: to})
			case 1:
				found(tail(path, to))
			}
		}
	}
}

// tail gives the nodes of a path from one on.
func tail(path []step, from uint32) []uint32 {
	i := len(path) - 1
	for path[i].node != from {
		i--
	}
	var list []uint32
	for ; i < len(path); i++ {
		list = append(list, path[i].node)
	}
	return list
}

// tie says that from needs to, as pos says.
type tie struct {
	from, to Target
	pos      Pos
}

// dependencyCircles finds circles among dependencies, those for checks and those for notifications each for themselves.
func (l *loader) dependencyCircles() {
	var checks, notices []tie
	for i := range l.config.Dependencies {
		d := &l.config.Dependencies[i]
		if d.Execution != 0 {
			checks = append(checks, tie{d.Dependent, d.Master, d.Pos})
		}
		if d.Notification != 0 {
			notices = append(notices, tie{d.Dependent, d.Master, d.Pos})
		}
	}
	const text = "%s dependencies form a circle: %s: take one of the steps away"
	tieCircles(checks, func(at Pos, circle []Target) { l.errorAt(at, text, "execution", l.targets(circle)) })
	tieCircles(notices, func(at Pos, circle []Target) { l.errorAt(at, text, "notification", l.targets(circle)) })
}

// ruleCircles finds business rules that are, near or far, members of themselves: once they fail they would never recover.
func (l *loader) ruleCircles() {
	rules := map[Target]bool{}
	for i := range l.config.Rules {
		rules[l.config.Rules[i].Target] = true
	}
	var ties []tie
	for i := range l.config.Rules {
		r := &l.config.Rules[i]
		for _, m := range r.Members {
			if rules[m] {
				ties = append(ties, tie{r.Target, m, r.Pos})
			}
		}
	}
	tieCircles(ties, func(at Pos, circle []Target) {
		l.errorAt(at, "business rules are members of one another in a circle: %s: name the members so that none leads back", l.targets(circle))
	})
}

// tieCircles calls found for each circle that ties form.
func tieCircles(ties []tie, found func(Pos, []Target)) {
	ids := map[Target]uint32{}
	var nodes []Target
	var after [][]uint32
	id := func(t Target) uint32 {
		n, ok := ids[t]
		if !ok {
			n = uint32(len(nodes))
			ids[t] = n
			nodes, after = append(nodes, t), append(after, nil)
		}
		return n
	}
	where := map[uint32]Pos{}
	for _, t := range ties {
		from, to := id(t.from), id(t.to)
		after[from] = append(after[from], to)
		where[from] = t.pos
	}
	walkCircles(len(nodes), func(n uint32) []uint32 { return after[n] }, func(circle []uint32) {
		list := make([]Target, 0, len(circle))
		for _, n := range circle {
			list = append(list, nodes[n])
		}
		found(where[circle[0]], list)
	})
}

// targets writes a circle of objects.
func (l *loader) targets(circle []Target) string {
	var list []string
	for _, t := range circle {
		list = append(list, l.targetName(t))
	}
	return path(list)
}

// serviceParentCircles warns of services that lie behind one another: Nagios takes them, and then tells nobody while all in
// the circle fail.
func (l *loader) serviceParentCircles() {
	var ties []tie
	target := func(service uint32) Target { return Target{l.config.Services[service].Host, int32(service)} }
	for _, e := range l.config.ServiceParents {
		ties = append(ties, tie{target(e.Child), target(e.Parent), e.Pos})
	}
	tieCircles(ties, func(at Pos, circle []Target) {
		l.warnAt(at, "services are parents of one another in a circle: %s: nobody is told while all of them fail; take one of the steps away", l.targets(circle))
	})
}

// mixedCircles warns of objects that stand on one another over ties of different kinds: when they fail each is taken for the
// cause of the other, and nobody is told. Nagios takes them, and does the same.
func (l *loader) mixedCircles() {
	if len(l.config.Dependencies)+len(l.config.Rules) == 0 {
		return
	}
	var ties []tie
	kinds := map[[2]Target]string{}
	add := func(kind string, from, to Target, pos Pos) {
		ties = append(ties, tie{from, to, pos})
		kinds[[2]Target{from, to}] = kind
	}
	l.tiesOfObjects(add)
	tieCircles(ties, func(at Pos, circle []Target) {
		for i, from := range circle {
			if kinds[[2]Target{from, circle[(i+1)%len(circle)]}] != kinds[[2]Target{circle[0], circle[1%len(circle)]}] {
				l.warnAt(at, "objects stand on one another in a circle of parents, dependencies and business rules: %s: when they fail nobody is told; take one of the steps away", l.targets(circle))
				return
			}
		}
	})
}

// tiesOfObjects adds what objects stand on: the masters of their dependencies, members of rules, their parents, and the
// hosts of services that any of it is about. A host that is a rule does not explain its services: it may be made of them.
func (l *loader) tiesOfObjects(add func(kind string, from, to Target, pos Pos)) {
	c, services, rules := l.config, map[Target]bool{}, map[Target]bool{}
	note := func(targets ...Target) {
		for _, t := range targets {
			if t.Service >= 0 {
				services[t] = true
			}
		}
	}
	for i := range c.Dependencies {
		if d := &c.Dependencies[i]; d.Notification != 0 {
			add("dependency", d.Dependent, d.Master, d.Pos)
			note(d.Dependent, d.Master)
		}
	}
	for i := range c.Rules {
		rules[c.Rules[i].Target] = true
		for _, m := range c.Rules[i].Members {
			add("rule", c.Rules[i].Target, m, c.Rules[i].Pos)
			note(c.Rules[i].Target, m)
		}
	}
	for i := range c.Hosts {
		for _, parent := range c.Hosts[i].Parents {
			add("parent", Target{uint32(i), monitor.None}, Target{parent, monitor.None}, c.Hosts[i].Pos)
		}
	}
	order := func(a, b Target) int { return cmp.Compare(a.Service, b.Service) }
	for _, t := range slices.SortedFunc(maps.Keys(services), order) {
		host := Target{t.Host, monitor.None}
		if !rules[host] && !c.Settings[c.Services[t.Service].Settings].NoHostDependency {
			add("host", t, host, c.Services[t.Service].Pos)
		}
	}
}

func (l *loader) targetName(t Target) string {
	name := l.config.Hosts[t.Host].Name
	if t.Service >= 0 {
		name += "/" + l.config.Services[t.Service].Description
	}
	return name
}

// finish puts the last things in order.
func (l *loader) finish() {
	if len(l.config.Realms) <= 1 {
		l.config.Understood = slices.DeleteFunc(l.config.Understood, aboutRealms)
	}
	sortUnderstood(l.config.Understood)
	l.config.Texts, l.config.Sum = l.opts.Texts, l.sum()
	if (l.opts.Keep || len(l.config.DynamicRules) > 0) && l.config.Texts == nil {
		l.config.Texts = l.keepTexts()
	}
}

// aboutRealms tells what is missed only where there are several realms.
func aboutRealms(u Understood) bool {
	return u.Directive == "realm" || u.Directive == known.names[keySubRealms]
}
