package service_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/check/agent/service"
)

// BenchmarkInterface makes the check of one interface of a host that has many.
func BenchmarkInterface(b *testing.B) {
	for _, n := range []int{4, 500} {
		b.Run(fmt.Sprintf("of%d", n), func(b *testing.B) {
			var text strings.Builder
			text.WriteString("<<<lnx_if:sep(58)>>>\n")
			for i := range n {
				fmt.Fprintf(&text, "eth%d: 141890005 9387 0 0 0 0 0 0 1009261 9870 0 0 0 0 0 0\n", i)
			}
			for i := range n {
				fmt.Fprintf(&text, "[eth%d]\n\tSpeed: 1000Mb/s\n\tDuplex: Full\n\tLink detected: yes\n\tAddress: 52:54:00:12:34:56\n", i)
			}
			var set section.Set
			section.ParseText(text.String(), &set, section.Options{})
			k, _ := service.Find("lnx_if")
			in := service.Input{Sections: &set, Item: "eth1", Now: time.Unix(1700000000, 0), Counters: &service.Counters{}}
			for b.Loop() {
				var r service.Report
				k.Check(&in, &r)
				r.Outcome()
			}
		})
	}
}

// BenchmarkDiscover looks for what a Linux host offers.
func BenchmarkDiscover(b *testing.B) {
	var set section.Set
	section.ParseText(strings.Join(examples(), "\n"), &set, section.Options{})
	for b.Loop() {
		if len(service.Discover(&set, time.Unix(1700000000, 0))) < 20 {
			b.Fatal("hardly anything is offered")
		}
	}
}
