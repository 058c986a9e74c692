package outline

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// Detail is what people ask of one host.
type Detail struct {
	Host    string `json:"host"`
	Address string `json:"address,omitempty"`
	Alias   string `json:"alias,omitempty"`
	Output  string `json:"output,omitempty"`
	Shard   int    `json:"shard"`
	// Checked is when the last check began, in Unix seconds; 0 for never.
	Checked int64 `json:"checked"`
	// Parents are in the order of people, as are the first of its Children, of which there are Number; Behind it are more.
	Parents  []string `json:"parents"`
	Children []string `json:"children"`
	Number   int      `json:"number"`
	Behind   int      `json:"behind"`
	// Sources are the hosts that speak for it, Needs the first of those that its business rules follow from.
	Sources []string `json:"sources"`
	Needs   []string `json:"needs"`
	// Causes are the root problems that it suffers from.
	Causes []Cause `json:"causes"`
	Look
}

// Cause is a root problem.
type Cause struct {
	Host    string `json:"host"`
	Service string `json:"service,omitempty"`
}

// mostNamed is how many children a Detail names, mostOutput how many bytes of a check's output it has.
const mostNamed, mostOutput = 12, 500

// Host gives the details of a host.
func (p *Present) Host(at catalog.Place) *Detail {
	h, o, c := p.m.at(at), p.object(p.m.at(at)), p.m.index.Host(at)
	d := &Detail{
		Host: c.Name, Address: c.Address, Alias: c.Alias, Output: clip(o.Output()), Shard: int(at.Shard), Behind: int(p.m.behind[h]),
		Parents: p.names(p.m.graph.Parents(id(h))), Number: len(p.m.graph.Children(id(h))), Causes: []Cause{}, Look: p.look(h, true),
	}
	d.Children = p.names(p.m.graph.Children(id(h)))
	d.Children = d.Children[:min(len(d.Children), mostNamed)]
	d.Sources, d.Needs = p.named(p.m.feeds[h]), p.named(p.m.needs[h])
	if t := o.LastCheck(); t != 0 {
		d.Checked = t.Std().Unix()
	}
	if w := o.Seldom(); w != nil && w.Impact {
		for _, s := range w.Sources[:min(len(w.Sources), mostSources)] {
			d.Causes = append(d.Causes, Cause{s.Host, s.Service})
		}
	}
	return d
}

func (p *Present) names(of []monitor.ID) []string {
	all := make([]string, len(of))
	for i, h := range of {
		all[i] = p.m.name(int32(h))
	}
	slices.SortFunc(all, natural)
	return all
}

// named gives the names of the first of some hosts.
func (p *Present) named(of []int32) []string {
	all := []string{}
	for _, h := range of[:min(len(of), mostNamed)] {
		all = append(all, p.m.name(h))
	}
	return all
}

// clip cuts a text that is too long. The result is its own.
func clip(s string) string {
	if len(s) > mostOutput {
		s = strings.ToValidUTF8(s[:mostOutput], "") + " …"
	}
	return strings.Clone(s)
}
