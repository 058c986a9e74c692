package web

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules/export/web/points"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// large is a host with many services.
func large(services int) (*watching, func(monitor.Status)) {
	inv := &monitor.Inventory{Shards: 1, Policies: []monitor.Policy{{CheckPeriod: monitor.None, NotificationPeriod: monitor.None}}, Hosts: []monitor.Host{{Name: "big", Check: monitor.Call{Command: monitor.None}}}}
	v := view.New()
	at := monitor.Time(0)
	fill := func(s monitor.Status) {
		at++
		v.Fill([]monitor.Status{s}, at)
	}
	for i := range services {
		inv.Services = append(inv.Services, monitor.Service{Description: fmt.Sprintf("port %04d", i)})
		fill(monitor.Status{Ref: monitor.Ref{Host: "big", Service: fmt.Sprintf("port %04d", i)}, Output: "it is fine, as it was before", LastCheck: 1})
	}
	index := catalog.NewIndex(catalog.New([]*monitor.Inventory{inv}))
	m := &Module{present: present{view: v.Snapshot}}
	w := m.watch(monitor.Ref{Host: "big"})
	w.order = func() *catalog.Index { return index }
	return w, func(s monitor.Status) {
		fill(s)
		m.present.now = nil
	}
}

func TestOfAHostWithManyServicesOnlyThoseAreSentThatChanged(t *testing.T) {
	w, fill := large(2000)
	if first := w.Change(t.Context()); bytes.Count(first, []byte(`"port `)) != 2000 {
		t.Errorf("at first there are %d", bytes.Count(first, []byte(`"port `)))
	}
	if again := w.Change(t.Context()); again != nil {
		t.Errorf("nothing has changed, and yet %s", again)
	}
	fill(monitor.Status{Ref: monitor.Ref{Host: "big", Service: "port 0042"}, State: monitor.Critical})
	if change := w.Change(t.Context()); bytes.Count(change, []byte(`"port `)) != 1 || !bytes.Contains(change, []byte(`"port 0042":{"state":"CRITICAL"`)) {
		t.Errorf("one has changed: %s", change)
	}
	if whole := w.Whole(); bytes.Count(whole, []byte(`"port `)) != 2000 {
		t.Errorf("a page that comes later gets %d", bytes.Count(whole, []byte(`"port `)))
	}
}

// BenchmarkWatch is what an open page of a host with 2,000 services costs twice a second while nothing changes.
func BenchmarkWatch(b *testing.B) {
	w, _ := large(2000)
	w.Change(b.Context())
	for b.Loop() {
		w.Change(b.Context())
	}
}

// BenchmarkSample is what it costs once a minute to keep what was measured: of 100,000 services with two metrics each a fifth was checked
// since the last look.
func BenchmarkSample(b *testing.B) {
	v := view.New()
	now := time.Unix(1_800_000_000, 0)
	v.Clock(monitor.At(now))
	ref := func(i int) monitor.Ref {
		return monitor.Ref{Host: fmt.Sprintf("host-%d", i/20), Service: fmt.Sprintf("service %d", i%20)}
	}
	const services = 100_000
	for i := range services {
		v.Fill([]monitor.Status{{Ref: ref(i), LastCheck: monitor.At(now), Perfdata: "rta=0.023ms;100;500;0 pl=0%;20;60;0;100"}}, 1)
	}
	s := points.New(points.Options{Path: filepath.Join(b.TempDir(), "points"), Most: 256 << 20, Log: slog.New(slog.DiscardHandler)})
	defer s.Close()
	since := monitor.Time(0)
	for b.Loop() {
		if err := s.Round(now, measuredSince(v.Snapshot(), since, 0)); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		now = now.Add(sampleEvery)
		since = monitor.At(now)
		v.Clock(since)
		for i := 0; i < services; i += 5 {
			v.Check(&monitor.Check{Ref: ref(i), Object: monitor.NoID, Time: since, Started: since, Perfdata: "rta=0.023ms;100;500;0 pl=0%;20;60;0;100"})
		}
		b.StartTimer()
	}
}
