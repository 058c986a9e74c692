package bus_test

import (
	"encoding/base32"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/bus"
)

var asToken = regexp.MustCompile(`^([0-9a-v]+|w[0-9a-v]{26}|_)$`)

func FuzzToken(f *testing.F) {
	for _, seed := range []string{
		"", "web01", "a.b", "*", ">", "res.>", "../../etc/passwd", "a b", "line\nfeed", "\x00", "ä", "\xff\xfe", "_", "w",
		strings.Repeat("n", 100), strings.Repeat("n", 101), strings.Repeat("ü.", 300),
	} {
		f.Add(seed)
	}
	lower := base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)
	f.Fuzz(func(t *testing.T, name string) {
		got := bus.Token(name)
		if !asToken.MatchString(got) {
			t.Fatalf("Token(%q) = %q", name, got)
		}
		if name != "" && len(name) <= 100 {
			if back, err := lower.DecodeString(got); err != nil || string(back) != name {
				t.Errorf("Token(%q) = %q, which decodes to %q, %v", name, got, back, err)
			}
		}
		if (got[0] == 'w') != (len(name) > 100) {
			t.Errorf("Token of %d bytes is %q", len(name), got)
		}
		for _, s := range []bus.Subject{
			bus.Want(name), bus.Jobs(name), bus.Refused(name), bus.Results(1, name), bus.Passive(math.MaxUint16, name), bus.Actions(0, name),
		} {
			if err := s.Check(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSubjectsFallUnderTheirFilters(t *testing.T) {
	for _, c := range []struct {
		filter, subject bus.Subject
		want            bool
	}{
		{"", bus.Own(1), true},
		{bus.Wants(), bus.Want("linux"), true},
		{bus.ResultsOf(1), bus.Results(1, "p"), true},
		{bus.ResultsOf(1), bus.Results(11, "p"), false},
		{bus.PassiveOf(1), bus.Passive(1, ""), true},
		{bus.EventsOf(1), bus.States(1), true},
		{bus.EventsOf(1), bus.Actions(1, "pool"), true},
		{bus.EventsOf(1), bus.Own(1), false},
		{bus.AllEvents(), bus.Own(1), false},
		{bus.ActionsOf("a"), bus.Actions(7, "a"), true},
		{bus.ActionsOf("a"), bus.Actions(7, "b"), false},
		{bus.AllPerf(), bus.Perf(3), true},
		{"a", "a", true},
		{"a", "a.b", false},
		{"a.b", "a", false},
		{"a.*", "a", false},
		{"a.*", "a.b.c", false},
		{"a.>", "a", false},
		{"a.>", "a.b.c", true},
		{">", "a", true},
		{"*.b", "a.b", true},
	} {
		if got := c.subject.Matches(c.filter); got != c.want {
			t.Errorf("%s under %q: got %t", c.subject, c.filter, got)
		}
	}
}

func TestEveryStoredSubjectHasItsStream(t *testing.T) {
	streams, _ := bus.Layout()
	for subject, want := range map[bus.Subject]bus.Stream{
		bus.Own(1): bus.EV, bus.States(1): bus.EV, bus.Actions(1, "p"): bus.EV,
		bus.Results(1, "p"): bus.RES, bus.Passive(1, "h"): bus.PASSIVE, bus.Commands(1): bus.CMD,
		bus.Perf(1): bus.PERF, bus.Done(1): bus.DONE,
		bus.Jobs("p"): "", bus.Want("p"): "", bus.Refused("s"): "", bus.Ask(1): "", bus.Alive(1): "", bus.Present("s", "b"): "",
	} {
		if got := bus.StreamOf(streams, subject); got != want {
			t.Errorf("%s: got %q, want %q", subject, got, want)
		}
	}
}

func TestKeysOfBuckets(t *testing.T) {
	for key, good := range map[string]bool{
		"shard.1": true, "role.arbiter": true, "A-b_c=0": true,
		"": false, ".": false, ".a": false, "a.": false, "a..b": false, "a b": false, "a/b": false, "*": false, ">": false, "ä": false,
	} {
		if err := bus.CheckKey(key); (err == nil) != good {
			t.Errorf("%q: got %v", key, err)
		}
	}
}

func TestASubjectOfAPayloadSaysWhoseItIs(t *testing.T) {
	long := strings.Repeat("long", 30)
	for s, want := range map[bus.Subject]string{
		bus.PayloadFor("vm1", "esx*1"): "|vm1|esx*1", bus.Orphan("vm 1", "esx1"): "|vm 1|esx1",
		bus.Outbound("north", "vm1", "esx1"): "north|vm1|esx1", bus.OutboundSource("north", "esx1", ""): "north||esx1",
		bus.PayloadFor("vm1", bus.SourceAt("north", "esx1")): "|vm1|esx1\nnorth",
		bus.PayloadFor(long, "esx1"):                         "", bus.SourceOf("esx1", ""): "", "pb.a.b.c": "", "pbx.UP.a": "",
	} {
		got := ""
		if site, target, source, ok := bus.PayloadNames(s); ok {
			got = site + "|" + target + "|" + source
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", s, got, want)
		}
	}
}
