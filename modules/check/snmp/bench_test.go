package snmp_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/snmp"
	"github.com/onbu/onbu/monitor"
)

// again is a poller that starts the check again as soon as it is done.
type again struct {
	check modules.Starter
	left  int
	group *sync.WaitGroup
	wrong int
}

func (a *again) start() {
	if a.left--; a.left < 0 {
		a.group.Done()
		return
	}
	a.check.Start(time.Now().Add(time.Minute), a)
}

func (a *again) Done(o monitor.Outcome, err error) {
	if o.State != monitor.OK || err != nil {
		a.wrong++
	}
	a.start()
}

// BenchmarkCheck asks one agent for one check at a time, 200 chains of checks in parallel, each for an object of its own.
// Most of its time is the agent's, .
func BenchmarkCheck(b *testing.B) {
	a := startAgent(b, func(q query) [][]byte { return [][]byte{q.values(tlv(2, []byte{72}))} })
	m := snmp.New(snmp.Options{})
	defer m.Close()
	var group sync.WaitGroup
	const chains = 200
	var list []*again
	for i := range chains {
		p, err := m.Parse([]string{"check_snmp", "-H", "127.0.0.1", "-p", a.port, "-P", "2c", "-o", "1.3.6.1.2.1.2.2.1.10." + itoa(i), "-w", "80", "-c", "90"})
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, &again{check: p.(modules.Starter), left: b.N/chains + 1, group: &group})
	}
	b.ResetTimer()
	for _, c := range list {
		group.Add(1)
		c.start()
	}
	group.Wait()
	for _, c := range list {
		if c.wrong > 0 {
			b.Fatalf("%d wrong", c.wrong)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	a := startAgent(b, func(q query) [][]byte { return [][]byte{q.values(tlv(2, []byte{72}))} })
	m := snmp.New(snmp.Options{})
	defer m.Close()
	p, err := m.Parse([]string{"check_snmp", "-H", "127.0.0.1", "-p", a.port, "-P", "2c", "-o", "1.3.6.1.2.1.1.7.0", "-w", "80", "-c", "90"})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if o, err := p.Run(context.Background()); err != nil || o.State != 0 {
			b.Fatal(o, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	m := snmp.New(snmp.Options{})
	argv := append([]string{"check_snmp"}, words("-H 10.0.0.1 -C secret -P 2c -o .1.3.6.1.2.1.2.2.1.10.1 -w 80 -c 90 -l in -u B")...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Parse(argv); err != nil {
			b.Fatal(err)
		}
	}
}
