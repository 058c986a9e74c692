package service_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/check/agent/service"
)

// BenchmarkLinuxHost is one output of a small host, parsed, and all services that it offers.
func BenchmarkLinuxHost(b *testing.B) {
	text, err := os.ReadFile("testdata/linux.txt")
	if err != nil {
		b.Fatal(err)
	}
	output := strings.NewReplacer("@NOW", "1700000000", "@LOOK", "1").Replace(string(text))
	now := time.Unix(1700000000, 0)
	var set section.Set
	section.ParseText(output, &set, section.Options{Now: now})
	type made struct {
		kind  service.Kind
		found service.Found
	}
	var all []made
	for _, k := range service.Kinds() {
		if k.Present(&set) {
			for _, f := range k.Discover(&service.Input{Sections: &set, Now: now, Counters: &service.Counters{}}) {
				all = append(all, made{k, f})
			}
		}
	}
	var counters service.Counters
	b.ReportAllocs()
	for b.Loop() {
		var set section.Set
		section.ParseText(output, &set, section.Options{Now: now})
		for i := range all {
			now = now.Add(time.Second)
			in := service.Input{Sections: &set, Now: now, Counters: &counters, Item: all[i].found.Item, Options: all[i].found.Options}
			var r service.Report
			all[i].kind.Check(&in, &r)
			r.Outcome()
		}
	}
	b.ReportMetric(float64(len(all)), "services")
}
