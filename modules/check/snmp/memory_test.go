package snmp_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/snmp"
)

func TestLinesShareWhatTheyHaveInCommon(t *testing.T) {
	const hosts, services, most = 2000, 10, 200
	m := snmp.New(snmp.Options{})
	probes := make([]modules.Probe, 0, hosts*services)
	before := heap()
	for h := range hosts {
		for s := range services {
			p, err := m.Parse([]string{
				"check_snmp", "-H", fmt.Sprintf("10.1.%d.%d", h/256, h%256), "-C", "secret", "-P", "2c",
				"-o", fmt.Sprintf(".1.3.6.1.2.1.2.2.1.10.%d", s), "-w", "80", "-c", "90", "-l", "in", "-u", "B",
			})
			if err != nil {
				t.Fatal(err)
			}
			probes = append(probes, p)
		}
	}
	if each := (heap() - before) / len(probes); each > most {
		t.Errorf("a line takes %d bytes, want at most %d", each, most)
	} else {
		t.Logf("%d bytes a line", each)
	}
	runtime.KeepAlive(probes)
	runtime.KeepAlive(m)
}

func heap() int {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int(s.HeapAlloc)
}
