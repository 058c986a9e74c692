package view_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
)

// TestAStatusIsGivenAsItWasTaken puts statuses into one view whose fields are at random empty, small or large, so that each field
// alone makes some of them unusual, and others not.
func TestAStatusIsGivenAsItWasTaken(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	v := view.New()
	for i := range 30_000 {
		s := monitor.Status{Ref: monitor.Ref{Host: "h", Service: string(rune('a' + i%5))}}
		s.LastCheck = monitor.Time(1 + r.Int64N(1e18))
		s.LastUpdate = s.LastCheck + monitor.Time(r.Int64N(1e9))
		fields := reflect.ValueOf(&s).Elem()
		for range r.IntN(4) {
			n := 1 + r.IntN(fields.NumField()-1) // the first is the name
			disturb(r, fields.Field(n))
		}
		v.Fill([]monitor.Status{s}, math.MaxInt64-30_000+monitor.Time(i))
		for _, got := range services(v) {
			if got.Service == s.Service {
				if diff := cmp.Diff(s, got); diff != "" {
					t.Fatalf("status %d: %s", i, diff)
				}
			}
		}
	}
}

// disturb gives a field another value.
func disturb(r *rand.Rand, f reflect.Value) {
	big := r.IntN(2) == 0
	switch f.Kind() {
	case reflect.Bool:
		f.SetBool(true)
	case reflect.String:
		n := 1 + r.IntN(20)
		if big {
			n = 1 + r.IntN(80_000)
		}
		f.SetString(strings.Repeat("x", n))
	case reflect.Float32:
		f.SetFloat(1.5)
	case reflect.Slice:
		f.Set(reflect.ValueOf([]monitor.Ref{{Host: "root"}}))
	case reflect.Pointer:
		f.Set(reflect.New(f.Type().Elem()))
	case reflect.Int8, reflect.Int, reflect.Int64:
		x := r.Int64N(100) - 50
		if f.Kind() == reflect.Int64 && big {
			x = r.Int64()
		}
		f.SetInt(x)
	default:
		f.SetUint(uint64(r.IntN(4)))
	}
}

// filled gives a view of so many hosts with ten services each, and a check of each service.
func filled(hosts int) (*view.View, []monitor.Check) {
	v := view.New()
	checks := make([]monitor.Check, hosts*10)
	for i := range checks {
		checks[i] = monitor.Check{
			Ref:    monitor.Ref{Host: "host-" + string(rune('a'+i/10%26)) + string(rune(i/10)), Service: string(rune('0' + i%10))},
			Object: monitor.ID(i), Time: 1e18 + 1e6, State: monitor.OK, Started: 1e18, Module: "icmp", Poller: "p1",
			Output: "OK - 127.0.0.2: rta 0.039ms, lost 0%", Perfdata: "rta=0.039ms;200.000;500.000;0; pl=0%;40;80;;",
		}
		v.Check(&checks[i])
	}
	return v, checks
}

func BenchmarkApplyACheck(b *testing.B) {
	v, checks := filled(10_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c := &checks[i%len(checks)]
		c.Time++
		v.Check(c)
	}
}

// BenchmarkMemory reports what a view of 100,000 hosts with ten services each takes, the texts of their checks included.
func BenchmarkMemory(b *testing.B) {
	const hosts = 100_000
	for b.Loop() {
		before := heap()
		v := view.New()
		for i := range hosts * 10 {
			s := monitor.Status{
				Ref:   monitor.Ref{Host: fmt.Sprintf("host-%06d", i/10), Service: []string{"ping", "load", "disk", "swap", "http", "ssh", "ntp", "mail", "dns", "smtp"}[i%10]},
				State: monitor.OK, LastCheck: 1e18, LastUpdate: 1e18 + 1e6, LastTimeOK: 1e18 + 1e6, Module: "icmp", Poller: "p1",
				Output: strings.Clone("OK - 127.0.0.2: rta 0.039ms, lost 0%"), Perfdata: strings.Clone("rta=0.039ms;200.000;500.000;0; pl=0%;40;80;;"),
			}
			v.Apply(&monitor.Brok{Kind: monitor.BrokState, Time: 1, Status: &s})
		}
		b.ReportMetric(float64(heap()-before)/(hosts*10), "B/service")
		runtime.KeepAlive(v)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
