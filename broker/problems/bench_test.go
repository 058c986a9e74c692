package problems_test

import (
	"fmt"
	"testing"

	"github.com/onbu/onbu/broker/problems"
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// large is a site of 100,000 services on 10,000 hosts, 10,000 of which are in trouble: 2,000 hosts behind a switch, the others by
// themselves.
func large() (*view.Snapshot, *catalog.Index) {
	v, inv := view.New(), &monitor.Inventory{Generation: 1, Policies: []monitor.Policy{{}}}
	for h := range 10000 {
		host := fmt.Sprintf("host-%05d", h)
		inv.Hosts = append(inv.Hosts, monitor.Host{Name: host, Alias: "machine " + host, Address: fmt.Sprintf("10.1.%d.%d", h/250, h%250)})
		line := host + " UP"
		switch {
		case h == 0:
			line = host + " DOWN problem"
		case h <= 2000:
			line = host + " UNREACHABLE from=host-00000"
		}
		v.Fill([]monitor.Status{told(line)}, 10)
		for n := range 10 {
			inv.Services = append(inv.Services, monitor.Service{Host: monitor.ID(h), Description: fmt.Sprintf("service-%d", n)})
			line := fmt.Sprintf("%s/service-%d OK", host, n)
			if h >= 2000 && n == 5 {
				line = fmt.Sprintf("%s/service-%d CRITICAL problem at=%d worth=%d", host, n, h, h%6)
			}
			s := told(line)
			s.Output = "CRITICAL - 4711 of 9999 are in the queue, the oldest since 3 hours"
			s.LastTimeCritical = 7 // as of what was in trouble once: it has a status of its own
			v.Fill([]monitor.Status{s}, 10)
		}
	}
	return v.Snapshot(), catalog.NewIndex(catalog.New([]*monitor.Inventory{inv}))
}

func BenchmarkLook(b *testing.B) {
	s, _ := large()
	b.ReportAllocs()
	for b.Loop() {
		if l := problems.Look(s); len(l.All) != 10001 {
			b.Fatalf("%d are in trouble", len(l.All))
		}
	}
}

func BenchmarkChoose(b *testing.B) {
	s, x := large()
	l := problems.Look(s)
	for name, q := range map[string]problems.Query{"all": {}, "words": {Words: []string{"host-07", "queue"}}, "newest": {Order: problems.Newest}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if c := l.Choose(&q, x); len(c.Rows) == 0 {
					b.Fatal("nothing fits")
				}
			}
		})
	}
}

func BenchmarkFind(b *testing.B) {
	s, x := large()
	for b.Loop() {
		if _, all := problems.Find(s, x, []string{"host-07", "service-3"}, 30); all != 1000 {
			b.Fatalf("%d found", all)
		}
	}
}
