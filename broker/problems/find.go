package problems

import (
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// Found is a host or service that was looked for.
type Found struct {
	monitor.Ref
	State monitor.State
	// Alias is the host's, where it is another than its name.
	Alias, Address string
}

// Find gives the first objects, by name, that are in no trouble and whose names, aliases and addresses have all words, and how many
// there are at all. Words are in small letters. Services are given whose own names have one of the words at least: of the others,
// their host stands for them.
func Find(s *view.Snapshot, x *catalog.Index, words []string, most int) (first []Found, all int) {
	if len(words) == 0 || len(words) > mostWords {
		return nil, 0
	}
	f := finder{s: s, x: x, words: words, most: most}
	for _, p := range x.Hosts {
		f.host(p)
	}
	return f.found, f.all
}

// mostWords is how many words are looked for at most: a bit for each.
const mostWords = 8

type finder struct {
	s     *view.Snapshot
	x     *catalog.Index
	words []string
	most  int
	found []Found
	all   int
}

// in gives a bit for each word that is in a text.
func (f *finder) in(text string) (set uint8) {
	for n, word := range f.words {
		if contains(text, word) {
			set |= 1 << n
		}
	}
	return set
}

func (f *finder) host(p catalog.Place) {
	h, whole := f.x.Host(p), uint8(1)<<len(f.words)-1
	of := f.in(h.Name) | f.in(h.Address)
	if h.Alias != h.Name {
		of |= f.in(h.Alias)
	}
	if h.DisplayName != h.Name && h.DisplayName != h.Alias {
		of |= f.in(h.DisplayName)
	}
	if of == whole {
		f.add(h, "")
	}
	inv := f.x.Inventory(p)
	f.x.Descriptions(p, func(id monitor.ID, description string) bool {
		own := f.in(description)
		if extra := inv.Service(id).Extra; extra != nil {
			own |= f.in(extra.DisplayName)
		}
		if own != 0 && own|of == whole {
			f.add(h, description)
		}
		return true
	})
}

// add takes a match, unless it is in trouble: then it is among the problems.
func (f *finder) add(h *monitor.Host, service string) {
	of := monitor.Ref{Host: h.Name, Service: service}
	o := f.object(of)
	if inTrouble(o) {
		return
	}
	if f.all++; len(f.found) >= f.most {
		return
	}
	found := Found{Ref: of, State: o.State(), Address: h.Address}
	if h.Alias != h.Name {
		found.Alias = h.Alias
	}
	f.found = append(f.found, found)
}

// object gives what is known of an object: nothing yet, perhaps.
func (f *finder) object(of monitor.Ref) view.Object {
	i, ok := f.s.Find(of.Host)
	if !ok {
		return f.s.Pending()
	}
	h := f.s.Host(i)
	if of.IsHost() {
		return h.Object()
	}
	if j, ok := h.Find(of.Service); ok {
		_, o := h.Service(j)
		return o
	}
	return f.s.Pending()
}
