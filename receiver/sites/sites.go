// Package sites knows how sites that are joined by links share payloads: each tells the others which hosts it has, sends what
// it got for theirs, once and newest first in mind, and keeps what comes for its own as if it had been fetched here.
package sites

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
)

// Options is what Sites needs; Metrics may be nil.
type Options struct {
	// Name is what this site is called; no other may be called so. Boot differs at each start.
	Name, Boot string
	Bus        bus.Conn
	// Keeper stores what comes from other sites.
	Keeper  Keeper
	Log     *slog.Logger
	Metrics *metrics.Set
}

// Keeper stores what came from another site as if it had been fetched here, but that it leaves Site and At as they are. It
// never lets an older payload take the place of a newer one. It keeps nothing of the slices.
type Keeper interface {
	Keep(ctx context.Context, payloads []monitor.Payload, sources []monitor.Source) (Kept, error)
}

// Kept tells what became of payloads: Stored are in their places, Older had been there in a newer form, Stale were beyond the age
// at which anybody would use them, Orphans are for hosts that are not of this site, and Refused break a rule.
type Kept struct{ Stored, Older, Stale, Orphans, Refused int }

// Sites is the part of a receiver that talks with other sites.
type Sites struct {
	o     Options
	own   own
	known known
	count counters

	mu    sync.Mutex // guards what follows
	rooms map[string]*room
}

// New builds Sites; nothing is opened before Run.
func New(o Options) *Sites {
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	s := &Sites{o: o, rooms: map[string]*room{}, count: newCounters(o.Metrics)}
	s.own.told, s.own.ready = make(chan struct{}), make(chan struct{})
	s.known.sites = map[string]knownSite{}
	return s
}

// Run shares payloads over a link until ctx ends. It may be called again, with another link, after it has returned.
func (s *Sites) Run(ctx context.Context, l bus.Link) error {
	if err := s.o.Bus.Ready(ctx); err != nil {
		return nil // only ctx's end ends the wait
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	run := func(part string, f func(context.Context) error) {
		wg.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("sites: %s: %w", part, err))
			}
		})
	}
	run("the hosts of this site", s.watchOwn)
	run("what is known of other sites", s.watchKnown)
	run("questions", func(ctx context.Context) error { return s.answer(ctx, l) })
	for _, t := range l.Tenants() {
		if !t.Relay {
			run("tenant "+t.Name, newRoom(s, t, l.Messenger(t.Name)).run)
		}
	}
	wg.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// key is what a site of a tenant is called on this site's bus.
func key(tenant, site string) string {
	if tenant == "" {
		return site
	}
	return tenant + "/" + site
}

// tenantOf is the tenant in a key.
func tenantOf(key string) (tenant, site string) {
	if tenant, site, ok := strings.Cut(key, "/"); ok {
		return tenant, site
	}
	return "", key
}

func checkSender(site, boot string) error {
	if len(boot) > maxNameBytes {
		return fmt.Errorf("a boot of %d bytes", len(boot))
	}
	return bus.CheckSiteName(site)
}

// pause waits, and is false when ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
