package broker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor/api"
)

const (
	queuesEvery = 5 * time.Second
	// waitsLong is how long a queue may hold payloads before that is worth a warning: a link that is well empties it at once.
	waitsLong = 30 * time.Second
)

// queues remembers the last look at how it stands with payloads.
type queues struct {
	firsts firsts

	mu    sync.Mutex // guards everything that follows
	seen  api.Mail
	since map[string]time.Time // since when a site's queue was not empty
	all   []api.Queue          // those of everything else
	full  map[queueKey]time.Time
}

// watchQueues looks at the queues every few seconds until ctx ends.
func (b *Broker) watchQueues(ctx context.Context) {
	for ctx.Err() == nil {
		m, err := b.mail(ctx)
		switch {
		case err == nil:
			b.queues.see(m, time.Now())
		case ctx.Err() == nil:
			b.o.Log.Debug("the queues of payloads are not known", "error", err)
		}
		b.noteBacklog(ctx)
		pause(ctx, queuesEvery)
	}
}

func (b *Broker) noteBacklog(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, queuesEvery)
	defer cancel()
	all, err := b.backlog(ctx)
	if err == nil {
		b.queues.note(all, time.Now())
	} else if ctx.Err() == nil {
		b.o.Log.Debug("the queues are not known", "error", err)
	}
}

// mail counts, without reading any payload.
func (b *Broker) mail(ctx context.Context) (api.Mail, error) {
	ctx, cancel := context.WithTimeout(ctx, queuesEvery)
	defer cancel()
	m := api.Mail{Waiting: map[string]int{}}
	sources, err := b.o.Bus.Subjects(ctx, bus.PB, bus.AllSources())
	if err != nil {
		return m, err
	}
	orphans, err := b.o.Bus.Subjects(ctx, bus.PBX, bus.AllOrphans())
	if err != nil {
		return m, err
	}
	b.queues.firsts.see(orphans, time.Now())
	waiting, err := b.o.Bus.Subjects(ctx, bus.PBO, bus.AllOutbound())
	if err != nil || len(sources)+len(orphans)+len(waiting) == 0 {
		return m, err
	}
	m.Sources, m.Orphans = distinct(sources, bus.SourceIn), distinct(orphans, bus.OrphanOf)
	sites, err := b.otherSites(ctx)
	for _, s := range waiting {
		token, target := bus.OutboundOf(s)
		if target == bus.Token("") {
			continue // a source
		}
		m.Waiting[siteNamed(sites, token)]++
	}
	return m, err
}

// distinct counts the names that subjects hold.
func distinct(subjects []bus.Subject, name func(bus.Subject) string) int {
	seen := map[string]bool{}
	for _, s := range subjects {
		seen[name(s)] = true
	}
	return len(seen)
}

// measure publishes what was seen last.
func (q *queues) measure(set *metrics.Set) {
	for name, of := range map[string]func(*api.Mail) int{
		"onbu_piggyback_sources":      func(m *api.Mail) int { return m.Sources },
		"onbu_piggyback_orphan_hosts": func(m *api.Mail) int { return m.Orphans },
		"onbu_piggyback_waiting":      waitingIn,
	} {
		set.NewGauge(name, func() float64 {
			q.mu.Lock()
			defer q.mu.Unlock()
			return float64(of(&q.seen))
		})
	}
}

// waitingIn is how many payloads wait for the way to any site.
func waitingIn(m *api.Mail) (n int) {
	for _, waiting := range m.Waiting {
		n += waiting
	}
	return n
}

func (q *queues) see(m api.Mail, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	maps.DeleteFunc(q.since, func(site string, _ time.Time) bool { return m.Waiting[site] == 0 })
	for site := range m.Waiting {
		if _, ok := q.since[site]; !ok {
			if q.since == nil {
				q.since = map[string]time.Time{}
			}
			q.since[site] = now
		}
	}
	q.seen = m
}

// told gives what was seen last, and sentences about queues that are not empty for long.
func (q *queues) told(now time.Time) (m api.Mail, warnings []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, site := range slices.Sorted(maps.Keys(q.since)) {
		if since := q.since[site]; now.Sub(since) >= waitsLong {
			warnings = append(warnings, fmt.Sprintf("%d payloads wait for the way to site %s, since %s", q.seen.Waiting[site], site, since.Format("15:04:05")))
		}
	}
	m = q.seen
	if m.Waiting == nil {
		m.Waiting = map[string]int{}
	}
	return m, warnings
}
