package service_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// FuzzKinds shows any output to all kinds, with any item, levels and option: none panics, and what comes out is clean.
func FuzzKinds(f *testing.F) {
	for _, s := range examples() {
		f.Add(s, "/", "80", "90", "1,2")
		f.Add(s, "", "10:", "5:", "~.*")
		f.Add(strings.ReplaceAll(s, " ", "|"), "x", "1G:2G", "", "critical")
	}
	kinds := service.Kinds()
	f.Fuzz(func(t *testing.T, output, item, warn, crit, option string) {
		now := time.Unix(1700000000, 0)
		var counters service.Counters
		for range 2 {
			now = now.Add(time.Minute)
			var set section.Set
			section.ParseText(output, &set, section.Options{Now: now})
			for i := range kinds {
				tryKind(t, &kinds[i], service.Input{Sections: &set, Item: item, Warn: warn, Crit: crit, Now: now, Counters: &counters}, option)
			}
		}
	})
}

func tryKind(t *testing.T, k *service.Kind, in service.Input, option string) {
	if !k.Present(in.Sections) {
		k.Check(&in, &service.Report{})
		return
	}
	items := []string{in.Item}
	for i, found := range k.Discover(&in) {
		if found.Description == "" {
			t.Errorf("%s offers %q without a description", k.Name, found.Item)
		}
		if i < 5 {
			items = append(items, found.Item)
		}
	}
	for _, options := range []map[string]string{nil, every(k, option)} {
		for _, in.Item = range items {
			in.Options = options
			var r service.Report
			k.Check(&in, &r)
			judge(t, k, r.Outcome())
		}
	}
}

// every gives the same value to all options of a kind.
func every(k *service.Kind, value string) map[string]string {
	options := map[string]string{}
	for name := range k.Takes {
		options[name] = value
	}
	return options
}

func judge(t *testing.T, k *service.Kind, o monitor.Outcome) {
	t.Helper()
	if o.State > monitor.Unknown {
		t.Errorf("%s: state %d", k.Name, o.State)
	}
	if !utf8.ValidString(o.Output+o.LongOutput+o.Perfdata) || strings.ContainsAny(o.Output, "\n\r\x00\x01\x1b") || strings.ContainsAny(o.LongOutput, "\r\x00\x01\x1b") {
		t.Errorf("%s: output is not clean: %q %q", k.Name, o.Output, o.LongOutput)
	}
	if len(o.Output) > 20_000 || len(o.LongOutput) > 80_000 || len(o.Perfdata) > 150_000 {
		t.Errorf("%s: output of %d, %d and %d bytes", k.Name, len(o.Output), len(o.LongOutput), len(o.Perfdata))
	}
	// What a plugin on the host says stays as it is.
	if _, err := perfdata.Parse(o.Perfdata); err != nil && k.Name != "mrpe" {
		t.Errorf("%s: performance data: %v", k.Name, err)
	}
}

// examples are outputs that every kind finds something in.
func examples() []string {
	return []string{
		agentExample, localExample, mrpeExample, dfExample, netfsExample, memExample, cpuExample, kernelExample, psExample, windowsPSExample,
		mountsExample, tcpExample, systemdExample, chronyExample, ntpExample, timesyncdExample, jobExample, logwatchExample, mdExample,
		mailqExample, fileinfoExample, thermalExample,
		lnxIfAt("1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0"), linuxDisksAt(1700000000, "1 0 1 1 1 0 1 1 0 1 1", "1 0 1 1 1 0 1 1 0 1 1"),
		winIfAt("1700000000.5", 1, 1), phydiskAt("1700000000.5", 1, 1, 1, 1, 1), processorAt("1700000000.5", 1, 1), winServices, wmiLoad,
		dockerSection("docker_container_status", `{"Status": "running", "Health": {"Status": "healthy", "Log": [{}]}}`),
		dockerSection("docker_container_mem", `{"usage": 1, "limit": 8, "stats": {"cache": 1}}`),
		dockerSection("docker_container_cpu", `{"cpu_usage": {"total_usage": 1}, "system_cpu_usage": 9, "online_cpus": 4}`),
		dockerSection("docker_node_disk_usage", `{"type": "Images", "size": 2048}`),
		esxGuest, esxHostOutput, esxCounterOutput, "<<<esx_vsphere_datastores:sep(9)>>>\n[a]\ncapacity\t9\nfreeSpace\t4\nuncommitted\t5\n",
	}
}
