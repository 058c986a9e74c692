package wire_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// fill sets everything that v holds, whatever fields it has, to numbers of all sizes, texts of all lengths, and now and
// then to nothing.
func fill(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(r, v.Field(i))
		}
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.Uint64()) >> (64 - min(v.Type().Bits(), 1+r.IntN(64))))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> (64 - min(v.Type().Bits(), 1+r.IntN(64))))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(float32(r.NormFloat64())))
	case reflect.String:
		v.SetString(strings.Repeat("é%", r.IntN(1<<r.IntN(9))))
	case reflect.Pointer:
		if v.SetZero(); r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem())
		}
	case reflect.Slice:
		v.SetZero()
		if n := r.IntN(1 << r.IntN(5)); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	default:
		panic(fmt.Sprintf("no noun of the quick way has a %s; teach fill", v.Type()))
	}
}

// quick are the nouns with functions of their own, made anew at each call.
func quick() []any {
	return []any{new(monitor.Job), new(monitor.Result), new(monitor.Submission), new(monitor.Check), new(monitor.Brok), new(monitor.Status), new(wire.Jobs)}
}

// A noun that gets a field of which its own functions do not know fails here: add it to them, in append.go and read.go.
func TestTheQuickWayGivesTheBytesOfReflection(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		for _, v := range quick() {
			if i > 0 { // the first is empty
				fill(r, reflect.ValueOf(v).Elem())
			}
			want := wire.Reflected(v)
			if got := wire.Append(nil, v); !bytes.Equal(got, want) {
				t.Fatalf("%T:\ngot  %x\nwant %x\nof %+v", v, got, want, v)
			}
			sameValue(t, want, v)
		}
	}
}

// sameValue holds every way to read a message to its value.
func sameValue(t *testing.T, message []byte, want any) {
	t.Helper()
	for name, d := range map[string]*wire.Decoder{"copying": {}, "aliasing": {Alias: true}} {
		got := reflect.New(reflect.TypeOf(want).Elem()).Interface()
		if err := d.Decode(message, got); err != nil {
			t.Fatalf("%T, %s: %v", want, name, err)
		}
		if !reflect.DeepEqual(normal(got), normal(want)) {
			t.Fatalf("%T, %s: %s", want, name, cmp.Diff(want, got))
		}
	}
	if jobs, ok := want.(*wire.Jobs); ok {
		used := wire.Jobs{From: "x", Jobs: []monitor.Job{{Avoid: "old", Env: []string{"OLD=1"}}}}
		if err := new(wire.Decoder).DecodeJobs(message, &used); err != nil || !reflect.DeepEqual(normal(&used), normal(jobs)) {
			t.Fatalf("into memory used before: %v, %s", err, cmp.Diff(jobs, &used))
		}
	}
}

// normal makes empty lists nil: the wire cannot tell them apart, and lines come back empty where they were nil.
func normal(v any) any {
	bare := func(j *monitor.Job) {
		if len(j.Line) == 0 {
			j.Line = nil
		}
	}
	switch v := v.(type) {
	case *monitor.Job:
		bare(v)
	case *wire.Jobs:
		for i := range v.Jobs {
			bare(&v.Jobs[i])
		}
		if len(v.Jobs) == 0 {
			v.Jobs = nil
		}
	}
	return v
}

// The tuple of an older sender is shorter, that of a newer one longer.
func TestTheQuickWayReadsOlderAndNewerSenders(t *testing.T) {
	type ref struct{ Host string }
	type olderCheck struct {
		Ref    ref
		Shard  monitor.Shard
		Object monitor.ID
	}
	type newerResult struct {
		Shard, Epoch, Object, Seq uint8
		Poller, Module            string
		Started, Finished         monitor.Time
		Outcome                   struct {
			State                        monitor.State
			Output, LongOutput, Perfdata string
			TimedOut                     bool
			More                         []string
		}
		More map[string]int
	}
	var check monitor.Check
	if err := wire.Unmarshal(wire.Marshal(olderCheck{ref{"h"}, 3, 9}), &check); err != nil {
		t.Fatal(err)
	}
	if want := (monitor.Check{Ref: monitor.Ref{Host: "h"}, Shard: 3, Object: 9}); check != want {
		t.Errorf("got %+v, want %+v", check, want)
	}
	sent := newerResult{Seq: 7, Module: "icmp", More: map[string]int{"x": 1}}
	sent.Outcome.Output, sent.Outcome.More = "fine", []string{"a", "b"}
	var result monitor.Result
	if err := wire.Unmarshal(wire.Marshal(sent), &result); err != nil {
		t.Fatal(err)
	}
	if want := (monitor.Result{Seq: 7, Module: "icmp", Outcome: monitor.Outcome{Output: "fine"}}); result != want {
		t.Errorf("got %+v, want %+v", result, want)
	}
}

func TestDecodingBatchesAllocatesNothing(t *testing.T) {
	jobs := wire.Jobs{From: "s", Jobs: make([]monitor.Job, 100)}
	results := make([]monitor.Result, 100)
	for i := range jobs.Jobs {
		jobs.Jobs[i] = monitor.Job{Host: fmt.Sprint("host", i), Service: "ping", Line: []byte("/bin/true"), Env: nil}
		results[i] = monitor.Result{Poller: "p", Outcome: monitor.Outcome{Output: strings.Repeat("long ", 20)}}
	}
	d := wire.Decoder{Alias: true}
	sent, given := wire.Append(nil, &jobs), wire.AppendBatch(nil, results)
	if n := testing.AllocsPerRun(100, func() {
		if err := d.DecodeJobs(sent, &jobs); err != nil {
			t.Error(err)
		}
		var err error
		if results, err = wire.DecodeBatch(&d, given, results[:0]); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzQuick holds the quick way of reading to the way by reflection: both take the same messages, with the same values.
func FuzzQuick(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 4 {
		for i, v := range quick() {
			fill(r, reflect.ValueOf(v).Elem())
			f.Add(i, wire.Marshal(v))
		}
	}
	f.Fuzz(func(t *testing.T, which int, b []byte) {
		got, want := quick(), quick()
		n := int(uint(which) % uint(len(got)))
		var d wire.Decoder
		err, wantErr := d.Decode(b, got[n]), d.ReflectedDecode(b, want[n])
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%T: quick %v, by reflection %v", got[n], err, wantErr)
		}
		if err == nil && !bytes.Equal(wire.Reflected(got[n]), wire.Reflected(want[n])) {
			t.Fatalf("%T: %s", got[n], cmp.Diff(want[n], got[n]))
		}
		if jobs, ok := got[n].(*wire.Jobs); ok {
			_ = d.DecodeJobs(b, jobs)
		}
	})
}

func TestABatchOfJobsReadsAsJobs(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	b := wire.JobBatch{From: "scheduler"}
	for range 3 { // its memory is used again
		want := wire.Jobs{From: "scheduler", Jobs: make([]monitor.Job, 40)}
		for i := range want.Jobs {
			fill(r, reflect.ValueOf(&want.Jobs[i]).Elem())
			b.Add(&want.Jobs[i])
		}
		want.Serial = r.Uint64()
		b.Serial = want.Serial
		if size := len(b.Message()); b.Len() != 40 || b.Size() > size || b.Size() < size-9 {
			t.Errorf("%d jobs in %d bytes, the message has %d", b.Len(), b.Size(), size)
		}
		sameValue(t, b.Message(), &want)
		if b.Reset(); b.Message() != nil {
			t.Error("a batch without jobs gives a message")
		}
	}
}
