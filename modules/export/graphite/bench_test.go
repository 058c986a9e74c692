package graphite_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/graphite"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// BenchmarkExport brings batches of 1,000 checks with four metrics each to a server on this machine that reads and forgets.
func BenchmarkExport(b *testing.B) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { server.Close() })
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	known, broks := large()
	for _, protocol := range []string{"plaintext", "pickle"} {
		b.Run(protocol, func(b *testing.B) {
			s := modules.Read(define("protocol "+protocol, fmt.Sprint("port ", server.Addr().(*net.TCPAddr).Port)))
			x := graphite.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}, modules.Outlook{
				Catalog: func() *catalog.Catalog { return known },
			})
			defer x.(modules.Closer).Close()
			b.ReportAllocs()
			for b.Loop() {
				if err := x.Export(b.Context(), broks); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(4*len(broks)*b.N)/b.Elapsed().Seconds(), "metrics/s")
		})
	}
}

// large is a configuration of 10,000 hosts with ten services each, and checks of some.
func large() (*catalog.Catalog, []monitor.Brok) {
	inv := &monitor.Inventory{Policies: []monitor.Policy{{}}}
	var broks []monitor.Brok
	now := time.Now().Unix()
	for i := range 10_000 {
		host := fmt.Sprintf("host-%05d.example.org", i)
		inv.Hosts = append(inv.Hosts, monitor.Host{Name: host, Vars: []monitor.Var{{Name: "GRAPHITE_PRE", Value: "eu.paris"}}})
		for n := range 10 {
			service := fmt.Sprint("Filesystem /data", n)
			inv.Services = append(inv.Services, monitor.Service{Host: monitor.ID(i), Description: service})
			if i%100 == 0 {
				broks = append(broks, check(host, service, "/data=2643MB;5948;5958;0;5968 inodes=42%;80;90;0;100 read=12.5KB write=0.25KB", now))
			}
		}
	}
	return catalog.New([]*monitor.Inventory{inv}), broks
}
