package sites

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// forgetAfter is how long a site that is away keeps its hosts; what waits for it is lost then.
const forgetAfter = 30 * 24 * time.Hour

// known is what this site's bus says of others. The bus has the truth: another process may forget a site.
type known struct {
	mu    sync.Mutex // guards what follows
	sites map[string]knownSite
}

// knownSite is an entry by its key on the bus.
type knownSite struct {
	wire.Site
	revision uint64
}

func (k *known) get(name string) (knownSite, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	site, ok := k.sites[bus.SiteKey(name)]
	return site, ok
}

func (k *known) all() []knownSite {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make([]knownSite, 0, len(k.sites))
	for _, site := range k.sites {
		out = append(out, site)
	}
	return out
}

// set notes an entry and gives what was there before; a nil Site is one that was forgotten.
func (k *known) set(busKey string, site *knownSite) (before knownSite) {
	k.mu.Lock()
	defer k.mu.Unlock()
	before = k.sites[busKey]
	if site == nil {
		delete(k.sites, busKey)
	} else {
		k.sites[busKey] = *site
	}
	return before
}

// watchKnown follows what the bus says of other sites. Each that is known is looked for, also when it is away.
func (s *Sites) watchKnown(ctx context.Context) error {
	return s.o.Bus.Watch(ctx, bus.CFG, bus.AllSites(), func(e bus.Entry) {
		if e.Value == nil {
			if before := s.known.set(e.Key, nil); before.Name != "" {
				s.dropped(before.Name)
			}
			return
		}
		site := knownSite{revision: e.Revision}
		if err := wire.Unmarshal(e.Value, &site.Site); err != nil || bus.SiteKey(site.Name) != e.Key {
			s.o.Log.Error("an entry about another site is not usable", "key", e.Key, "error", err)
			return
		}
		s.known.set(e.Key, &site)
		if r := s.room(site.Name); r != nil {
			_, name := tenantOf(site.Name)
			r.remote(name)
		}
	})
}

// learn stores which hosts a site has; with nil it notes only that the site is there.
func (s *Sites) learn(ctx context.Context, name string, l *list, now monitor.Time) error {
	before, _ := s.known.get(name)
	site := knownSite{Site: before.Site}
	site.Name, site.Heard = name, now
	if l != nil {
		site.Hash, site.Hosts = l.hash, uint32(len(l.hosts))
		err := s.o.Bus.PutBlob(ctx, bus.CFG, wire.SiteHostsName(name), wire.Marshal(wire.SiteHosts{Hash: l.hash, Hosts: l.hosts}))
		if err != nil {
			return err
		}
	}
	revision, err := s.o.Bus.Put(ctx, bus.CFG, bus.SiteKey(name), wire.Marshal(site.Site), before.revision)
	if errors.Is(err, bus.ErrConflict) {
		e, getErr := s.o.Bus.Get(ctx, bus.CFG, bus.SiteKey(name))
		if getErr != nil && !errors.Is(getErr, bus.ErrNotFound) {
			return getErr
		}
		revision, err = s.o.Bus.Put(ctx, bus.CFG, bus.SiteKey(name), wire.Marshal(site.Site), e.Revision)
	}
	if err != nil {
		return err
	}
	site.revision = revision
	s.known.set(bus.SiteKey(name), &site)
	return nil
}

// Forget removes what is known of a site, and what waits for it. A site that is there makes itself known again.
func (s *Sites) Forget(ctx context.Context, name string) error {
	site, ok := s.known.get(name)
	if !ok {
		return fmt.Errorf("no site is known as %q", name)
	}
	if err := s.o.Bus.Delete(ctx, bus.CFG, bus.SiteKey(name), site.revision); err != nil {
		return fmt.Errorf("forgetting site %s: %w", name, err)
	}
	s.known.set(bus.SiteKey(name), nil)
	s.dropped(name)
	return errors.Join(
		s.o.Bus.DeleteBlob(ctx, bus.CFG, wire.SiteHostsName(name)),
		s.o.Bus.Forget(ctx, bus.PBO, bus.OutboundTo(name), ^uint64(0)>>1),
	)
}

// forgetOld forgets the sites that were away for too long.
func (s *Sites) forgetOld(ctx context.Context, now time.Time) {
	for _, site := range s.known.all() {
		if now.Sub(site.Heard.Std()) < forgetAfter {
			continue
		}
		s.o.Log.Warn("a site is forgotten, with its hosts and what waited for it", "site", site.Name, "last_heard", site.Heard.Std())
		if err := s.Forget(ctx, site.Name); err != nil {
			s.o.Log.Error("the site is not forgotten", "site", site.Name, "error", err)
		}
	}
}

// dropped ends the talk with a site that was forgotten.
func (s *Sites) dropped(name string) {
	if r := s.room(name); r != nil {
		_, site := tenantOf(name)
		r.drop(site)
	}
}

// room gives the room in which a site is, nil when no link leads to its tenant.
func (s *Sites) room(name string) *room {
	tenant, _ := tenantOf(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[tenant]
}
