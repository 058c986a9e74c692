package agent_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent"
	"github.com/onbu/onbu/monitor"
)

// counted waits for checks.
type counted struct {
	sync.WaitGroup
	mu    sync.Mutex
	wrong string
}

func (c *counted) Done(o monitor.Outcome, err error) {
	if err != nil || o.State != monitor.OK {
		c.mu.Lock()
		c.wrong = fmt.Sprint(o, err)
		c.mu.Unlock()
	}
	c.WaitGroup.Done()
}

// large is an output of 100 kB.
func large() string {
	var b strings.Builder
	b.WriteString("<<<check_mk>>>\nVersion: 2.3.0p10\nAgentOS: windows\n<<<services>>>\nSpooler running/auto Print Spooler\n")
	for i := range 60 {
		fmt.Fprintf(&b, "<<<section_%d:sep(9)>>>\n", i)
		for j := range 25 {
			fmt.Fprintf(&b, "/dev/mapper/vg0-data%d\text4\t41152736\t20576368\t18455636\t%d%%\t/srv/data/%d\n", j, i, j)
		}
	}
	return b.String()
}

// BenchmarkServiceOfARound is one service from a round that is at hand.
func BenchmarkServiceOfARound(b *testing.B) {
	port, asked := serve(b, always(large()))
	m := module(b, &courier{})
	line := "-H 127.0.0.1 --cache 3600 -p " + port + " -s services -i Spooler"
	p := m.Own("onbu-agent " + line).(modules.Personal).For(modules.Object{Host: "h", Service: "s"}).(modules.Starter)
	run(b, m, modules.Object{Host: "h"}, line)
	b.ReportAllocs()
	for b.Loop() {
		var w counted
		w.Add(1)
		p.Start(time.Now().Add(time.Minute), &w)
		w.Wait()
		if w.wrong != "" {
			b.Fatal(w.wrong)
		}
	}
	if asked.Load() != 1 {
		b.Errorf("the agent was asked %d times", asked.Load())
	}
}

// BenchmarkFetch is a round with a fetch over TCP.
func BenchmarkFetch(b *testing.B) {
	text := large()
	port, _ := serve(b, always(text))
	m := module(b, &courier{})
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		run(b, m, modules.Object{Host: "h", Forced: true}, "-H 127.0.0.1 -p "+port+" -s services -i Spooler")
	}
}

// guests gives a payload of 4 KiB to each host that asks.
type guests struct{ data []byte }

func (guests) Deliver(context.Context, modules.Delivery) (modules.Delivered, error) {
	return modules.Delivered{}, nil
}

func (g guests) Payloads(_ context.Context, host, _ string, least uint64) (modules.Carried, error) {
	p := modules.CarriedPayload{Payload: monitor.Payload{Target: host, Source: "esx1", At: monitor.At(time.Now()), Data: g.data}, Usable: true}
	return modules.Carried{Use: monitor.UseIfPresent, Payloads: []modules.CarriedPayload{p}}, nil
}

// BenchmarkTenThousandTargets evaluates the own service and five others of 10,000 hosts that have payloads only, each time for
// a new payload.
func BenchmarkTenThousandTargets(b *testing.B) {
	const targets, services = 10_000, 5
	data := "<<<services>>>\n" + strings.Repeat("Spooler running/auto Print Spooler of Windows\n", 10)
	for i := range 10 {
		data += fmt.Sprintf("<<<section_%d:sep(124)>>>\n", i) + strings.Repeat("name|value|another value of it|1234567890\n", 9)
	}
	m := agent.New(agent.Options{Courier: guests{[]byte(data)}})
	defer m.Close()
	lines := []modules.Personal{m.Own("onbu-agent --piggyback-only").(modules.Personal)}
	for range services {
		lines = append(lines, m.Own("onbu-agent --piggyback-only -s services -i Spooler").(modules.Personal))
	}
	b.ReportAllocs()
	place := uint64(0)
	for b.Loop() {
		place++
		var w counted
		w.Add(targets * len(lines))
		until := time.Now().Add(time.Minute)
		for i := range targets {
			host := fmt.Sprint("guest", i)
			for _, line := range lines {
				line.For(modules.Object{Host: host, Service: "s", Payload: place}).(modules.Starter).Start(until, &w)
			}
		}
		w.Wait()
		if w.wrong != "" {
			b.Fatal(w.wrong)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Seconds())/float64(b.N*targets*len(lines))*1e9, "ns/service")
}
