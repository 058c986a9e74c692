package sites

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	helloEvery = 2 * time.Second
	houseEvery = time.Hour
	// maxSites bounds the sites of a tenant; each costs a reader of a stream.
	maxSites = 1000
	// asides bounds the questions of other sites that are answered beside the stream of messages.
	asides = 4
)

// room is where the sites of a tenant meet.
type room struct {
	s      *Sites
	tenant bus.Tenant
	m      bus.Messenger
	inbox  chan message // parcels, in order
	aside  chan struct{}

	mu      sync.Mutex // guards what follows
	ctx     context.Context
	list    list // this site's hosts that the tenant may know
	remotes map[string]*remote
	work    sync.WaitGroup
	clash   time.Time // when another site of this name was complained of
	full    time.Time // when a site too many was
}

func newRoom(s *Sites, t bus.Tenant, m bus.Messenger) *room {
	return &room{s: s, tenant: t, m: m, inbox: make(chan message, inboxParcels), aside: make(chan struct{}, asides), remotes: map[string]*remote{}}
}

// run talks until ctx ends.
func (r *room) run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-r.s.own.ready:
	}
	ctx, cancel := context.WithCancel(ctx)
	defer r.leave()
	defer cancel()
	r.open(ctx)
	for subject, deliver := range map[bus.Subject]func(bus.Msg){
		bus.AtSite(r.s.o.Name): func(m bus.Msg) { r.hear(ctx, m) },
		bus.SiteHello():        r.greeted,
	} {
		stop, err := r.m.Subscribe(subject, deliver)
		if err != nil {
			return err
		}
		defer stop()
	}
	r.work.Go(func() { r.keep(ctx) })
	r.greet(ctx)
	return nil
}

// open lets others find the room, and looks for the sites that are known.
func (r *room) open(ctx context.Context) {
	r.mu.Lock()
	r.ctx = ctx
	r.mu.Unlock()
	hosts, _ := r.s.own.get()
	r.setList(hosts)
	r.s.mu.Lock()
	r.s.rooms[r.tenant.Name] = r
	r.s.mu.Unlock()
	for _, site := range r.s.known.all() {
		if tenant, name := tenantOf(site.Name); tenant == r.tenant.Name {
			r.remote(name)
		}
	}
}

func (r *room) leave() {
	r.s.mu.Lock()
	delete(r.s.rooms, r.tenant.Name)
	r.s.mu.Unlock()
	r.mu.Lock()
	r.ctx = nil // nobody is added any more
	r.mu.Unlock()
	r.work.Wait()
}

// setList takes the hosts that the tenant may know.
func (r *room) setList(hosts []string) {
	if may := r.tenant.Ours; may != nil {
		hosts = slices.DeleteFunc(slices.Clone(hosts), func(h string) bool { return !may(h) })
	}
	l := newList(hosts)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = l
}

func (r *room) ownList() list {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list
}

// greet says every few seconds, and at every change, that this site is there and what it has.
func (r *room) greet(ctx context.Context) {
	ticker, house := time.NewTicker(helloEvery), time.NewTicker(houseEvery)
	defer ticker.Stop()
	defer house.Stop()
	for {
		hosts, changed := r.s.own.get()
		if len(hosts) > 0 {
			r.setList(hosts)
		}
		if err := r.m.Publish(bus.SiteHello(), wire.Marshal(r.hello())); err != nil {
			r.s.o.Log.Debug("not told that this site is there", "tenant", r.tenant.Name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
			hosts, _ = r.s.own.get()
			r.setList(hosts)
		case <-ticker.C:
		case now := <-house.C:
			r.s.forgetOld(ctx, now)
		}
	}
}

func (r *room) hello() hello {
	l := r.ownList()
	return hello{Site: r.s.o.Name, Boot: r.s.o.Boot, Hash: l.hash, Hosts: uint32(len(l.hosts)), Time: monitor.At(time.Now())}
}

// greeted takes what another site says to all.
func (r *room) greeted(m bus.Msg) {
	h, err := decodeHello(m.Data)
	switch {
	case err != nil:
		r.s.count.bad.Inc()
	case h.Site != r.s.o.Name:
		if p := r.remote(h.Site); p != nil {
			p.heard(h)
		}
	case h.Boot != r.s.o.Boot:
		r.twin(h)
	}
}

// twinEvery is how often a site of the same name is complained of.
const twinEvery = 10 * time.Minute

func (r *room) twin(h hello) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.clash) > twinEvery {
		r.clash = time.Now()
		r.s.o.Log.Error("another site has the name of this one, so payloads for both are lost: give one of them another --site", "site", h.Site, "tenant", r.tenant.Name)
	}
}

// remote gives the talk with a site, which it begins if there is none; nil for one too many, or when the room is left.
func (r *room) remote(site string) *remote {
	if bus.CheckSiteName(site) != nil || site == r.s.o.Name {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.remotes[site]; ok || r.ctx == nil {
		return p
	}
	if len(r.remotes) >= maxSites {
		r.crowded(site)
		return nil
	}
	ctx, cancel := context.WithCancel(r.ctx)
	p := newRemote(r, site, cancel)
	r.remotes[site] = p
	r.work.Go(func() { p.run(ctx) })
	return p
}

// crowded complains of a site too many, once in a while.
func (r *room) crowded(site string) {
	if time.Since(r.full) > twinEvery {
		r.full = time.Now()
		r.s.o.Log.Error("there are too many sites, so one more is not talked with: remove those that are gone with onbu links forget", "site", site, "tenant", r.tenant.Name, "most", maxSites)
	}
}

// drop ends the talk with a site; its next hello begins it again.
func (r *room) drop(site string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.remotes[site]; ok {
		p.cancel()
		delete(r.remotes, site)
	}
}

func (r *room) all() []*remote {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*remote, 0, len(r.remotes))
	for _, p := range r.remotes {
		out = append(out, p)
	}
	return out
}
