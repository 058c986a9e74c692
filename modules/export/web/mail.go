package web

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor/amount"
	"github.com/onbu/onbu/monitor/api"
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

	Sources      []sender     `json:"sources"`
	SourceCount  int          `json:"source_count"`
	SilentCount  int          `json:"silent_count"`
	OrphanCount  int          `json:"orphan_count"`
	Conflicts    []conflict   `json:"conflicts"`
	ConflictAll  int          `json:"conflict_count"`
	Dynamic      api.Dynamics `json:"dynamic"`
	DynamicCount int          `json:"dynamic_count"`
	// Site is what this one is called, Links the others; empty where there are none.
	Site    string            `json:"site"`
	Links   []api.Link        `json:"links"`
	Waiting []waitsFor        `json:"waiting"`
	Missing map[string]string `json:"missing,omitempty"`
}

// sender is a source with what becomes of its payloads.
type sender struct {
	Name string  `json:"name"`
	Site string  `json:"site,omitempty"`
	At   float64 `json:"at"`
	// Silent says that its newest output held no payload, or, with Unheard, that there is none of when it was asked last.
	Silent  bool `json:"silent"`
	Unheard bool `json:"unheard,omitempty"`
	// Classes counts its payloads; Oldest is when the oldest of those for this site was fetched.
	Classes map[string]int `json:"classes"`
	Oldest  float64        `json:"oldest"`
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

// waitsFor is a queue to another site. It should be empty.
type waitsFor struct {
	Site   string  `json:"site"`
	Count  int     `json:"count"`
	Oldest float64 `json:"oldest"` // when the oldest payload was fetched
}

// sort puts all payloads in their places.
func (b *box) sort(seen *api.Payloads, now *view.Snapshot) {
	b.Classes = map[string]int{}
	senders, orphans, queues := sendersOf(seen.Sources, now), map[string]struct{}{}, map[string]*waitsFor{}
	targets := map[string]int{}
	for i := range seen.Payloads {
		p := &seen.Payloads[i]
		class := classOf(p)
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
			orphans[p.Target] = struct{}{}
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
	b.OrphanCount = len(orphans)
	b.takeConflicts(seen.Payloads)
	for _, site := range slices.Sorted(maps.Keys(queues)) {
		b.Waiting = append(b.Waiting, *queues[site])
	}
	b.Waiting = atMost(b.Waiting, mostMail)
	b.DynamicCount = len(b.Dynamic.Hosts)
	b.Dynamic.Hosts, b.Dynamic.Refusals = atMost(b.Dynamic.Hosts, mostMail), atMost(b.Dynamic.Refusals, mostMail)
	b.Line, b.Well = b.line(), b.Classes[classOld] == 0 && b.SilentCount == 0 && b.ConflictAll == 0 && len(b.Waiting) == 0 && len(b.Missing) == 0
}

func sendersOf(sources []api.Source, now *view.Snapshot) map[[2]string]*sender {
	all := map[[2]string]*sender{}
	for _, s := range sources {
		gone := s.Site == "" && !s.Silent && unheard(now, s.Name, s.At) // of other sites' hosts nothing is known here
		all[[2]string{s.Name, s.Site}] = &sender{Name: s.Name, Site: s.Site, At: s.At, Silent: s.Silent || gone, Unheard: gone, Classes: map[string]int{}}
	}
	return all
}

func noteWaiting(queues map[string]*waitsFor, p *api.Payload) {
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

func (b *box) takeConflicts(payloads []api.Payload) {
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
	parts := []string{fmt.Sprintf("%s of %s for %s", amount.Several(b.Payloads, "payload"), amount.Several(b.SourceCount, "source"), amount.Several(b.Targets, "host"))}
	add := func(n int, format string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, amount.Count(int64(n))))
		}
	}
	add(b.Classes[classOld], "%s too old")
	add(b.Classes[classValid], "%s left out by their source")
	add(b.SilentCount, "%s silent")
	add(b.ConflictAll, "%s in conflict")
	if b.OrphanCount > 0 {
		parts = append(parts, amount.Several(b.OrphanCount, "orphan"))
	}
	if n := b.Classes[classWaiting]; n > 0 {
		parts = append(parts, amount.Several(n, "payload")+" for other sites wait")
	} else {
		parts = append(parts, "queues empty")
	}
	return strings.Join(parts, " · ")
}

// atMost gives the first of rows; never nil.
func atMost[T any](rows []T, most int) []T { return append([]T{}, rows[:min(len(rows), most)]...) }
