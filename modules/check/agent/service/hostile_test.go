package service_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/check/agent/service"
)

// Sections of 8 MiB of what each reader keeps most of: what is allocated in all grows with the input and no faster.
func TestSectionsWithoutEndTakeRoomInProportion(t *testing.T) {
	const size = 8 << 20
	fill := func(begin, line string) string { return begin + strings.Repeat(line, size/len(line)) }
	numbered := func(begin string, line func(b []byte, n string) []byte) string {
		b := []byte(begin)
		for n := 0; len(b) < size; n++ {
			b = line(b, "x"+string(rune('a'+n%26))+strings.Repeat("y", n%50)+time.Duration(n).String())
		}
		return string(b)
	}
	for kind, output := range map[string]string{
		"winperf_if":        fill("<<<winperf_if>>>\n1.5 510 10\n9 instances: ", "a ") + "\n10 1 x\n",
		"winperf_processor": fill("<<<winperf_processor>>>\n1.5 238 10\n1 instances: 0\n", "1 2 c\n"),
		"winperf_phydisk":   fill("<<<winperf_phydisk>>>\n1.5 234 10\n1 instances: 0\n-14 ", "1 "),
		"lnx_if": numbered("<<<lnx_if:sep(58)>>>\n", func(b []byte, n string) []byte {
			return append(append(b, n...), ": 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"...)
		}),
		"diskstat": numbered("<<<diskstat>>>\n1\n", func(b []byte, n string) []byte {
			return append(append(append(b, "1 1 "...), n...), " 1 1 1 1 1 1 1 1 1 1 1\n"...)
		}),
		"services":                  fill("<<<services>>>\n", "a b/auto\n"),
		"esx_if":                    numbered("<<<esx_vsphere_counters:sep(124)>>>\n", func(b []byte, n string) []byte { return append(append(append(b, "net.bytesRx|"...), n...), "|1\n"...) }),
		"esx_vm_power":              numbered("<<<esx_vsphere_vm>>>\nruntime.powerState poweredOn\n", func(b []byte, n string) []byte { return append(append(b, n...), " 1\n"...) }),
		"esx_vm_cpu":                fill("<<<esx_vsphere_vm>>>\nsummary.quickStats.overallCpuUsage ", "1"),
		"esx_host_cpu":              fill("<<<esx_vsphere_hostsystem>>>\nconfig.storageDevice.multipathInfo ", "a b c "),
		"esx_disk":                  fill("<<<esx_vsphere_counters:sep(124)>>>\ndisk.read||", "1#"),
		"docker_container_mem":      fill("<<<docker_container_mem:sep(0)>>>\n{\"stats\": [", "[],") + "1]}\n",
		"docker_container_diskstat": numbered("<<<docker_container_diskstat>>>\n[io_serviced]\n", func(b []byte, n string) []byte { return append(append(b, n...), ":1 Read 1\n"...) }),
	} {
		k, _ := service.Find(kind)
		var set section.Set
		section.ParseText(output, &set, section.Options{})
		in := service.Input{Sections: &set, Item: "SUMMARY", Now: time.Unix(1700000000, 0), Counters: &service.Counters{}}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var r service.Report
		k.Discover(&in)
		k.Check(&in, &r)
		runtime.ReadMemStats(&after)
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 400 {
			t.Errorf("%s: %d MiB were allocated in all", kind, took)
		}
		t.Logf("%-26s %4d MiB in all, %s", kind, (after.TotalAlloc-before.TotalAlloc)>>20, r.Outcome().Output[:min(60, len(r.Outcome().Output))])
	}
}
