package bprule_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/onbu/onbu/deptree/bprule"
	"github.com/onbu/onbu/monitor"
)

// part is a slow and obvious expression: it makes its own text and works its state out of the states of all leaves, one
// sentence of docs and dependencynode.py after the other.
type part struct {
	operator string // "", "&", "|", "of"
	not      bool
	leaf     int // number of a service
	x, y, z  int
	percent  [3]bool
	triple   bool
	sons     []*part
}

func randomPart(r *rand.Rand, depth int) *part {
	p := &part{not: r.IntN(4) == 0, leaf: r.IntN(5)}
	if depth == 0 || r.IntN(3) == 0 {
		return p
	}
	p.operator = []string{"&", "|", "of"}[r.IntN(3)]
	for range 2 + r.IntN(3) {
		p.sons = append(p.sons, randomPart(r, depth-1))
	}
	p.triple = r.IntN(2) == 0
	p.x, p.y, p.z = r.IntN(9)-4, r.IntN(9)-4, r.IntN(9)-4
	if !p.triple {
		p.y, p.z = 0, 0
	}
	for i, n := range []*int{&p.x, &p.y, &p.z} {
		if (p.triple || i == 0) && r.IntN(3) == 0 {
			*n *= 20
			p.percent[i] = true
		}
	}
	return p
}

func (p *part) text(r *rand.Rand) string {
	blank := strings.Repeat(" ", r.IntN(2))
	s := fmt.Sprintf("h,s%d", p.leaf)
	if p.operator != "" {
		operator := p.operator
		s = "(" + blank
		if operator == "of" {
			operator = "|"
			s += p.number(p.x, 0)
			if p.triple {
				s += "," + p.number(p.y, 1) + "," + p.number(p.z, 2)
			}
			s += " of:" + blank
		}
		for i, son := range p.sons {
			if i > 0 {
				s += blank + operator + blank
			}
			s += son.text(r)
		}
		s += ")"
	}
	if p.not {
		s = "!" + blank + s
	}
	return s
}

func (p *part) number(n, i int) string {
	if p.percent[i] {
		return fmt.Sprintf("%d%%", n)
	}
	return fmt.Sprint(n)
}

func (p *part) state(leaves []monitor.State) monitor.State {
	s := p.upright(leaves)
	if p.not && s == monitor.OK {
		return monitor.Critical
	}
	if p.not && s == monitor.Critical {
		return monitor.OK
	}
	return s
}

func (p *part) upright(leaves []monitor.State) monitor.State {
	if p.operator == "" {
		return leaves[p.leaf]
	}
	worst, best := monitor.OK, monitor.Unknown
	var ok, warn, crit int
	for _, son := range p.sons {
		s := son.state(leaves)
		best = min(best, s)
		if s == monitor.Critical || worst != monitor.Critical && s > worst {
			worst = s
		}
		switch s {
		case monitor.OK:
			ok++
		case monitor.Warning:
			warn++
		case monitor.Critical:
			crit++
		}
	}
	switch p.operator {
	case "&":
		return worst
	case "|":
		return best
	}
	if p.enough(crit, p.z, 2) {
		return monitor.Critical
	}
	if p.enough(warn+crit, p.y, 1) {
		return monitor.Warning
	}
	if p.enough(ok, p.x, 0) {
		return monitor.OK
	}
	if p.triple {
		return monitor.OK
	}
	return worst
}

func (p *part) enough(real, search, i int) bool {
	all := len(p.sons)
	if search == 0 {
		return real >= all
	}
	if p.percent[i] {
		if search < 0 {
			search = max(100+search, 0)
		}
		return float64(real)/float64(all)*100 >= float64(search)
	}
	if search < 0 {
		search = max(all+search, 0)
	}
	return real >= search
}

func TestRulesAreWhatTheModelSays(t *testing.T) {
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 6))
		p := randomPart(r, 3)
		s := &site{hosts: []string{"h"}}
		leaves := make([]monitor.State, 5)
		for i := range leaves {
			s.services = append(s.services, monitor.Ref{Host: "h", Service: fmt.Sprint("s", i)})
			leaves[i] = monitor.State(r.IntN(4))
		}
		text := p.text(r)
		e, err := bprule.Parse(text)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, text, err)
		}
		rule, err := e.Bind(0, s)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, text, err)
		}
		got := rule.State(func(id monitor.ID) monitor.State { return leaves[id-100] })
		if want := p.state(leaves); got != want {
			t.Fatalf("seed %d: %s with %v is %v, the model says %v", seed, text, leaves, got, want)
		}
	}
}
