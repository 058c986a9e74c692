package courier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// librarian keeps the book. One goroutine owns it.
type librarian struct {
	c       *Courier
	current wire.Generation
	told    bool                 // current was told
	said    map[string]wire.Site // by key in CFG
	// followed is the last book that payloads have followed.
	followed *book
}

// Run keeps the courier's knowledge and moves payloads whose hosts moved, until ctx ends.
func (c *Courier) Run(ctx context.Context) error {
	over := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer c.crier.open(ctx)()
	defer cancel()
	entries := make(chan bus.Entry)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel()
	failed := make(chan error, 2)
	for _, key := range []string{"current", bus.AllSites()} {
		watching.Go(func() {
			failed <- c.o.Bus.Watch(ctx, bus.CFG, key, func(e bus.Entry) {
				select {
				case entries <- e:
				case <-ctx.Done():
				}
			})
		})
	}
	l := &librarian{c: c, said: map[string]wire.Site{}}
	return l.run(over, entries, failed)
}

// settle is how long the librarian waits for more news before it writes the book anew, and again how long after a failure.
const (
	settle = 50 * time.Millisecond
	again  = 2 * time.Second
)

func (l *librarian) run(ctx context.Context, entries <-chan bus.Entry, failed <-chan error) error {
	due := time.NewTimer(settle)
	due.Stop()
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("watching the configuration: %w", err)
		case e := <-entries:
			if err := l.hear(e); err != nil {
				l.c.o.Log.Error("news of hosts and sites cannot be read", "key", e.Key, "error", err)
			}
			due.Reset(settle)
		case <-due.C:
			if err := l.turn(ctx); err != nil && ctx.Err() == nil {
				l.c.o.Log.Warn("what is known of hosts and sites, or where payloads are, stays as it was; trying again", "error", err)
				due.Reset(again)
			}
		}
	}
}

// hear takes what was told of a key of CFG.
func (l *librarian) hear(e bus.Entry) error {
	if e.Key == "current" {
		if e.Value == nil {
			return nil // a bus without a configuration is no reason to forget the one we have
		}
		l.told = true
		return wire.Unmarshal(e.Value, &l.current)
	}
	delete(l.said, e.Key)
	if e.Value == nil {
		return nil
	}
	var s wire.Site
	if err := wire.Unmarshal(e.Value, &s); err != nil {
		return err
	}
	l.said[e.Key] = s
	return nil
}

// turn writes the book anew and has payloads follow it.
func (l *librarian) turn(ctx context.Context) error {
	if !l.told {
		return nil
	}
	old := l.c.book.Load()
	b, err := l.write(ctx, old)
	if err != nil {
		return err
	}
	l.c.book.Store(b)
	if old == nil {
		close(l.c.known)
	}
	if f := l.followed; f != nil && f.generation == b.generation && maps.EqualFunc(f.sites, b.sites, same) {
		return nil
	}
	if err := l.c.follow(ctx, b); err != nil {
		return err
	}
	l.followed = b
	return nil
}

func same(a, b site) bool { return a.Name == b.Name && a.Hash == b.Hash }

// write makes the book. What did not change comes from the old one.
func (l *librarian) write(ctx context.Context, old *book) (*book, error) {
	b := &book{}
	if old != nil {
		*b = *old
	}
	if old == nil || old.generation != l.current.Number {
		if err := l.c.readGeneration(ctx, l.current.Number, b); err != nil {
			return nil, err
		}
	}
	known := b.sites
	b.sites, b.elsewhere = map[string]site{}, map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(l.said)) {
		s := site{Site: l.said[key]}
		if was, ok := known[key]; ok && same(was, s) {
			s.hosts = was.hosts
		} else if err := l.c.readSite(ctx, &s); err != nil {
			return nil, err
		}
		b.sites[key] = s
		for _, host := range s.hosts {
			if _, taken := b.elsewhere[host]; !taken {
				b.elsewhere[host] = s.Name
			}
		}
	}
	return b, nil
}

func (c *Courier) readGeneration(ctx context.Context, number uint64, b *book) error {
	data, err := c.o.Bus.Blob(ctx, bus.CFG, wire.DirectoryName(number))
	if err != nil {
		return err
	}
	var d monitor.Directory
	if err := wire.Unmarshal(data, &d); err != nil {
		return fmt.Errorf("directory of generation %d: %w", number, err)
	}
	var p monitor.Piggyback
	data, err = c.o.Bus.Blob(ctx, bus.CFG, wire.PiggybackName(number))
	if err == nil {
		err = wire.Unmarshal(data, &p)
	} else if errors.Is(err, bus.ErrNotFound) {
		err = nil // nothing is said of payloads: the defaults
	}
	if err != nil {
		return fmt.Errorf("rules for payloads of generation %d: %w", number, err)
	}
	b.generation, b.hosts, b.ttl = number, d.Hosts, keep(&p)
	b.addresses = make(map[string]string, len(p.Addresses))
	for _, a := range p.Addresses {
		b.addresses[a.Address] = a.Host
	}
	c.compile(&p, b)
	return nil
}

// compile makes the rules ready. The arbiter refuses a configuration with wrong ones, so that errors come from another
// release of it at most; the rest of the rules holds.
func (c *Courier) compile(p *monitor.Piggyback, b *book) {
	var wrong, more []error
	b.rules, wrong = piggyback.Compile(*p)
	b.speakers = newSpeakers(b.rules)
	b.judge, more = piggyback.CompilePolicies(*p)
	wrong = append(wrong, more...)
	b.adopters = nil
	for _, s := range p.Sites {
		a := adopter{of: s}
		var sources, hosts []error
		a.sources, sources = piggyback.CompilePatterns(s.Sources)
		a.hosts, hosts = piggyback.CompilePatterns(s.Hosts)
		wrong = append(wrong, append(sources, hosts...)...)
		b.adopters = append(b.adopters, a)
	}
	if err := errors.Join(wrong...); err != nil {
		c.o.Log.Error("some rules for payloads are not in use", "error", err)
	}
}

// readSite reads the list of hosts of a site. One that is being replaced has another hash: it comes again.
func (c *Courier) readSite(ctx context.Context, s *site) error {
	data, err := c.o.Bus.Blob(ctx, bus.CFG, wire.SiteHostsName(s.Name))
	if errors.Is(err, bus.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var list wire.SiteHosts
	if err := wire.Unmarshal(data, &list); err != nil {
		return fmt.Errorf("hosts of site %s: %w", s.Name, err)
	}
	s.hosts = list.Hosts
	return nil
}
