package snmpagent_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/onbu/onbu/bench/target/snmpagent"
)

var (
	start = time.Unix(1_700_000_000, 0)
	small = netip.MustParseAddr("127.1.0.1") // 24 ports
	large = netip.MustParseAddr("127.1.0.8") // 48 ports
)

// ask sends one request, written by gosnmp, to the agent, and reads the answer with gosnmp; nil if there is none.
func ask(t testing.TB, a *snmpagent.Agent, host netip.Addr, now time.Time, p gosnmp.SnmpPacket, names ...string) (*gosnmp.SnmpPacket, int) {
	t.Helper()
	for _, name := range names {
		p.Variables = append(p.Variables, gosnmp.SnmpPDU{Name: name, Type: gosnmp.Null})
	}
	answer := a.Answer(request(t, p), host, now)
	if answer == nil {
		return nil, 0
	}
	client := gosnmp.GoSNMP{Version: p.Version, MaxOids: 1000}
	out, err := client.SnmpDecodePacket(answer)
	if err != nil {
		t.Fatalf("the answer cannot be read: %v", err)
	}
	if out.Version != p.Version || out.RequestID != p.RequestID || out.Community != p.Community || out.PDUType != gosnmp.GetResponse {
		t.Fatalf("the answer %+v is not to %+v", out, p)
	}
	return out, len(answer)
}

func request(t testing.TB, p gosnmp.SnmpPacket) []byte {
	t.Helper()
	b, err := p.MarshalMsg()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func packet(version gosnmp.SnmpVersion, kind gosnmp.PDUType) gosnmp.SnmpPacket {
	return gosnmp.SnmpPacket{Version: version, Community: "public", PDUType: kind, RequestID: 70_000, MsgMaxSize: 65507}
}

func TestGetGivesWhatAHostHas(t *testing.T) {
	a := snmpagent.New(snmpagent.Habits{}, start)
	names := []string{
		".1.3.6.1.2.1.1.5.0", ".1.3.6.1.2.1.2.1.0", ".1.3.6.1.2.1.2.2.1.2.24", ".1.3.6.1.2.1.25.2.3.1.3.4", ".1.3.6.1.2.1.31.1.1.1.1.7",
		".1.3.6.1.2.1.2.2.1.2.25", ".1.3.6.1.2.1.1.5", ".1.3.6.1.9.1.0", ".1.3.6.1.2.1.1.2.0",
	}
	got, _ := ask(t, a, small, start, packet(gosnmp.Version2c, gosnmp.GetRequest), names...)
	want := []string{
		"switch-1-0-1", "24", "GigabitEthernet0/24", "/var", "Gi0/7", "NoSuchInstance", "NoSuchInstance", "NoSuchObject", ".1.3.6.1.4.1.8072.3.2.255",
	}
	for i, v := range got.Variables {
		if v.Name != names[i] || told(v) != want[i] {
			t.Errorf("%s: got %s = %s, want %s", names[i], v.Name, told(v), want[i])
		}
	}
}

// told gives a value as text.
func told(v gosnmp.SnmpPDU) string {
	switch {
	case v.Type == gosnmp.OctetString:
		return string(v.Value.([]byte))
	case v.Value == nil:
		return v.Type.String()
	}
	return fmt.Sprint(v.Value)
}

// walk follows GETNEXT to the end.
func walk(t *testing.T, a *snmpagent.Agent, host netip.Addr, version gosnmp.SnmpVersion) []string {
	t.Helper()
	var names []string
	for at := ".1.3"; ; {
		p, _ := ask(t, a, host, start, packet(version, gosnmp.GetNextRequest), at)
		if p.Error == gosnmp.NoSuchName || p.Variables[0].Type == gosnmp.EndOfMibView {
			return names
		}
		at = p.Variables[0].Name
		if len(names) > 10_000 {
			t.Fatal("the walk does not end")
		}
		names = append(names, at)
	}
}

func TestGetNextWalksEveryObjectOnce(t *testing.T) {
	a := snmpagent.New(snmpagent.Habits{}, start)
	names := walk(t, a, small, gosnmp.Version2c)
	// 7 of the system, ifNumber, 22 and 19 columns of 24 ports, 3 scalars, 7 columns of 4 stores, 2 processors, 3 loads
	if want := 7 + 1 + 24*(22+19) + 3 + 7*4 + 2 + 3; len(names) != want {
		t.Errorf("%d objects, want %d", len(names), want)
	}
	for _, name := range names {
		p, _ := ask(t, a, small, start, packet(gosnmp.Version2c, gosnmp.GetRequest), name)
		if got := p.Variables[0]; got.Name != name || got.Value == nil {
			t.Errorf("GET of %s, which the walk gave: %+v", name, got)
		}
	}
	if got := len(walk(t, a, large, gosnmp.Version2c)); got != len(names)+24*(22+19) {
		t.Errorf("48 ports make %d objects, 24 make %d", got, len(names))
	}
	if got := len(walk(t, a, small, gosnmp.Version1)); got != len(names)-24*8 {
		t.Errorf("v1 has %d of %d objects, 192 being counters of 64 bits", got, len(names))
	}
}

func TestGetBulkGivesTheSameAsGetNext(t *testing.T) {
	a := snmpagent.New(snmpagent.Habits{}, start)
	var names []string
	for at := ".1.3"; at != ""; {
		p := packet(gosnmp.Version2c, gosnmp.GetBulkRequest)
		p.MaxRepetitions = 200
		got, size := ask(t, a, small, start, p, at)
		if size > 1472 {
			t.Fatalf("an answer of %d bytes", size)
		}
		at = ""
		for _, v := range got.Variables {
			if v.Type == gosnmp.EndOfMibView {
				if v.Name != names[len(names)-1] {
					t.Errorf("the end is called %s, want that of the last object %s", v.Name, names[len(names)-1])
				}
				at = ""
				break
			}
			at = v.Name
			names = append(names, at)
		}
	}
	if want := walk(t, a, small, gosnmp.Version2c); !slices.Equal(names, want) {
		t.Errorf("GETBULK gave %d objects, GETNEXT %d", len(names), len(want))
	}
}

func TestGetBulkRepeatsAllButTheFirst(t *testing.T) {
	a := snmpagent.New(snmpagent.Habits{}, start)
	p := packet(gosnmp.Version2c, gosnmp.GetBulkRequest)
	p.NonRepeaters, p.MaxRepetitions = 1, 2
	got, _ := ask(t, a, small, start, p, ".1.3.6.1.2.1.1.3", ".1.3.6.1.2.1.2.2.1.1", ".1.3.6.1.2.1.31.1.1.1.18.24")
	var names []string
	for _, v := range got.Variables {
		names = append(names, strings.TrimPrefix(v.Name, ".1.3.6.1.2.1."))
	}
	want := []string{"1.3.0", "2.2.1.1.1", "31.1.1.1.19.1", "2.2.1.1.2", "31.1.1.1.19.2"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestCountersMoveWithTimeAndDifferByHost(t *testing.T) {
	a := snmpagent.New(snmpagent.Habits{}, start)
	in := func(host netip.Addr, now time.Time) (narrow, wide uint64) {
		p, _ := ask(t, a, host, now, packet(gosnmp.Version2c, gosnmp.GetRequest), ".1.3.6.1.2.1.2.2.1.10.3", ".1.3.6.1.2.1.31.1.1.1.6.3")
		return gosnmp.ToBigInt(p.Variables[0].Value).Uint64(), gosnmp.ToBigInt(p.Variables[1].Value).Uint64()
	}
	narrow, wide := in(small, start)
	narrow2, wide2 := in(small, start.Add(10*time.Second))
	if wide2 <= wide || uint32(narrow2-narrow) != uint32(wide2-wide) {
		t.Errorf("in ten seconds %d became %d and %d %d", narrow, narrow2, wide, wide2)
	}
	if _, other := in(large, start); other == wide {
		t.Errorf("two hosts have both counted %d", other)
	}
}

func TestATooLongAnswerIsTooBig(t *testing.T) {
	a := snmpagent.New(snmpagent.Habits{}, start)
	var names []string
	for port := range 60 {
		names = append(names, fmt.Sprintf(".1.3.6.1.2.1.2.2.1.2.%d", port%24+1))
	}
	got, size := ask(t, a, small, start, packet(gosnmp.Version2c, gosnmp.GetRequest), names...)
	if got.Error != gosnmp.TooBig || got.ErrorIndex != 0 || len(got.Variables) != 0 || size > 100 {
		t.Errorf("v2c: %v at %d with %d objects", got.Error, got.ErrorIndex, len(got.Variables))
	}
	got, _ = ask(t, a, small, start, packet(gosnmp.Version1, gosnmp.GetRequest), names...)
	if got.Error != gosnmp.TooBig || len(got.Variables) != len(names) {
		t.Errorf("v1: %v with %d objects", got.Error, len(got.Variables))
	}
}

func TestV1NamesTheObjectThatIsNotThere(t *testing.T) {
	a := snmpagent.New(snmpagent.Habits{}, start)
	got, _ := ask(t, a, small, start, packet(gosnmp.Version1, gosnmp.GetRequest), ".1.3.6.1.2.1.1.5.0", ".1.3.6.1.2.1.31.1.1.1.6.1")
	if got.Error != gosnmp.NoSuchName || got.ErrorIndex != 2 || len(got.Variables) != 2 {
		t.Errorf("a counter of 64 bits: %v at %d with %d objects", got.Error, got.ErrorIndex, len(got.Variables))
	}
}

func TestHabits(t *testing.T) {
	bulk := packet(gosnmp.Version2c, gosnmp.GetBulkRequest)
	bulk.MaxRepetitions = 11
	two := []string{".1.3.6.1.2.1.1.3.0", ".1.3.6.1.2.1.1.5.0"}
	for name, c := range map[string]struct {
		habits  snmpagent.Habits
		packet  gosnmp.SnmpPacket
		answers bool
	}{
		"few objects":           {snmpagent.Habits{MaxObjects: 2}, packet(gosnmp.Version2c, gosnmp.GetRequest), true},
		"too many objects":      {snmpagent.Habits{MaxObjects: 1}, packet(gosnmp.Version2c, gosnmp.GetRequest), false},
		"too many repetitions":  {snmpagent.Habits{MaxObjects: 21}, bulk, false},
		"just few repetitions":  {snmpagent.Habits{MaxObjects: 22}, bulk, true},
		"v2c to a device of v1": {snmpagent.Habits{OnlyV1: true}, packet(gosnmp.Version2c, gosnmp.GetRequest), false},
		"v1 to a device of v1":  {snmpagent.Habits{OnlyV1: true}, packet(gosnmp.Version1, gosnmp.GetRequest), true},
	} {
		got, _ := ask(t, snmpagent.New(c.habits, start), small, start, c.packet, two...)
		if (got != nil) != c.answers {
			t.Errorf("%s: answer %+v", name, got)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	p := packet(gosnmp.Version2c, gosnmp.GetBulkRequest)
	p.MaxRepetitions = 5
	p.Variables = []gosnmp.SnmpPDU{{Name: ".1.3.6.1.2.1.2.2.1.1", Type: gosnmp.Null}, {Name: ".1.3.6.1.9", Type: gosnmp.Null}}
	f.Add(request(f, p))
	p.PDUType = gosnmp.GetRequest
	f.Add(request(f, p))
	p.Version = gosnmp.Version1
	f.Add(request(f, p))
	a := snmpagent.New(snmpagent.Habits{}, start)
	f.Fuzz(func(t *testing.T, datagram []byte) {
		answer := a.Answer(datagram, small, start)
		if answer == nil {
			return
		}
		client := gosnmp.GoSNMP{Version: gosnmp.Version2c}
		got, err := client.SnmpDecodePacket(answer)
		if err != nil {
			t.Fatalf("%x is answered with %x, which cannot be read: %v", datagram, answer, err)
		}
		if len(answer) > 1472 && got.Error == gosnmp.NoError {
			t.Errorf("an answer of %d bytes", len(answer))
		}
	})
}

func BenchmarkGet(b *testing.B) {
	benchmark(b, packet(gosnmp.Version2c, gosnmp.GetRequest), ".1.3.6.1.2.1.31.1.1.1.6.7")
}

func BenchmarkBulk(b *testing.B) {
	p := packet(gosnmp.Version2c, gosnmp.GetBulkRequest)
	p.MaxRepetitions = 24
	benchmark(b, p, ".1.3.6.1.2.1.2.2.1.10", ".1.3.6.1.2.1.2.2.1.16")
}

func benchmark(b *testing.B, p gosnmp.SnmpPacket, names ...string) {
	for _, name := range names {
		p.Variables = append(p.Variables, gosnmp.SnmpPDU{Name: name, Type: gosnmp.Null})
	}
	question, a := request(b, p), snmpagent.New(snmpagent.Habits{}, start)
	b.ReportAllocs()
	for b.Loop() {
		if a.Answer(question, small, start) == nil {
			b.Fatal("no answer")
		}
	}
}
