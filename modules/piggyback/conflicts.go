package piggyback

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Raws parts the names that a payload's Raw holds.
func Raws(raw string) []string { return strings.Split(raw, "\n") }

// Pair is what a source calls a host.
type Pair struct {
	Target, Source string
	Raw            string // as in a payload
}

// Conflict is a host that different names became.
type Conflict struct {
	Target string
	// Names are the names as they stand in outputs, sorted; Sources says who uses each.
	Names   []string
	Sources [][]string
}

// String tells it in a sentence.
func (c Conflict) String() string {
	words := make([]string, len(c.Names))
	for i, name := range c.Names {
		words[i] = fmt.Sprintf("%q from %s", name, strings.Join(c.Sources[i], ", "))
	}
	return fmt.Sprintf("%s: %s", c.Target, strings.Join(words, "; "))
}

// Conflicts finds the hosts that different names became, in one output or in those of several sources, sorted by host. Names
// that differ in nothing but case, or in a domain that only one of them has, are the same name: sources write them as they please.
func Conflicts(pairs iter.Seq[Pair]) []Conflict {
	type use struct{ raw, source string }
	by := map[string][]use{}
	for p := range pairs {
		for _, raw := range Raws(p.Raw) {
			by[p.Target] = append(by[p.Target], use{raw, p.Source})
		}
	}
	var all []Conflict
	for target, uses := range by {
		if len(uses) < 2 {
			continue
		}
		slices.SortFunc(uses, func(a, b use) int { return cmp.Or(cmp.Compare(a.raw, b.raw), cmp.Compare(a.source, b.source)) })
		c := Conflict{Target: target}
		for _, u := range uses {
			if n := len(c.Names); n == 0 || c.Names[n-1] != u.raw {
				c.Names, c.Sources = append(c.Names, u.raw), append(c.Sources, nil)
			}
			n := len(c.Names) - 1
			c.Sources[n] = append(c.Sources[n], u.source)
		}
		if differ(c.Names) {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b Conflict) int { return cmp.Compare(a.Target, b.Target) })
	return all
}

// differ says whether names are more than spellings of one.
func differ(names []string) bool {
	longest := ""
	for _, n := range names {
		if len(n) > len(longest) {
			longest = n
		}
	}
	longest = strings.ToLower(longest)
	return slices.ContainsFunc(names, func(n string) bool {
		n = strings.ToLower(n)
		return n != longest && !strings.HasPrefix(longest, n+".")
	})
}

// listed writes names one after the other, at most a few of them.
func listed(names []string) string {
	quoted := make([]string, 0, len(names))
	for _, n := range names[:min(len(names), 4)] {
		if len(n) > 80 {
			n = n[:80] + "..."
		}
		quoted = append(quoted, fmt.Sprintf("%q", n))
	}
	if more := len(names) - len(quoted); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(quoted, ", "), more)
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " and " + quoted[len(quoted)-1]
}
