package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/modules/export/web/live"
	"github.com/onbu/onbu/modules/export/web/sign"
)

const (
	// mailEvery is how often payloads are looked at while a page of them is open, and how old a look may be that several use.
	mailEvery = 5 * time.Second
	// mostMail bounds the payloads that one answer holds, and the sources, orphans and conflicts that are shown.
	mostMail = 500
	// mostRules bounds the definitions that somebody tries.
	mostRules = 64 << 10
)

// piggybackData adds what the page about piggyback shows.
func (m *Module) piggybackData(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/data/piggyback", func(w http.ResponseWriter, r *http.Request) {
		m.streamed(w, r, "piggyback", mailEvery, func() live.Source {
			return &live.Same{Make: func(ctx context.Context) (any, error) { return m.lookAtMail(ctx) }}
		})
	})
	mux.HandleFunc("GET /ui/data/piggyback/payloads", m.allow(sign.Read, m.findPayloads))
	mux.HandleFunc("GET /ui/data/piggyback/target", m.passed(sign.Read, "/api/piggyback"))
	mux.HandleFunc("POST /ui/data/piggyback/try", m.allow(sign.Command, m.tryRules))
}

// mailSeen is what the API gives of all payloads. It is not changed any more once it is read.
type mailSeen struct {
	Now      float64   `json:"now"`
	Sources  []source  `json:"sources"`
	Payloads []payload `json:"payloads"`
	Error    string    `json:"error"`
}

// source is a host whose output holds payloads.
type source struct {
	Name    string  `json:"name"`
	Site    string  `json:"site,omitempty"`
	At      float64 `json:"at"`
	Targets uint32  `json:"targets"`
	Silent  bool    `json:"silent"`
}

// payload is one, without its data.
type payload struct {
	Target string   `json:"target"`
	Source string   `json:"source"`
	Site   string   `json:"site,omitempty"`
	Where  string   `json:"where"`
	To     string   `json:"to,omitempty"`
	Names  []string `json:"names"`
	At     float64  `json:"at"`
	Bytes  int      `json:"bytes"`
	Usable bool     `json:"usable"`
	Fresh  bool     `json:"fresh"`
	State  string   `json:"state,omitempty"`
	Text   string   `json:"text,omitempty"`
}

// The classes of payloads, the worst first.
const (
	classOld     = "old"     // may not be used
	classValid   = "valid"   // used, though its source left it out since
	classFresh   = "fresh"   // the newest output of its source has it
	classWaiting = "waiting" // for the way to another site
	classOrphan  = "orphan"  // nobody has that name
)

func (p *payload) class() string {
	switch {
	case p.Where == "waiting":
		return classWaiting
	case p.Where == "orphan":
		return classOrphan
	case p.Fresh && p.Usable:
		return classFresh
	case p.Usable:
		return classValid
	}
	return classOld
}

// mailbox keeps the newest look at all payloads. Any goroutine may use it.
type mailbox struct {
	mu   sync.Mutex
	seen *mailSeen
	at   time.Time
}

// mail gives all payloads, as they were some seconds ago at most.
func (m *Module) mail(ctx context.Context) (*mailSeen, error) {
	m.mailbox.mu.Lock()
	defer m.mailbox.mu.Unlock()
	if m.mailbox.seen != nil && time.Since(m.mailbox.at) < mailEvery-time.Second {
		return m.mailbox.seen, nil
	}
	seen := &mailSeen{}
	if err := m.ask(ctx, "/api/piggyback?where=all", seen); err != nil {
		return nil, err
	}
	m.mailbox.seen, m.mailbox.at = seen, time.Now()
	return seen, nil
}

// lookAtMail composes what the page shows, all lists bounded.
func (m *Module) lookAtMail(ctx context.Context) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	seen, err := m.mail(ctx)
	if err != nil {
		return nil, err
	}
	b := &box{Now: seen.Now, Missing: map[string]string{}}
	if seen.Error != "" {
		b.Missing["payloads"] = seen.Error
	}
	var linked linked
	for name, err := range together(map[string]func() error{
		"dynamic": func() error { return m.ask(ctx, "/api/piggyback/dynamic", &b.Dynamic) },
		"links":   func() error { return m.ask(ctx, "/api/links", &linked) },
	}) {
		if name != "links" || !strings.Contains(err.Error(), "joined with no other") {
			b.Missing[name] = err.Error()
		}
	}
	b.Site, b.Links = linked.Site, first(linked.Links)
	b.sort(seen)
	return b, nil
}

// findPayloads gives payloads that fit, the worst first: q= is part of a name, source=, site=, class= are exact.
func (m *Module) findPayloads(r *http.Request, _ sign.Person) (any, error) {
	seen, err := m.mail(r.Context())
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	text, from, site, class := strings.ToLower(q.Get("q")), q.Get("source"), q.Get("site"), q.Get("class")
	type row struct {
		payload
		Class string `json:"class"`
	}
	rows, all := []row{}, 0
	for _, rank := range ranked(seen.Payloads) {
		p := &seen.Payloads[rank]
		fits := (from == "" || p.Source == from && (!q.Has("site") || p.Site == site)) && (class == "" || p.class() == class) &&
			(text == "" || strings.Contains(strings.ToLower(p.Target), text) || strings.Contains(strings.ToLower(p.Source), text))
		if !fits {
			continue
		}
		if all++; len(rows) < mostMail {
			one := row{*p, p.class()}
			one.Names = one.Names[:min(len(one.Names), 10)]
			rows = append(rows, one)
		}
	}
	return map[string]any{"now": seen.Now, "payloads": rows, "all": all}, nil
}

// ranked gives the places of payloads, the worst first, and then by name.
func ranked(all []payload) []int {
	order := []string{classOld, classValid, classWaiting, classFresh, classOrphan}
	places := make([]int, len(all))
	ranks := make([]int, len(all))
	for i := range all {
		places[i], ranks[i] = i, slices.Index(order, all[i].class())
	}
	slices.SortFunc(places, func(a, b int) int {
		if ranks[a] != ranks[b] {
			return ranks[a] - ranks[b]
		}
		if c := strings.Compare(all[a].Target, all[b].Target); c != 0 {
			return c
		}
		return strings.Compare(all[a].Source, all[b].Source)
	})
	return places
}

// tryRules says what definitions would make of the names of today. Nothing comes into force.
func (m *Module) tryRules(r *http.Request, _ sign.Person) (any, error) {
	var asked struct {
		Rules string `json:"rules"`
	}
	if err := readJSON(r, &asked); err != nil {
		return nil, err
	}
	if len(asked.Rules) > mostRules {
		return nil, failure(http.StatusRequestEntityTooLarge, "the definitions are longer than %d bytes", mostRules)
	}
	return m.tried(r.Context(), asked.Rules)
}

// trial is what rules would do, as POST /api/piggyback/try gives it.
type trial struct {
	Problems  []string `json:"problems"`
	Names     []tried  `json:"names"`
	Conflicts []string `json:"conflicts"`
	// All counts names, Changed those that would be for others.
	All     int `json:"all"`
	Changed int `json:"changed"`
}

// tried is a name in the output of a source, what it became and what it would become.
type tried struct {
	Source  string   `json:"source"`
	Name    string   `json:"name"`
	Before  []string `json:"before"`
	After   []string `json:"after"`
	Where   []string `json:"where"`
	Verdict string   `json:"verdict"`
}

func (m *Module) tried(ctx context.Context, rules string) (*trial, error) {
	if m.outlook.API == nil {
		return nil, failure(http.StatusServiceUnavailable, "the broker has no API")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/api/piggyback/try", strings.NewReader(rules))
	if err != nil {
		return nil, err
	}
	a := &apiAnswer{most: mostAnswered}
	m.outlook.API.ServeHTTP(a, r)
	t := &trial{}
	if err := a.read(t); err != nil {
		return nil, fmt.Errorf("trying the rules: %w", err)
	}
	t.All = len(t.Names)
	t.Names = slices.DeleteFunc(t.Names, func(n tried) bool { return slices.Equal(n.Before, n.After) })
	t.Changed = len(t.Names)
	t.Names, t.Conflicts, t.Problems = atMost(t.Names, mostMail), atMost(t.Conflicts, mostMail), atMost(t.Problems, 50)
	return t, nil
}
