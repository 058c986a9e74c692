// Package dynamic knows which hosts are made of payloads for hosts that nobody defined, how they would stand in a file, and
// when they go again. It only decides: the clock, the payloads and the files are the arbiter's.
package dynamic

import (
	"cmp"
	"maps"
	"slices"

	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// mostRemoved bounds the removed hosts that are remembered.
const mostRemoved = 20000

// List is the dynamic hosts of a site, and the rules that make them. One goroutine may use it.
type List struct {
	site  string
	hosts map[string]*monitor.DynamicHost
	rules []monitor.DynamicRule
	// perSource counts the hosts of each source by rule.
	perSource map[[2]string]int
	refusals  []monitor.DynamicRefusal
	// tallies count what is refused; touched are the causes for which more was since refused was called last.
	tallies map[cause]*tally
	touched map[cause]bool
	removed map[string]monitor.Time
	made    uint64
	gone    uint64
}

// New gives the list that was remembered, for a site whose name may be empty.
func New(site string, d monitor.Dynamics) *List {
	l := &List{
		site: site, hosts: map[string]*monitor.DynamicHost{}, rules: d.Rules, perSource: map[[2]string]int{},
		refusals: slices.Clone(d.Refusals), removed: d.Removed, made: d.Made, gone: d.Gone,
		tallies: map[cause]*tally{}, touched: map[cause]bool{},
	}
	l.remember()
	if l.removed == nil {
		l.removed = map[string]monitor.Time{}
	}
	for i := range d.Hosts {
		l.put(d.Hosts[i])
	}
	return l
}

func (l *List) put(h monitor.DynamicHost) {
	l.hosts[h.Name] = &h
	l.perSource[[2]string{h.Rule, h.Source}]++
}

func (l *List) take(h *monitor.DynamicHost) {
	delete(l.hosts, h.Name)
	l.perSource[[2]string{h.Rule, h.Source}]--
	l.gone++
}

// Dynamics gives all that is to be remembered. The lists are the caller's.
func (l *List) Dynamics() monitor.Dynamics {
	d := monitor.Dynamics{
		Rules: slices.Clone(l.rules), Refusals: slices.Clone(l.refusals), Removed: maps.Clone(l.removed), Made: l.made, Gone: l.gone,
	}
	for _, h := range l.sorted() {
		d.Hosts = append(d.Hosts, *h)
	}
	return d
}

func (l *List) sorted() []*monitor.DynamicHost {
	return slices.SortedFunc(maps.Values(l.hosts), func(a, b *monitor.DynamicHost) int { return cmp.Compare(a.Name, b.Name) })
}

// Len is how many hosts there are.
func (l *List) Len() int { return len(l.hosts) }

// Host gives a host by its name; nil if there is none. It is the list's.
func (l *List) Host(name string) *monitor.DynamicHost { return l.hosts[name] }

// Discovering is a host whose services are discovered, with its rule.
type Discovering struct {
	Name, Source string
	Rule         *monitor.DynamicRule
}

// Discovering gives the hosts whose services are discovered, sorted by name.
func (l *List) Discovering() []Discovering {
	var all []Discovering
	for _, h := range l.sorted() {
		if r := l.rule(h.Rule); r != nil && r.Discover && r.Gone == 0 {
			all = append(all, Discovering{h.Name, h.Source, r})
		}
	}
	return all
}

// What becomes of a host.
const (
	Made       = "made"
	Changed    = "changed"
	TakenOver  = "taken over"
	Removed    = "removed"
	RefusedNow = "refused"
	// RefusedNoMore: nothing was refused for the cause for long.
	RefusedNoMore = "refused no more"
)

// Change is what became of a host, and why. Why is empty where the rule says it all.
type Change struct {
	What               string
	Host, Source, Rule string
	Why                string
	// Hosts is how many it became of, for one cause; 0 is one. Others are some of them besides Host.
	Hosts  int
	Others []string
}

func changeOf(what string, h *monitor.DynamicHost, why string) Change {
	return Change{What: what, Host: h.Name, Source: h.Source, Rule: h.Rule, Why: why}
}

// Read takes the rules of files that were read again, and says which hosts those define: they are the list's no more. A rule that
// is not there any more, or is another site's now, is remembered as long as it has hosts.
func (l *List) Read(rules []monitor.DynamicRule, defined func(host string) bool, now monitor.Time) []Change {
	var changes []Change
	for _, h := range l.sorted() {
		if defined(h.Name) {
			l.take(h)
			changes = append(changes, changeOf(TakenOver, h, "the host is defined in a file now"))
		}
	}
	gone := slices.DeleteFunc(slices.Clone(l.rules), func(old monitor.DynamicRule) bool {
		return !l.here(&old) || !l.used(old.Name) || slices.ContainsFunc(rules, func(r monitor.DynamicRule) bool { return r.Name == old.Name && l.here(&r) })
	})
	l.reset(rules)
	l.retry(now)
	l.rules = slices.Clone(rules)
	for _, r := range gone {
		if r.Gone == 0 {
			r.Gone = now
		}
		// Under its name there may be a rule of another site: that one makes no hosts here, and this one makes no more.
		l.rules = append(l.rules, r)
	}
	return changes
}

func (l *List) used(rule string) bool {
	for key, n := range l.perSource {
		if key[0] == rule && n > 0 {
			return true
		}
	}
	return false
}

// here says whether the hosts of a rule are looked at in this site.
func (l *List) here(r *monitor.DynamicRule) bool { return r.Site == "" || r.Site == l.site }

// Makes says whether any rule makes hosts here.
func (l *List) Makes() bool {
	return slices.ContainsFunc(l.rules, func(r monitor.DynamicRule) bool { return r.Enabled && r.Gone == 0 && l.here(&r) })
}

// rule gives the rule of a host: the one that is in the files before one that was taken out; nil if it is forgotten.
func (l *List) rule(name string) *monitor.DynamicRule {
	for i := range l.rules {
		if r := &l.rules[i]; r.Name == name && l.here(r) {
			return r
		}
	}
	return nil
}

// Matcher says which rule makes a host. It never changes; any goroutine may use it.
type Matcher struct{ rules []matcherRule }

type matcherRule struct {
	monitor.DynamicRule
	sources, hosts piggyback.Patterns
	here           bool
}

// Matcher gives the matcher for the present rules.
func (l *List) Matcher() *Matcher {
	m := &Matcher{}
	for _, r := range l.rules {
		if !r.Enabled || r.Gone != 0 {
			continue
		}
		one := matcherRule{DynamicRule: r, here: l.here(&r)}
		// The loader refuses expressions that are wrong.
		one.sources, _ = piggyback.CompilePatterns(r.Sources)
		one.hosts, _ = piggyback.CompilePatterns(r.Hosts)
		m.rules = append(m.rules, one)
	}
	return m
}

// Rule gives the rule that makes a host of a source's payload here; nil if there is none. It is the matcher's.
func (m *Matcher) Rule(host, source string) *monitor.DynamicRule {
	for i := range m.rules {
		r := &m.rules[i]
		if (len(r.Sources) == 0 || r.sources.Fit(source)) && (len(r.Hosts) == 0 || r.hosts.Fit(host)) {
			if !r.here {
				return nil
			}
			return &r.DynamicRule
		}
	}
	return nil
}
