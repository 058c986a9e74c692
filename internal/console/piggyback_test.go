package console_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// mail has payloads of two sources for two hosts, one for another site and two that nobody knows, with hostile names.
func mail() *api.Payloads {
	return &api.Payloads{
		Now: 1000, Sources: []api.Source{{Name: "esx0"}, {Name: "esx1"}},
		Payloads: []api.Payload{
			{Target: "vm1", Source: "esx0", Site: "rome", Where: api.Here, Names: []string{"vm1"}, At: 400, Bytes: 512, State: "OK", Text: "Piggyback data not updated by source 'esx0'", Sections: []string{"cpu"}},
			{Target: "vm1", Source: "esx1", Where: api.Here, Names: []string{"VM-ONE", "VM\x1b[2J1"}, At: 990, Bytes: 60_000, Usable: true, State: "OK", Text: "Successfully processed from source 'esx1'", Sections: []string{"mem", "local"}},
			{Target: "vm2", Source: "esx1", Where: api.Waiting, To: "paris", Names: []string{"vm2"}, At: 990, Bytes: 20},
			{Target: "vm9", Source: "esx1", Where: api.Orphan, Names: []string{"vm9"}, At: 990, Bytes: 20},
			{Target: "vm3", Source: "esx1", Where: api.Orphan, Names: []string{"vm3"}, At: 990, Bytes: 20},
			{Target: "vm3", Source: "esx0", Where: api.Orphan, Names: []string{"vm3"}, At: 990, Bytes: 20},
		},
	}
}

func TestTheTableOfPayloads(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(console.MailLine(mail(), console.Style{}) + "\n")
	console.PayloadTable(&b, mail(), console.Style{})
	want := `2 payloads for 1 host, 61 kB, the oldest 10m00s old; 2 sources; 2 orphans; waiting: 1 payload for site paris
  TARGET  SOURCE  SITE     AGE   SIZE  STATE    SAYS
  vm1     esx0    rome  10m00s  512 B  OK       Piggyback data not updated by source 'esx0'
  vm1     esx1    -        10s  60 kB  OK       Successfully processed from source 'esx1'
  vm2     esx1    -        10s   20 B  waiting  for site paris
  vm9     esx1    -        10s   20 B  orphan   no host has that name
  vm3     esx1    -        10s   20 B  orphan   no host has that name
  vm3     esx0    -        10s   20 B  orphan   no host has that name
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	if got := console.MailLine(&api.Payloads{}, console.Style{}); got != "no payloads; 0 sources; 0 orphans; queues empty" {
		t.Error(got)
	}
}

func TestOneHostsPayloadsAndTheOriginOfItsServices(t *testing.T) {
	p := mail()
	p.Payloads = p.Payloads[:2]
	services := []api.Object{
		{Service: "Memory", State: "OK", Module: "agent", Output: "fine", LongOutput: "more\nfrom the output of esx1, 10 s old"},
		{Service: "Disk", State: "WARNING", Module: "agent", Output: "full\nmore"},
		{Service: "ping", State: "OK", Module: "icmp"},
	}
	var b bytes.Buffer
	console.HostPayloads(&b, p, services, console.Style{})
	_, below, _ := strings.Cut(b.String(), "\n\n")
	want := `  esx0 calls it vm1 and says: cpu
  esx1 calls it VM-ONE, "VM\x1b[2J1" and says: mem, local

  SERVICE  STATE    ORIGIN         OUTPUT
  Memory   OK       esx1           fine
  Disk     WARNING  its own agent  full
`
	if diff := cmp.Diff(want, below); diff != "" {
		t.Error(diff)
	}
}

func TestConflictsNameEachNameWithItsSource(t *testing.T) {
	var b bytes.Buffer
	p := mail()
	all := console.Conflicts(p)
	console.DrawConflicts(&b, all, p.Now)
	want := "vm1 is\n  \"VM\\x1b[2J1\" from esx1, 10s ago\n  VM-ONE from esx1, 10s ago\n  vm1 from esx0, 10m00s ago\n"
	if diff := cmp.Diff(want, b.String()); diff != "" || len(all) != 1 {
		t.Error(len(all), diff)
	}
}

func TestDynamicHostsAreListedWithWhyOthersAreNot(t *testing.T) {
	var b bytes.Buffer
	console.DynamicTable(&b, &api.Dynamics{
		Hosts: []api.DynamicHost{{Name: "vm\x1b1", Source: "esx1", Rule: "guests", Since: 940, Listed: 990, Services: []string{"CPU", "Memory"}}},
		Refusals: []api.DynamicRefusal{
			{Name: "core1", Source: "esx1", Rule: "guests", Why: "a file defines it", At: 970, Hosts: 1},
			{Name: "a", Source: "esx1", Rule: "guests", Why: "too many", At: 970, Hosts: 4000, Others: []string{"b\x1b"}},
		},
		Made: 3, Gone: 2,
	}, time.Unix(1000, 0), console.Style{})
	want := `1 host made by rules, 4001 refused; 3 made and 2 gone since the first one
  HOST       SOURCE  RULE     MADE  LISTED  SERVICES
  "vm\x1b1"  esx1    guests  1m00s     10s         2
not made: core1 of esx1, rule guests, 30s ago: a file defines it
not made: 4000 hosts (a, "b\x1b", …) of esx1, rule guests, 30s ago: too many
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestRulesAreTriedOnTheNamesOfToday(t *testing.T) {
	rules, wrong := piggyback.Compile(monitor.Piggyback{Translations: []monitor.PiggybackTranslation{
		{Name: "t", Regexes: []monitor.PiggybackRename{{From: "vm([39])", To: `vm2`}}, Refuse: []monitor.Pattern{{Text: "vm1"}}},
	}})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	known := &api.Known{Here: []string{"vm1", "esx1"}, Sites: map[string][]string{"paris": {"vm2"}}}
	p := mail()
	p.Payloads[1].Names = []string{"VM-ONE"}
	trial := console.Try(rules, p, known)
	var b bytes.Buffer
	console.TrialTable(&b, trial, false, console.Style{})
	want := `6 names: 5 would change, 1 would be orphans, 1 would be for nobody; 1 conflict
  SOURCE  NAME    BEFORE      AFTER   WHERE
  esx0    vm1     vm1     ->  -       refused
  esx0    vm3     vm3     ->  vm2     paris
  esx1    VM-ONE  vm1     ->  VM-ONE  orphan
  esx1    vm3     vm3     ->  vm2     paris
  esx1    vm9     vm9     ->  vm2     paris
conflict: vm2: "vm2" from esx1; "vm3" from esx0, esx1; "vm9" from esx1
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
