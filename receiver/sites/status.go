package sites

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	answerFor = 4 * time.Second
	// maxOrphanText bounds the names in an answer, which is one message.
	maxOrphanText = 800 << 10
	// askedAtOnce bounds the sites whose lists are in memory whole at one time.
	askedAtOnce = 16
)

// answer answers the daemons of this site until ctx ends.
func (s *Sites) answer(ctx context.Context, l bus.Link) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	at := make(chan struct{}, asides)
	stop, err := s.o.Bus.Subscribe(bus.AskSites(), func(m bus.Msg) {
		var q wire.SitesQuestion
		if m.Reply == nil || wire.Unmarshal(m.Data, &q) != nil {
			return
		}
		select {
		case at <- struct{}{}:
		default:
			reply(m, wire.SitesAnswer{Refused: "too many ask this at once; ask again"})
			return
		}
		wg.Go(func() {
			defer func() { <-at }()
			ctx, cancel := context.WithTimeout(ctx, answerFor)
			defer cancel()
			a := s.consider(ctx, q, l)
			a.Site = s.o.Name
			reply(m, a)
		})
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	stop()
	return nil
}

func (s *Sites) consider(ctx context.Context, q wire.SitesQuestion, l bus.Link) (a wire.SitesAnswer) {
	var err error
	switch q.Kind {
	case wire.AskLinks:
		a.Links, err = s.Links(ctx, l.Neighbours())
	case wire.AskOrphans:
		a.Orphans, err = s.Orphans(ctx)
	case wire.AskForget:
		err = s.Forget(ctx, q.Site)
	default:
		err = errors.New("this release does not know the question")
	}
	if err != nil {
		a.Refused = err.Error()
	}
	return a
}

// Links says of every other site that is known how it is reached and what waits for it.
func (s *Sites) Links(ctx context.Context, neighbours []bus.Neighbour) ([]wire.SiteLink, error) {
	var out []wire.SiteLink
	for _, site := range s.known.all() {
		l := wire.SiteLink{Site: site.Name, Seen: site.Heard, Hosts: site.Hosts}
		tenant, name := tenantOf(site.Name)
		if r := s.room(site.Name); r != nil {
			r.mu.Lock()
			p := r.remotes[name]
			r.mu.Unlock()
			if p != nil {
				p.describe(&l)
			}
		}
		for _, n := range neighbours {
			if n.Site == name && n.Tenant == tenant {
				l.Way, l.Address = "dials", n.Address
				if n.Dialled {
					l.Way = "dialled"
				}
			}
		}
		if l.There && l.Way == "" {
			l.Way = "through another"
		}
		if err := s.waiting(ctx, &l); err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b wire.SiteLink) int { return strings.Compare(a.Site, b.Site) })
	return out, nil
}

func (p *remote) describe(l *wire.SiteLink) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.In, l.Out, l.RTT, l.Trouble = p.in, p.out, p.rtt, p.lost
	if p.seen.IsZero() {
		return
	}
	l.Seen = monitor.At(p.seen)
	if l.There = time.Since(p.seen) < awayFor; l.There {
		l.Since = monitor.At(p.since)
	}
}

var errEnough = errors.New("enough is read")

// waiting counts what waits for a site, and finds the oldest.
func (s *Sites) waiting(ctx context.Context, l *wire.SiteLink) error {
	subjects, err := s.o.Bus.Subjects(ctx, bus.PBO, bus.OutboundTo(l.Site))
	if err != nil {
		return err
	}
	l.Waiting = uint32(len(subjects))
	if len(subjects) == 0 {
		return nil
	}
	err = s.o.Bus.Newest(ctx, bus.PBO, bus.OutboundTo(l.Site), func(batch []bus.Msg) error {
		l.Oldest = monitor.At(batch[0].Time)
		return errEnough
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// Orphans gives the names at this site and all others that payloads came for and nobody knows. A site that is away is
// named with the trouble.
func (s *Sites) Orphans(ctx context.Context) ([]wire.SiteOrphans, error) {
	names, err := s.orphansHere(ctx)
	if err != nil {
		return nil, err
	}
	out := []wire.SiteOrphans{{Site: s.o.Name, Names: names}}
	s.mu.Lock()
	var all []*remote
	for _, r := range s.rooms {
		all = append(all, r.all()...)
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b *remote) int { return strings.Compare(a.key, b.key) })
	out = slices.Grow(out, len(all))[:1+len(all)]
	share := maxOrphanText / len(out)
	cut(&out[0], share)
	at := make(chan struct{}, askedAtOnce)
	var wg sync.WaitGroup
	for i, p := range all {
		at <- struct{}{}
		wg.Go(func() {
			defer func() { <-at }()
			there := &out[1+i]
			there.Site = p.key
			var err error
			if there.Names, err = p.names(ctx, askOrphans, 0); err != nil {
				there.Names, there.Trouble = nil, err.Error()
			}
			cut(there, share)
		})
	}
	wg.Wait()
	return out, nil
}

// cut shortens a list to its share of one message, of which each site has the same. Of the rest nothing is kept.
func cut(o *wire.SiteOrphans, share int) {
	size := 0
	for n, name := range o.Names {
		if size += len(name) + 5; size > share {
			o.Names, o.Cut = slices.Clone(o.Names[:n]), true
			for i := range o.Names {
				o.Names[i] = strings.Clone(o.Names[i])
			}
			return
		}
	}
}

// orphansHere reads the names from what is stored.
func (s *Sites) orphansHere(ctx context.Context) ([]string, error) {
	var d wire.Decoder
	var names []string
	err := s.o.Bus.Newest(ctx, bus.PBX, bus.AllOrphans(), func(batch []bus.Msg) error {
		for _, m := range batch {
			if p, _, err := wire.DecodePayloadHead(&d, m.Data); err == nil {
				names = append(names, p.Target)
			}
		}
		return nil
	})
	slices.SortFunc(names, cmp.Compare)
	return slices.Compact(names), err
}

// tellOrphans answers another site. A tenant hears only of names that it has to do with.
func (r *room) tellOrphans(ctx context.Context, m bus.Msg, start uint32) {
	ctx, cancel := context.WithTimeout(ctx, answerFor)
	defer cancel()
	names, err := r.s.orphansHere(ctx)
	if err != nil {
		return // who asked hears nothing, and says so
	}
	if may := r.tenant.Ours; may != nil {
		names = slices.DeleteFunc(names, func(n string) bool { return !may(n) })
	}
	reply(m, newPage(0, names, start))
}
