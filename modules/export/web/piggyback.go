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
	"github.com/onbu/onbu/monitor/api"
)

const (
	// mailEvery is how often payloads are looked at while a page of them is open, and how old a look may be that several use, if
	// looking does not take more than a part of a core in mailShare.
	mailEvery, mailShare = 5 * time.Second, 5
	// mostMail bounds the payloads that one answer holds, and the sources, orphans and conflicts that are shown.
	mostMail = 500
	// mostRules bounds the definitions that somebody tries.
	mostRules = 64 << 10
)

// piggybackData adds what the page about piggyback shows.
func (m *Module) piggybackData(mux *http.ServeMux) {
	mux.HandleFunc("GET /ui/data/piggyback", m.streamed(func(*http.Request, sign.Person) (shown, error) {
		return shown{key: "piggyback", every: mailEvery, source: func() live.Source {
			return &live.Same{Log: m.log, Make: func(ctx context.Context) (any, error) { return m.lookAtMail(ctx) }}
		}}, nil
	}))
	mine := make(turns, atWork) // their own: who looks at problems must not wait for who looks at payloads
	heavy := func(next http.HandlerFunc) http.HandlerFunc { return m.inLine(mine, next) }
	mux.HandleFunc("GET /ui/data/piggyback/payloads", heavy(m.allow(sign.Read, m.findPayloads)))
	mux.HandleFunc("GET /ui/data/piggyback/orphans", heavy(m.allow(sign.Read, m.findOrphans)))
	mux.HandleFunc("GET /ui/data/piggyback/elsewhere", m.allow(sign.Read, m.findElsewhere))
	mux.HandleFunc("GET /ui/data/piggyback/overlaps", heavy(m.passed(sign.Read, "/api/piggyback/overlaps")))
	mux.HandleFunc("GET /ui/data/piggyback/target", m.passed(sign.Read, "/api/piggyback"))
	mux.HandleFunc("POST /ui/data/piggyback/try", m.allow(sign.Command, m.tryRules))
}

// The classes of payloads, the worst first.
const (
	classOld     = "old"     // may not be used
	classValid   = "valid"   // used, though its source left it out since
	classFresh   = "fresh"   // the newest output of its source has it
	classWaiting = "waiting" // for the way to another site
	classOrphan  = "orphan"  // nobody has that name
)

func classOf(p *api.Payload) string {
	switch {
	case p.Where == api.Waiting:
		return classWaiting
	case p.Where == api.Orphan:
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
	mu    sync.Mutex
	seen  *api.Payloads
	at    time.Time
	until time.Time   // what was seen is good
	idle  *time.Timer // forgets what was seen
}

// mail gives all payloads, as they were some seconds ago: the more of them there are, the longer ago that may be.
func (m *Module) mail(ctx context.Context) (*api.Payloads, error) {
	m.mailbox.mu.Lock()
	defer m.mailbox.mu.Unlock()
	if m.mailbox.seen != nil && time.Now().Before(m.mailbox.until) {
		return m.mailbox.seen, nil
	}
	began := time.Now()
	seen, err := m.readMail(ctx)
	if err != nil {
		return nil, err
	}
	m.mailbox.keep(seen, began, time.Now())
	return seen, nil
}

// keep keeps a look that was begun and done until nobody has asked for a while. One that took long is good for that many times as long:
// where there are many payloads, or the machine has other things to do, people who turn pages do not have all of it read again for each.
// mu is held.
func (b *mailbox) keep(seen *api.Payloads, began, done time.Time) {
	b.seen, b.at = seen, done
	b.until = done.Add(min(max(mailEvery-time.Second, mailShare*done.Sub(began)), mailKept))
	if b.idle != nil {
		b.idle.Stop()
	}
	b.idle = time.AfterFunc(mailKept, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if time.Since(b.at) >= mailKept {
			b.seen = nil
		}
	})
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
	var linked api.Links
	for name, err := range together(map[string]func() error{
		"dynamic": func() error { return m.ask(ctx, "/api/piggyback/dynamic", &b.Dynamic) },
		"links":   func() error { return m.ask(ctx, "/api/links", &linked) },
	}) {
		if name != "links" || !strings.Contains(err.Error(), "joined with no other") {
			b.Missing[name] = err.Error()
		}
	}
	b.Site, b.Links = linked.Site, atMost(linked.Links, mostMail)
	b.sort(seen, m.outlook.View())
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
		api.Payload
		Class string `json:"class"`
	}
	rows, all := []row{}, 0
	for _, rank := range ranked(seen.Payloads) {
		p := &seen.Payloads[rank]
		fits := (from == "" || p.Source == from && (!q.Has("site") || p.Site == site)) && (class == "" || classOf(p) == class) &&
			(text == "" || strings.Contains(strings.ToLower(p.Target), text) || strings.Contains(strings.ToLower(p.Source), text))
		if !fits {
			continue
		}
		if all++; len(rows) < mostMail {
			one := row{*p, classOf(p)}
			one.Names = one.Names[:min(len(one.Names), 10)]
			rows = append(rows, one)
		}
	}
	return map[string]any{"now": seen.Now, "payloads": rows, "all": all}, nil
}

// ranked gives the places of payloads, the worst first, and then by name.
func ranked(all []api.Payload) []int {
	order := []string{classOld, classValid, classWaiting, classFresh, classOrphan}
	places := make([]int, len(all))
	ranks := make([]int, len(all))
	for i := range all {
		places[i], ranks[i] = i, slices.Index(order, classOf(&all[i]))
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

// trial is what rules would do.
type trial struct {
	api.TriedRules
	// All counts names, Changed those that would be for others.
	All     int `json:"all"`
	Changed int `json:"changed"`
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
	t.Names = slices.DeleteFunc(t.Names, func(n api.TriedName) bool { return !n.Changes() })
	t.Changed = len(t.Names)
	t.Names, t.Conflicts, t.Problems = atMost(t.Names, mostMail), atMost(t.Conflicts, mostMail), atMost(t.Problems, 50)
	return t, nil
}
