package sites_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/receiver/sites"
)

// cable is a link in memory that can be cut. A message into a cut cable is gone, and its sender does not hear of it.
type cable struct {
	bus *membus.Bus
	cut atomic.Bool
}

func newCable() *cable { return &cable{bus: membus.New()} }

// end is a site's end of a cable.
type end struct {
	bus.Conn
	cable *cable
	mute  *atomic.Bool // this end alone is cut off
}

func (e end) dead() bool { return e.cable.cut.Load() || e.mute != nil && e.mute.Load() }

func (e end) Publish(s bus.Subject, data []byte) error {
	if e.dead() {
		return nil
	}
	return e.Conn.Publish(s, data)
}

func (e end) Request(ctx context.Context, s bus.Subject, data []byte) ([]byte, error) {
	if e.dead() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	answer, err := e.Conn.Request(ctx, s, data)
	if e.dead() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return answer, err
}

// ends are the cables that come to a site, by tenant.
type ends struct {
	tenants []bus.Tenant
	cables  map[string]bus.Messenger
}

func (e ends) Tenants() []bus.Tenant                 { return e.tenants }
func (e ends) Messenger(tenant string) bus.Messenger { return e.cables[tenant] }
func (e ends) Neighbours() []bus.Neighbour           { return nil }

// keeper keeps the newest payload of each pair, as a courier does.
type keeper struct {
	mu      sync.Mutex
	pairs   map[string]monitor.Payload
	sources map[string]monitor.Source
	order   []string // what was kept, as target:data
	refuse  error
}

func (k *keeper) Keep(_ context.Context, payloads []monitor.Payload, sources []monitor.Source) (kept sites.Kept, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refuse != nil {
		return kept, k.refuse
	}
	for _, p := range payloads {
		pair := p.Target + "<" + p.Source
		if old, ok := k.pairs[pair]; ok && old.At >= p.At {
			kept.Older++
			continue
		}
		k.pairs[pair] = p
		k.order = append(k.order, p.Target+":"+string(p.Data))
		kept.Stored++
	}
	for _, s := range sources {
		k.sources[s.Name] = s
	}
	return kept, nil
}

func (k *keeper) get(target, source string) monitor.Payload {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pairs[target+"<"+source]
}

// site is a site of a test.
type site struct {
	t    *testing.T
	name string
	bus  bus.Conn
	kept *keeper
	of   *sites.Sites
	link ends
	set  *metrics.Set
}

// newSite prepares a site with hosts.
func newSite(t *testing.T, name string, hosts ...string) *site {
	t.Helper()
	s := &site{t: t, name: name, bus: membus.New().Connect(name), set: metrics.NewSet(), link: ends{cables: map[string]bus.Messenger{}}}
	s.kept = &keeper{pairs: map[string]monitor.Payload{}, sources: map[string]monitor.Source{}}
	must(t, s.bus.Prepare(t.Context()))
	s.hosts(1, hosts...)
	s.of = sites.New(sites.Options{Name: name, Boot: name + " began", Bus: s.bus, Keeper: s.kept, Log: slog.New(slog.DiscardHandler), Metrics: s.set})
	return s
}

// hosts puts a generation with these hosts in force.
func (s *site) hosts(generation uint64, hosts ...string) {
	s.t.Helper()
	d := monitor.Directory{Generation: generation, Shards: 1, Hosts: map[string]monitor.Shard{}}
	for _, h := range hosts {
		d.Hosts[h] = 0
	}
	must(s.t, s.bus.PutBlob(s.t.Context(), bus.CFG, wire.DirectoryName(generation), wire.Marshal(d)))
	e, _ := s.bus.Get(s.t.Context(), bus.CFG, "current")
	_, err := s.bus.Put(s.t.Context(), bus.CFG, "current", wire.Marshal(wire.Generation{Number: generation, Shards: 1}), e.Revision)
	must(s.t, err)
}

// join plugs a cable in.
func (s *site) join(c *cable, tenant bus.Tenant) *atomic.Bool {
	mute := &atomic.Bool{}
	s.link.tenants = append(s.link.tenants, tenant)
	s.link.cables[tenant.Name] = end{c.bus.Connect(s.name), c, mute}
	return mute
}

// run lets the site talk until the function that it returns, or the end of the test.
func (s *site) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.of.Run(ctx, s.link); err != nil {
			s.t.Error(err)
		}
	}()
	stop = func() { cancel(); <-ended }
	s.t.Cleanup(stop)
	return stop
}

// fetched does what a courier does with a payload for a host of another site.
func (s *site) fetched(to, target, source string, at monitor.Time, data string) {
	s.t.Helper()
	p := monitor.Payload{Target: target, Source: source, At: at, Raw: target, Data: []byte(data)}
	_, err := s.bus.Post(s.t.Context(), []bus.Letter{
		{Subject: bus.Outbound(to, target, source), Data: wire.AppendPayload(nil, &p)},
		{Subject: bus.OutboundSource(to, source, ""), Data: wire.Marshal(monitor.Source{Name: source, At: at, Targets: 1})},
	})
	must(s.t, err)
}

// waiting gives how many letters wait for a site.
func (s *site) waiting(to string) int {
	s.t.Helper()
	all, err := s.bus.Subjects(s.t.Context(), bus.PBO, bus.OutboundTo(to))
	must(s.t, err)
	return len(all)
}

// known gives the hosts that this site knows of another.
func (s *site) known(other string) []string {
	s.t.Helper()
	data, err := s.bus.Blob(s.t.Context(), bus.CFG, wire.SiteHostsName(other))
	if err != nil {
		return nil
	}
	var h wire.SiteHosts
	must(s.t, wire.Unmarshal(data, &h))
	return h.Hosts
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func name(i int) string { return fmt.Sprintf("host%06d", i) }
