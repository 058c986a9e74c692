package snmp

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"
)

// asker asks one request again and again until enough are answered.
type asker struct {
	*load
	Request
}

type load struct {
	engine  *Engine
	devices []*Device
	left    atomic.Int64
	next    atomic.Int64
	failed  atomic.Int64
	group   sync.WaitGroup
}

func (a *asker) again() {
	if a.left.Add(-1) < 0 {
		a.group.Done()
		return
	}
	a.To = a.devices[int(a.next.Add(1))%len(a.devices)]
	a.engine.Ask(&a.Request)
}

func (a *asker) Answered(_ *Request, answer *Answer) {
	if answer.Err != nil || len(answer.Bindings) != len(a.OIDs) || answer.Bindings[0].Tag != TagCounter32 {
		a.failed.Add(1)
	}
	a.again()
}

func objects(t testing.TB, n int) []OID {
	list := make([]OID, n)
	for i := range list {
		o, err := ParseOID(fmt.Sprintf("1.3.6.1.2.1.2.2.1.10.%d", i+1))
		if err != nil {
			t.Fatal(err)
		}
		list[i] = o
	}
	return list
}

const (
	hosts  = 10_000
	window = 4_000
)

// BenchmarkEngine and BenchmarkGosnmp ask 10,000 devices on loopback, in this process; run them together to compare.
func BenchmarkEngine(b *testing.B) {
	port := startResponder(b)
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) {
			l := &load{engine: New(Options{})}
			defer l.engine.Close()
			for i := range hosts {
				l.devices = append(l.devices, &Device{
					Addr: loopback(i, port), Version: Version2c, Community: "public", Timeout: time.Second, Retries: 3,
				})
			}
			names := objects(b, n)
			b.ReportAllocs()
			b.ResetTimer()
			l.left.Store(int64(b.N))
			for range window {
				a := &asker{load: l, Request: Request{OIDs: names}}
				a.Then = a
				l.group.Add(1)
				a.again()
			}
			l.group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "GET/s")
			if l.failed.Load() > 0 {
				b.Errorf("%d of %d failed; %+v", l.failed.Load(), b.N, l.engine.Counters())
			}
		})
	}
}

// BenchmarkGosnmp has one connected client for each host, as most programs use gosnmp, a thousand of them at work.
func BenchmarkGosnmp(b *testing.B) {
	port := startResponder(b)
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("objects=%d", n), func(b *testing.B) {
			const clients = 1000
			var names []string
			for _, o := range objects(b, n) {
				names = append(names, o.String())
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			var group sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for i := range clients {
				g := &gosnmp.GoSNMP{
					Target: loopback(i, port).Addr().String(), Port: port, Version: gosnmp.Version2c, Community: "public",
					Timeout: 5 * time.Second, Retries: 3,
				}
				if err := g.Connect(); err != nil {
					b.Fatal(err)
				}
				group.Go(func() {
					defer g.Conn.Close()
					for left.Add(-1) >= 0 {
						if _, err := g.Get(names); err != nil {
							b.Error(err)
						}
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "GET/s")
		})
	}
}
