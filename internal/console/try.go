package console

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor/api"
)

// Try finds out what rules would do to the names in payloads.
func Try(rules *piggyback.Rules, p *api.Payloads, known *api.Known) *api.Trial {
	type spoken struct{ source, name string }
	before := map[spoken][]string{}
	for i := range p.Payloads {
		one := &p.Payloads[i]
		for _, name := range one.Names {
			key := spoken{one.Source, name}
			before[key] = append(before[key], one.Target)
		}
	}
	homes := homesOf(known)
	t := &api.Trial{}
	var pairs []piggyback.Pair
	for key, targets := range before {
		slices.Sort(targets)
		n := api.TriedName{Source: key.source, Name: key.name, Before: slices.Compact(targets)}
		after, verdict := rules.Translate(key.source, []byte(key.name))
		n.After, n.Verdict = slices.Sorted(slices.Values(after)), verdict.String()
		for _, host := range n.After {
			n.Where = append(n.Where, cmp.Or(homes[host], api.Orphan))
			pairs = append(pairs, piggyback.Pair{Target: host, Source: key.source, Raw: key.name})
		}
		t.Names = append(t.Names, n)
	}
	slices.SortFunc(t.Names, func(a, b api.TriedName) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Name, b.Name))
	})
	for _, c := range piggyback.Conflicts(slices.Values(pairs)) {
		t.Conflicts = append(t.Conflicts, c.String())
	}
	return t
}

// homesOf says where each host is looked at.
func homesOf(known *api.Known) map[string]string {
	homes := map[string]string{}
	for site, hosts := range known.Sites {
		for _, h := range hosts {
			homes[h] = site
		}
	}
	for _, h := range known.Here {
		homes[h] = api.Here
	}
	return homes
}

// TrialTable shows what changes; with all, what stays as it is too.
func TrialTable(w io.Writer, t *api.Trial, all bool, s Style) {
	g := grid{head: []string{"SOURCE", "NAME", "BEFORE", "", "AFTER", "WHERE"}, state: -1}
	changed, orphans, dropped := 0, 0, 0
	for i := range t.Names {
		n := &t.Names[i]
		if n.Changes() {
			changed++
		}
		where := strings.Join(n.Where, ", ")
		switch {
		case len(n.After) == 0:
			dropped++
			where = n.Verdict
		case slices.Contains(n.Where, api.Orphan):
			orphans++
		}
		if all || n.Changes() {
			g.add(Shown(n.Source), Shown(n.Name), shownAll(n.Before), "->", cmp.Or(shownAll(n.After), "-"), where)
		}
	}
	fmt.Fprintf(w, "%s: %d would change, %d would be orphans, %d would be for nobody; %s\n",
		count(len(t.Names), "name"), changed, orphans, dropped, count(len(t.Conflicts), "conflict"))
	if len(g.rows) > 0 {
		g.draw(w, s)
	}
	for _, c := range t.Conflicts {
		fmt.Fprintf(w, "conflict: %s\n", printable(c))
	}
}
