package web

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/piggyback"
)

// box is what the page about piggyback shows. Lists are bounded, the worst first; numbers beside them say how many there are.
type box struct {
	Now  float64 `json:"now"`
	Line string  `json:"line"`
	Well bool    `json:"well"`
	// Payloads, Targets and Bytes count what is for hosts of this site, Classes all payloads by what becomes of them.
	Payloads int            `json:"payloads"`
	Targets  int            `json:"targets"`
	Shared   int            `json:"shared"` // targets of several sources
	Bytes    int            `json:"bytes"`
	Classes  map[string]int `json:"classes"`

	Sources      []sender   `json:"sources"`
	SourceCount  int        `json:"source_count"`
	SilentCount  int        `json:"silent_count"`
	Orphans      []orphan   `json:"orphans"`
	OrphanCount  int        `json:"orphan_count"`
	Conflicts    []conflict `json:"conflicts"`
	ConflictAll  int        `json:"conflict_count"`
	Dynamic      dynamic    `json:"dynamic"`
	DynamicCount int        `json:"dynamic_count"`
	// Site is what this one is called, Links the others; empty where there are none.
	Site    string            `json:"site"`
	Links   []siteLink        `json:"links"`
	Waiting []waitsFor        `json:"waiting"`
	Missing map[string]string `json:"missing,omitempty"`
}

// sender is a source with what becomes of its payloads.
type sender struct {
	Name   string  `json:"name"`
	Site   string  `json:"site,omitempty"`
	At     float64 `json:"at"`
	Silent bool    `json:"silent"`
	// Classes counts its payloads; Oldest is when the oldest of those for this site was fetched.
	Classes map[string]int `json:"classes"`
	Oldest  float64        `json:"oldest"`
}

// orphan is a name that no host has.
type orphan struct {
	Name    string   `json:"name"`
	Sources []string `json:"sources"`
	Count   int      `json:"source_count"`
	At      float64  `json:"at"` // when the newest payload was fetched
	Bytes   int      `json:"bytes"`
	// Rule fits and Why says why no host is made of it all the same; empty when no rule fits.
	Rule string `json:"rule,omitempty"`
	Why  string `json:"why,omitempty"`
}

// conflict is a host that different names became.
type conflict struct {
	Host  string   `json:"host"`
	Names []spoken `json:"names"`
}

// spoken is what sources call a host.
type spoken struct {
	Name    string   `json:"name"`
	Sources []string `json:"sources"`
}

// dynamic are the hosts that rules made, as GET /api/piggyback/dynamic gives them.
type dynamic struct {
	Hosts    []dynamicHost    `json:"hosts"`
	Refusals []dynamicRefusal `json:"refusals"`
	Made     uint64           `json:"made"`
	Gone     uint64           `json:"gone"`
}

// dynamicHost is a host that a rule made.
type dynamicHost struct {
	Name     string   `json:"host"`
	Source   string   `json:"source"`
	Rule     string   `json:"rule"`
	Since    float64  `json:"since"`
	Listed   float64  `json:"listed"`
	Services []string `json:"services"`
}

// dynamicRefusal says why a rule made no hosts.
type dynamicRefusal struct {
	Name   string   `json:"host"`
	Source string   `json:"source"`
	Rule   string   `json:"rule"`
	Why    string   `json:"why"`
	At     float64  `json:"at"`
	Hosts  int      `json:"hosts"`
	Others []string `json:"others,omitempty"`
}

// linked is which other sites there are, as GET /api/links gives it.
type linked struct {
	Site  string     `json:"site"`
	Links []siteLink `json:"links"`
}

// siteLink is another site.
type siteLink struct {
	Site    string  `json:"site"`
	There   bool    `json:"there"`
	Way     string  `json:"way"`
	Since   float64 `json:"since"`
	Seen    float64 `json:"seen"`
	RTT     float64 `json:"rtt"`
	Hosts   uint32  `json:"hosts"`
	In      uint64  `json:"in"`
	Out     uint64  `json:"out"`
	Waiting uint32  `json:"waiting"`
	Oldest  float64 `json:"oldest"`
	Trouble string  `json:"trouble,omitempty"`
}

// waitsFor is a queue to another site. It should be empty.
type waitsFor struct {
	Site   string  `json:"site"`
	Count  int     `json:"count"`
	Oldest float64 `json:"oldest"` // when the oldest payload was fetched
}

// sort puts all payloads in their places.
func (b *box) sort(seen *mailSeen) {
	b.Classes = map[string]int{}
	senders, orphans, queues := sendersOf(seen.Sources), map[string]*orphan{}, map[string]*waitsFor{}
	targets := map[string]int{}
	for i := range seen.Payloads {
		p := &seen.Payloads[i]
		class := p.class()
		b.Classes[class]++
		key := [2]string{p.Source, p.Site}
		s := senders[key]
		if s == nil {
			s = &sender{Name: p.Source, Site: p.Site, Classes: map[string]int{}}
			senders[key] = s
		}
		s.Classes[class]++
		switch class {
		case classOrphan:
			noteOrphan(orphans, p)
		case classWaiting:
			noteWaiting(queues, p)
		default:
			b.Payloads, b.Bytes = b.Payloads+1, b.Bytes+p.Bytes
			if targets[p.Target]++; targets[p.Target] == 2 {
				b.Shared++
			}
			if s.Oldest == 0 || p.At < s.Oldest {
				s.Oldest = p.At
			}
		}
	}
	b.Targets = len(targets)
	b.takeSenders(senders)
	b.takeOrphans(orphans)
	b.takeConflicts(seen.Payloads)
	for _, site := range slices.Sorted(maps.Keys(queues)) {
		b.Waiting = append(b.Waiting, *queues[site])
	}
	b.Waiting = atMost(b.Waiting, mostMail)
	b.DynamicCount = len(b.Dynamic.Hosts)
	b.Dynamic.Hosts, b.Dynamic.Refusals = atMost(b.Dynamic.Hosts, mostMail), atMost(b.Dynamic.Refusals, mostMail)
	b.Line, b.Well = b.line(), b.Classes[classOld] == 0 && b.SilentCount == 0 && b.ConflictAll == 0 && len(b.Waiting) == 0 && len(b.Missing) == 0
}

func sendersOf(sources []source) map[[2]string]*sender {
	all := map[[2]string]*sender{}
	for _, s := range sources {
		all[[2]string{s.Name, s.Site}] = &sender{Name: s.Name, Site: s.Site, At: s.At, Silent: s.Silent, Classes: map[string]int{}}
	}
	return all
}

// fewNames bounds the sources that are named of an orphan.
const fewNames = 5

func noteOrphan(orphans map[string]*orphan, p *payload) {
	o := orphans[p.Target]
	if o == nil {
		o = &orphan{Name: p.Target}
		orphans[p.Target] = o
	}
	o.Count++
	if len(o.Sources) < fewNames {
		o.Sources = append(o.Sources, p.Source)
	}
	o.At, o.Bytes = max(o.At, p.At), o.Bytes+p.Bytes
}

func noteWaiting(queues map[string]*waitsFor, p *payload) {
	q := queues[p.To]
	if q == nil {
		q = &waitsFor{Site: p.To, Oldest: p.At}
		queues[p.To] = q
	}
	q.Count++
	q.Oldest = min(q.Oldest, p.At)
}

// takeSenders puts those first that are silent or have old payloads, and then those with the most.
func (b *box) takeSenders(all map[[2]string]*sender) {
	b.SourceCount = len(all)
	weight := func(s *sender) int { return s.Classes[classOld]*4 + s.Classes[classValid] }
	total := func(s *sender) (n int) {
		for _, k := range s.Classes {
			n += k
		}
		return n
	}
	list := slices.SortedFunc(maps.Values(all), func(x, y *sender) int {
		return cmp.Or(-flagged(x.Silent, y.Silent), cmp.Compare(weight(y), weight(x)), cmp.Compare(total(y), total(x)), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Site, y.Site))
	})
	b.Sources = make([]sender, 0, min(len(list), mostMail))
	for _, s := range list {
		if s.Silent {
			b.SilentCount++
		}
		if len(b.Sources) < mostMail {
			b.Sources = append(b.Sources, *s)
		}
	}
}

// flagged compares so that what is set comes last.
func flagged(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (b *box) takeOrphans(all map[string]*orphan) {
	b.OrphanCount = len(all)
	for i := range b.Dynamic.Refusals {
		f := &b.Dynamic.Refusals[i]
		for _, name := range append([]string{f.Name}, f.Others...) {
			if o := all[name]; o != nil {
				o.Rule, o.Why = f.Rule, f.Why
			}
		}
	}
	list := slices.SortedFunc(maps.Values(all), func(x, y *orphan) int {
		return cmp.Or(cmp.Compare(y.At, x.At), cmp.Compare(x.Name, y.Name))
	})
	b.Orphans = make([]orphan, 0, min(len(list), mostMail))
	for _, o := range list[:min(len(list), mostMail)] {
		b.Orphans = append(b.Orphans, *o)
	}
}

func (b *box) takeConflicts(payloads []payload) {
	found := piggyback.Conflicts(func(yield func(piggyback.Pair) bool) {
		for i := range payloads {
			p := &payloads[i]
			if !yield(piggyback.Pair{Target: p.Target, Source: p.Source, Raw: strings.Join(p.Names, "\n")}) {
				return
			}
		}
	})
	b.ConflictAll, b.Conflicts = len(found), []conflict{}
	for _, c := range found[:min(len(found), mostMail)] {
		one := conflict{Host: c.Target}
		for i, name := range c.Names {
			one.Names = append(one.Names, spoken{name, atMost(c.Sources[i], fewNames)})
		}
		one.Names = atMost(one.Names, 10)
		b.Conflicts = append(b.Conflicts, one)
	}
}

// line says how it stands: 1 250 payloads of 12 sources for 1 249 hosts · 3 too old · 2 orphans · queues empty.
func (b *box) line() string {
	if b.SourceCount+b.Payloads+b.OrphanCount == 0 {
		return "no output holds payloads for other hosts"
	}
	parts := []string{fmt.Sprintf("%s of %s for %s", several(b.Payloads, "payload"), several(b.SourceCount, "source"), several(b.Targets, "host"))}
	add := func(n int, format string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, count(int64(n))))
		}
	}
	add(b.Classes[classOld], "%s too old")
	add(b.Classes[classValid], "%s left out by their source")
	add(b.SilentCount, "%s silent")
	add(b.ConflictAll, "%s in conflict")
	if b.OrphanCount > 0 {
		parts = append(parts, several(b.OrphanCount, "orphan"))
	}
	if n := b.Classes[classWaiting]; n > 0 {
		parts = append(parts, several(n, "payload")+" for other sites wait")
	} else {
		parts = append(parts, "queues empty")
	}
	return strings.Join(parts, " · ")
}

// atMost gives the first of rows; never nil.
func atMost[T any](rows []T, most int) []T { return append([]T{}, rows[:min(len(rows), most)]...) }
