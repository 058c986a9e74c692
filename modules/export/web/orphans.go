package web

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor/api"
)

// orphan is a name that no host has.
type orphan struct {
	Name    string   `json:"name"`
	Sources []string `json:"sources"`
	Count   int      `json:"source_count"`
	At      float64  `json:"at"` // when the newest payload was fetched
	// Since is when it was seen first, 0 for nobody knows; AtLeast says that it was there before the broker began to look.
	Since   float64 `json:"since,omitempty"`
	AtLeast bool    `json:"at_least,omitempty"`
	Bytes   int     `json:"bytes"`
	// Rule fits and Why says why no host is made of it all the same; empty when no rule fits.
	Rule string `json:"rule,omitempty"`
	Why  string `json:"why,omitempty"`
}

// fewNames bounds the sources that are named of an orphan.
const fewNames = 5

func (o *orphan) note(p *api.Payload) {
	o.Count++
	if len(o.Sources) < fewNames {
		o.Sources = append(o.Sources, p.Source)
	}
	if o.Count == 1 || p.Since < o.Since {
		o.Since, o.AtLeast = p.Since, p.AtLeast
	}
	o.At, o.Bytes = max(o.At, p.At), o.Bytes+p.Bytes
}

// orphansOf gives the names that fit, each once, with what rules say of them. part is part of a name or of that of one of its sources, in
// lower case; what is said of a name is the same whatever is looked for.
func orphansOf(payloads []api.Payload, refusals []api.DynamicRefusal, part string) []*orphan {
	by, fits := map[string]*orphan{}, map[string]bool{}
	for i := range payloads {
		p := &payloads[i]
		if classOf(p) != classOrphan {
			continue
		}
		o := by[p.Target]
		if o == nil {
			o = &orphan{Name: p.Target}
			by[p.Target] = o
		}
		o.note(p)
		if part != "" && (strings.Contains(strings.ToLower(p.Target), part) || strings.Contains(strings.ToLower(p.Source), part)) {
			fits[p.Target] = true
		}
	}
	maps.DeleteFunc(by, func(name string, _ *orphan) bool { return part != "" && !fits[name] })
	for i := range refusals {
		f := &refusals[i]
		for _, name := range append([]string{f.Name}, f.Others...) {
			if o := by[name]; o != nil {
				o.Rule, o.Why = f.Rule, f.Why
			}
		}
	}
	return slices.Collect(maps.Values(by))
}

// inOrder sorts orphans: by name, those that were seen last first (old says the other way), or, by since, those that are newest.
func inOrder(all []*orphan, order string) {
	slices.SortFunc(all, func(x, y *orphan) int {
		by := 0
		switch order {
		case "new":
			by = cmp.Compare(y.Since, x.Since)
		case "old":
			by = cmp.Compare(x.Since, y.Since)
		case "seen":
			by = cmp.Compare(y.At, x.At)
		}
		return cmp.Or(by, cmp.Compare(x.Name, y.Name))
	})
}

// orphanRows is how many orphans one answer has.
const orphanRows = 100

// findOrphans gives a part of the orphans of this site: q= is part of a name, order= name, new, old or seen, offset= where it begins.
func (m *Module) findOrphans(r *http.Request, _ sign.Person) (any, error) {
	seen, err := m.mail(r.Context())
	if err != nil {
		return nil, err
	}
	var made api.Dynamics
	_ = m.ask(r.Context(), "/api/piggyback/dynamic", &made) // the page says elsewhere that they are not known
	q := r.URL.Query()
	all := orphansOf(seen.Payloads, made.Refusals, strings.ToLower(q.Get("q")))
	inOrder(all, q.Get("order"))
	from := window(q.Get("offset"), len(all), orphanRows)
	return map[string]any{"now": seen.Now, "orphans": atMost(all[from:], orphanRows), "all": len(all), "offset": from}, nil
}

// window gives where a part begins of a list that may have become shorter than who asks believes.
func window(offset string, all, size int) int {
	from, err := strconv.Atoi(offset)
	if err != nil || from < 0 || all == 0 {
		return 0
	}
	return min(from, (all-1)/size*size)
}

const (
	// elsewhereEvery is how old what other sites said may be: asking all of them is work for them.
	elsewhereEvery = 30 * time.Second
	// elsewhereFor bounds one look.
	elsewhereFor = 15 * time.Second
)

// elsewhere keeps what other sites said of their orphans. Any goroutine may use it.
type elsewhere struct {
	mu    sync.Mutex
	sites []orphansAt
	at    time.Time
}

// orphansAt are the orphans of a site, as GET /api/piggyback/orphans gives them: names, and nothing else.
type orphansAt struct {
	Site  string   `json:"site"`
	Names []string `json:"names"`
	All   int      `json:"all"`
	Error string   `json:"error,omitempty"`
}

// findElsewhere gives the orphans of other sites: of each the first that fit q=, and how many do.
func (m *Module) findElsewhere(r *http.Request, _ sign.Person) (any, error) {
	sites, err := m.orphansElsewhere(r.Context())
	if err != nil {
		return nil, err
	}
	part := strings.ToLower(r.URL.Query().Get("q"))
	out := make([]orphansAt, 0, len(sites))
	for _, s := range sites {
		fits := orphansAt{Site: s.Site, Names: []string{}, Error: s.Error}
		for _, name := range s.Names {
			if !strings.Contains(strings.ToLower(name), part) {
				continue
			}
			if fits.All++; fits.All <= orphanRows {
				fits.Names = append(fits.Names, name)
			}
		}
		out = append(out, fits)
	}
	return map[string]any{"sites": atMost(out, mostMail)}, nil
}

// orphansElsewhere asks all other sites, unless that was done just now. The first that the API names is this one.
func (m *Module) orphansElsewhere(ctx context.Context) ([]orphansAt, error) {
	e := &m.elsewhere
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.at.IsZero() && time.Since(e.at) < elsewhereEvery {
		return e.sites, nil
	}
	ctx, cancel := context.WithTimeout(ctx, elsewhereFor)
	defer cancel()
	var all []orphansAt
	if err := m.ask(ctx, "/api/piggyback/orphans", &all); err != nil {
		return nil, err
	}
	e.sites, e.at = all[min(1, len(all)):], time.Now()
	return e.sites, nil
}
