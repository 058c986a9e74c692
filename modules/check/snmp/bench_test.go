package snmp_test

import (
	"context"
	"testing"

	"github.com/onbu/onbu/modules/check/snmp"
)

func BenchmarkGet(b *testing.B) {
	a := startAgent(b, func(q query) [][]byte { return [][]byte{q.values(tlv(2, []byte{72}))} })
	for name, objects := range map[string]string{
		"1": "1.3.6.1.2.1.1.7.0", "10": "1.3.6.1.2.1.2.2.1.10.1,1.3.6.1.2.1.2.2.1.10.2,1.3.6.1.2.1.2.2.1.10.3," +
			"1.3.6.1.2.1.2.2.1.10.4,1.3.6.1.2.1.2.2.1.10.5,1.3.6.1.2.1.2.2.1.10.6,1.3.6.1.2.1.2.2.1.10.7," +
			"1.3.6.1.2.1.2.2.1.10.8,1.3.6.1.2.1.2.2.1.10.9,1.3.6.1.2.1.2.2.1.10.10",
	} {
		p, err := snmp.New(snmp.Options{}).Parse([]string{
			"check_snmp", "-H", "127.0.0.1", "-p", a.port, "-P", "2c", "-o", objects, "-w", "80", "-c", "90",
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Run("objects="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if o, err := p.Run(context.Background()); err != nil || o.State != 0 {
					b.Fatal(o, err)
				}
			}
		})
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
