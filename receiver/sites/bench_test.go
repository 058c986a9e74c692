package sites_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/link"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/courier"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/receiver/sites"
)

// realSite is a site on a server of its own, with a courier.
type realSite struct {
	b    *testing.B
	bus  *natsbus.Conn
	link *link.Link
}

type courierKeeper struct{ c *courier.Courier }

func (k courierKeeper) Keep(ctx context.Context, p []monitor.Payload, s []monitor.Source) (sites.Kept, error) {
	kept, err := k.c.Keep(ctx, p, s)
	return sites.Kept(kept), err
}

func startReal(b *testing.B, name string, plan link.Plan, hosts ...string) *realSite {
	b.Helper()
	check := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	server, err := natsbus.StartServer(natsbus.ServerOptions{Dir: b.TempDir()})
	check(err)
	b.Cleanup(func() { server.Close() })
	s := &realSite{b: b}
	s.bus, err = server.Connect(b.Context(), natsbus.Options{Name: name})
	check(err)
	b.Cleanup(func() { s.bus.Close() })
	check(s.bus.Prepare(b.Context()))
	d := monitor.Directory{Generation: 1, Shards: 1, Hosts: map[string]monitor.Shard{}}
	for _, h := range hosts {
		d.Hosts[h] = 0
	}
	check(s.bus.PutBlob(b.Context(), bus.CFG, wire.DirectoryName(1), wire.Marshal(d)))
	check(s.bus.PutBlob(b.Context(), bus.CFG, wire.PiggybackName(1), wire.Marshal(monitor.Piggyback{})))
	_, err = s.bus.Put(b.Context(), bus.CFG, "current", wire.Marshal(wire.Generation{Number: 1, Shards: 1}), 0)
	check(err)
	plan.Tenants = []bus.Tenant{{}}
	s.link, err = link.Start(b.Context(), name, plan, slog.New(slog.DiscardHandler))
	check(err)
	b.Cleanup(func() { s.link.Close() })
	post := courier.New(courier.Options{Bus: s.bus})
	of := sites.New(sites.Options{Name: name, Boot: name, Bus: s.bus, Keeper: courierKeeper{post}, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{}, 2)
	go func() { check(post.Run(ctx)); ended <- struct{}{} }()
	go func() { check(of.Run(ctx, s.link)); ended <- struct{}{} }()
	b.Cleanup(func() { cancel(); <-ended; <-ended })
	return s
}

// subjects gives how many a stream holds.
func (s *realSite) subjects(stream bus.Stream, filter bus.Subject) int {
	s.b.Helper()
	all, err := s.bus.Subjects(s.b.Context(), stream, filter)
	if err != nil {
		s.b.Fatal(err)
	}
	return len(all)
}

// BenchmarkDrain sends 10,000 payloads of 4 KiB, 13 MB as they are stored, over loopback; one is the time until all are stored and forgotten.
func BenchmarkDrain(b *testing.B) {
	const payloads = 10_000
	var hosts []string
	for i := range payloads {
		hosts = append(hosts, name(i))
	}
	far := startReal(b, "far", link.Plan{Listen: "127.0.0.1:0", Users: []link.User{{Name: "near", Password: "x"}}}, hosts...)
	near := startReal(b, "near", link.Plan{Dials: []link.Dial{{URL: &url.URL{Scheme: "nats", Host: far.link.Address()}, User: "near", Password: "x"}}})
	text := agentText()
	at := monitor.At(time.Now().Add(-time.Hour))
	for b.Loop() {
		at = at.Add(time.Second)
		var letters []bus.Letter
		var packer wire.Compressor
		for _, h := range hosts {
			p := monitor.Payload{Target: h, Source: "esx", At: at, Raw: h, Data: text}
			letters = append(letters, bus.Letter{Subject: bus.Outbound("far", h, "esx"), Data: packer.AppendPayload(nil, &p)})
		}
		if _, err := near.bus.Post(b.Context(), letters); err != nil {
			b.Fatal(err)
		}
		for near.subjects(bus.PBO, bus.OutboundTo("far")) > 0 {
			<-time.After(50 * time.Millisecond)
		}
		if n := far.subjects(bus.PB, bus.AllPayloads()); n != payloads {
			b.Fatalf("%d payloads are stored", n)
		}
	}
}

// agentText is 4 KiB that look like an agent's.
func agentText() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var text []byte
	for len(text) < 4<<10 {
		text = fmt.Appendf(text, "<<<df>>>\n/dev/sd%c1 ext4 %d %d %d %d%% /srv/data%d\n", 'a'+r.IntN(20), r.IntN(1e8), r.IntN(1e8), r.IntN(1e8), r.IntN(100), r.IntN(90))
	}
	return text[:4<<10]
}
