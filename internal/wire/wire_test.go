package wire_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

func TestNounsComeBackAsTheyWere(t *testing.T) {
	status := monitor.Status{
		Ref: monitor.Ref{Host: "web-é", Service: "http"}, State: monitor.Critical, Type: monitor.Hard, Attempt: 3,
		Switches: monitor.ActiveChecks | monitor.Notifications, LastCheck: 1_700_000_000_123_456_789, Latency: -5 * time.Millisecond,
		PercentChange: 12.5, Output: "down", LongOutput: "a\nb", Perfdata: "a=1", Flapping: true,
	}
	t.Run("brok", func(t *testing.T) {
		roundTrip(t, monitor.Brok{
			Kind: monitor.BrokAlert, Time: 7, Shard: 65535, Status: &status, Text: "x",
			Downtime: &monitor.Downtime{ID: 1 << 63, Fixed: true, Duration: time.Hour},
			Program:  &monitor.Program{HostSwitches: 3},
		})
	})
	t.Run("job", func(t *testing.T) {
		roundTrip(t, monitor.Job{Epoch: 1 << 60, Object: monitor.NoID, Line: []byte("/bin/true"), Timeout: time.Minute})
	})
	t.Run("result", func(t *testing.T) {
		roundTrip(t, monitor.Result{Seq: 1<<32 - 1, Module: "nrpe", Outcome: monitor.Outcome{State: 2, Output: "o", TimedOut: true}})
	})
	t.Run("inventory", func(t *testing.T) {
		roundTrip(t, monitor.Inventory{
			Generation: 3, Macros: map[string]string{"USER1": "/usr/lib"}, Args: [][]string{nil, {"a", "b"}},
			Hosts:    []monitor.Host{{Name: "h", Check: monitor.Call{Command: monitor.None}, Parents: []monitor.ID{1}, Vars: []monitor.Var{{Name: "A"}}}},
			Services: []monitor.Service{{Description: "s"}},
			Policies: []monitor.Policy{{CheckInterval: time.Minute, LowFlap: 20}},
		})
	})
	t.Run("directory", func(t *testing.T) {
		roundTrip(t, monitor.Directory{Hosts: map[string]monitor.Shard{"a": 1, "b": 15}})
	})
}

func roundTrip[T any](t *testing.T, want T) {
	t.Helper()
	var got T
	if err := wire.Unmarshal(wire.Marshal(want), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBatchReadsBackValueByValue(t *testing.T) {
	var b wire.Batch
	if got := b.Take(); got != nil {
		t.Errorf("an empty batch gave %x", got)
	}
	want := []monitor.Brok{{Kind: monitor.BrokLog, Text: "one"}, {Kind: monitor.BrokCheck, Status: &monitor.Status{Attempt: 2}}}
	for i := range want {
		b.Add(&want[i])
	}
	var d wire.Decoder
	got, err := wire.DecodeBatch(&d, b.Take(), []monitor.Brok(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if b.Len() != 0 {
		t.Errorf("%d left after Take", b.Len())
	}
}

func TestLedgerCarriesPositionAndBroks(t *testing.T) {
	var d wire.Decoder
	var b wire.Batch
	b.Add(monitor.Brok{Kind: monitor.BrokLog, Text: "x"})
	want := wire.Position{Passive: 7, Commands: 1 << 40}
	p, broks, err := wire.DecodeLedger(&d, wire.Ledger(want, b.Take()), nil)
	if err != nil || p != want || len(broks) != 1 || broks[0].Text != "x" {
		t.Errorf("got %+v %+v %v", p, broks, err)
	}
	if p, broks, err = wire.DecodeLedger(&d, wire.Ledger(want, nil), nil); err != nil || p != want || broks != nil {
		t.Errorf("without broks: got %+v %+v %v", p, broks, err)
	}
	b.Add(&monitor.Brok{Kind: monitor.BrokLog, Text: "y"})
	seen := []wire.Seen{{From: "boot", UpTo: 1 << 40}, {UpTo: 1<<64 - 1}}
	whole := wire.Ledger(want, b.Take(), seen...)
	p, broks, err = wire.DecodeLedger(&d, whole, nil)
	if got, failed := wire.SeenIn(&d, whole); err != nil || failed != nil || p != want || len(broks) != 1 || broks[0].Text != "y" || !slices.Equal(got, seen) {
		t.Errorf("with what was seen: got %+v %+v %+v %v %v", p, broks, got, err, failed)
	}
	for n := range whole {
		if _, broks, err := wire.DecodeLedger(&d, whole[:n], nil); err == nil && len(broks) > 0 {
			t.Errorf("a ledger that is cut off at %d was read", n)
		}
	}
	if _, _, err := wire.DecodeLedger(&d, []byte("short"), nil); err == nil {
		t.Error("a ledger that is cut off was read")
	}
}

type older struct {
	A string
	B []inner
}

type newer struct {
	A string
	B []inner
	C map[string]int
}

type inner struct{ N int16 }

func TestOlderAndNewerReadersUnderstandEachOther(t *testing.T) {
	var old older
	if err := wire.Unmarshal(wire.Marshal(newer{A: "a", B: []inner{{1}}, C: map[string]int{"x": 1}}), &old); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(older{A: "a", B: []inner{{1}}}, old); diff != "" {
		t.Error(diff)
	}
	var fresh newer
	if err := wire.Unmarshal(wire.Marshal(older{A: "a"}), &fresh); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(newer{A: "a"}, fresh); diff != "" {
		t.Error(diff)
	}
}

func TestRefusesWhatItCannotTrust(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing":              {},
		"cut off":              wire.Marshal(older{A: "abc"})[:3],
		"list of four billion": {1, 0x92, 0xa0, 0xdd, 0xff, 0xff, 0xff, 0xff},
		"number too large":     {1, 0x92, 0xa0, 0x91, 0x91, 0xcd, 0xff, 0xff},
		"text for a list":      {1, 0x92, 0xa0, 0xa1, 'x'},
	} {
		var v older
		if err := wire.Unmarshal(b, &v); err == nil {
			t.Errorf("%s: no error, got %+v", name, v)
		}
	}
	var v older
	if err := wire.Unmarshal([]byte{9, 0x90}, &v); !errors.Is(err, wire.ErrVersion) {
		t.Errorf("another version: %v", err)
	}
	bomb := append([]byte{1, 0xdd, 0, 0x0f, 0xff, 0xff}, make([]byte, 1<<20)...)
	for i := range bomb[6:] {
		bomb[6+i] = 0x90 // an empty tuple: one byte that unfolds to a whole Policy
	}
	var d wire.Decoder
	if _, err := wire.DecodeBatch(&d, bomb, []monitor.Policy(nil)); err == nil {
		t.Error("a megabyte of empty tuples was unfolded")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(wire.Marshal(monitor.Brok{Status: &monitor.Status{}}))
	f.Add(wire.AppendBatch(nil, []monitor.Result{{}, {Seq: 4}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d wire.Decoder
		var brok monitor.Brok
		_ = d.Decode(b, &brok)
		var inv monitor.Inventory
		_ = d.Decode(b, &inv)
		_, _ = wire.DecodeBatch(&d, b, []monitor.Result(nil))
		_, _ = wire.DecodeBatch(&d, b, []monitor.Job(nil))
		_, _, _ = wire.DecodeLedger(&d, b, nil)
		_, _ = wire.SeenIn(&d, b)
	})
}

func BenchmarkJobs(b *testing.B) {
	jobs := make([]monitor.Job, 100)
	for i := range jobs {
		jobs[i] = monitor.Job{Host: fmt.Sprint("host", i), Service: "ping", Object: monitor.ID(i), Line: []byte("/usr/lib/nagios/plugins/check_ping -H 127.0.0.1")}
	}
	benchBatch(b, jobs)
}

func BenchmarkResults(b *testing.B) {
	results := make([]monitor.Result, 100)
	for i := range results {
		results[i] = monitor.Result{Object: monitor.ID(i), Poller: "poller-1", Module: "icmp", Outcome: monitor.Outcome{Output: "PING OK - Packet loss = 0%, RTA = 0.05 ms", Perfdata: "rta=0.05ms"}}
	}
	benchBatch(b, results)
}

func benchBatch[T any](b *testing.B, items []T) {
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = wire.AppendBatch(buf[:0], items)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(items)), "ns/item")
		b.ReportMetric(float64(len(buf))/float64(len(items)), "bytes/item")
	})
	benchDecode(b, "decode", &wire.Decoder{}, items)
	benchDecode(b, "alias", &wire.Decoder{Alias: true}, items)
}

func benchDecode[T any](b *testing.B, name string, d *wire.Decoder, items []T) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		buf := wire.AppendBatch(nil, items)
		var out []T
		for b.Loop() {
			out, _ = wire.DecodeBatch(d, buf, out[:0])
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(items)), "ns/item")
		if len(out) != len(items) {
			b.Fatal(len(out))
		}
	})
}

func BenchmarkChecks(b *testing.B) {
	checks := make([]monitor.Check, 100)
	for i := range checks {
		at := monitor.Time(1_700_000_000_123_456_789)
		checks[i] = monitor.Check{
			Ref: monitor.Ref{Host: fmt.Sprint("host", i), Service: "ping"}, Object: monitor.ID(i), Time: at, Started: at, Next: at, Latency: 3e6, Execution: 2e6,
			Poller: "poller-1", Module: "icmp", Output: "PING OK - Packet loss = 0%, RTA = 0.05 ms", Perfdata: "rta=0.05ms",
		}
	}
	benchBatch(b, checks)
}
