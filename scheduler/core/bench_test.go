package core_test

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// steady is a core with all objects checked once, and the shell's part around it.
type steady struct {
	core    *core.Core
	now     monitor.Time
	d       core.Decisions
	results []monitor.Result
}

// turn lets 10 ms pass: checks fall due, and all of them are answered OK. It says how many.
func (s *steady) turn() int {
	s.now = s.now.Add(10 * time.Millisecond)
	s.d.Reset()
	s.core.Tick(s.now, &s.d)
	s.results = s.results[:0]
	for i := range s.d.Jobs {
		s.results = append(s.results, answer(&s.d.Jobs[i], s.now, monitor.OK))
	}
	s.core.Observe(s.now, s.results, &s.d)
	return len(s.results)
}

func newSteady(tb testing.TB, hosts int) *steady {
	inv := fleet(hosts)
	s := &steady{core: started(tb, inv), now: t0}
	s.core.Begin(t0)
	for seen := 0; seen < 2*inv.Objects(); {
		seen += s.turn()
	}
	return s
}

// One check of a million services: due, macros resolved, job made, answered OK, status and brok made, planned again.
// cpu-ns/check is the time that the processor spent, for machines that are busy with other things as well.
func BenchmarkCheck(b *testing.B) {
	s := newSteady(b, 100_000)
	b.ReportAllocs()
	begin, checks := cpu(b), 0
	for n := 0; b.Loop(); n-- {
		for n == 0 {
			n = s.turn()
			checks += n
		}
	}
	b.ReportMetric(float64(cpu(b)-begin)/float64(checks), "cpu-ns/check")
}

// cpu gives the processor time that the process has used.
func cpu(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// The memory of a million services, hosts counted in: bytes/service is the core's tables and wheel, with-index adds what
// finds names, with-inventory all that is on the heap, names of objects included.
func BenchmarkMemory(b *testing.B) {
	var before, after runtime.MemStats
	const hosts, services = 100_000, 1_000_000
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		c := started(b, fleet(hosts))
		c.Begin(t0)
		runtime.GC()
		runtime.ReadMemStats(&after)
		tables, indexes := c.Bytes()
		b.ReportMetric(float64(tables)/services, "bytes/service")
		b.ReportMetric(float64(tables+indexes)/services, "with-index-bytes/service")
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/services, "with-inventory-bytes/service")
		runtime.KeepAlive(c)
	}
}

func TestACheckAllocatesNothing(t *testing.T) {
	s := newSteady(t, 200)
	for range 40_000 { // until all buffers have seen their largest batch
		s.turn()
	}
	checks := 0
	allocations := testing.AllocsPerRun(30_000, func() { checks += s.turn() })
	if allocations != 0 || checks == 0 {
		t.Errorf("%v allocations a turn, %d checks; want none, and some", allocations, checks)
	}
}

func TestAServiceTakesAtMost300Bytes(t *testing.T) {
	const hosts, services = 10_000, 100_000
	tables, indexes := started(t, fleet(hosts)).Bytes()
	if got := float64(tables+indexes) / services; got > 300 {
		t.Errorf("%.0f bytes a service, its host's share included; want at most 300", got)
	}
}

// Restarting a shard of 62,500 services.
func BenchmarkBegin(b *testing.B) {
	inv := fleet(6_250)
	c := started(b, inv)
	b.ReportAllocs()
	for b.Loop() {
		c.Begin(t0)
	}
}

func BenchmarkSnapshotAndRestore(b *testing.B) {
	inv := fleet(6_250)
	c := started(b, inv)
	b.ReportAllocs()
	for b.Loop() {
		started(b, inv).Restore(c.Snapshot())
	}
}

// BenchmarkAdopt exchanges the configuration of a shard of 62,500 services, a sixteenth of a million, for one in which the
// first host is gone, so that every object has another number.
func BenchmarkAdopt(b *testing.B) {
	was, now := fleet(6251), fleet(6251)
	now.Hosts = now.Hosts[1:]
	now.Services = now.Services[10:]
	for i := range now.Services {
		now.Services[i].Host--
	}
	c := started(b, was)
	var d core.Decisions
	c.Begin(t0)
	both := [2]*monitor.Inventory{now, was}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := c.Adopt(t0, both[i%2], &d); err != nil {
			b.Fatal(err)
		}
		d.Reset()
	}
}
