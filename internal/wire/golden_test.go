package wire_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// update writes what this version says. Files of other versions are never written again.
var update = flag.Bool("update", false, "write testdata/version-N.txt of this version")

// nouns are all that travels or lies in the journal, the buckets and the snapshots by itself.
func nouns() []any {
	return []any{
		new(monitor.Brok), new(monitor.Check), new(monitor.Directory), new(monitor.Dynamics), new(monitor.Inventory), new(monitor.Job),
		new(monitor.Modules), new(monitor.Piggyback), new(monitor.Result), new(monitor.Roster), new(monitor.Source), new(monitor.Status), new(monitor.Submission),
		new(wire.Answer), new(wire.ArbiterFiles), new(wire.Census), new(wire.Deed), new(wire.Generation), new(wire.Heartbeat), new(wire.Hop), new(wire.Jobs),
		new(wire.KnownRole), new(wire.Lease), new(wire.NodeOrder), new(wire.Question), new(wire.Recall), new(wire.Recalled), new(wire.ReloadRequest), new(wire.Reloaded),
		new(wire.Seen), new(wire.Site), new(wire.SiteHosts), new(wire.SiteLink), new(wire.SiteOrphans), new(wire.SitesAnswer), new(wire.SitesQuestion), new(wire.Verdict), new(wire.Want),
		new(core.Snapshot),
	}
}

// golden is what a version said.
type golden struct {
	types    map[string][]string // the fields of structs, in their order
	messages map[string][]byte   // one of each noun
}

// shapes notes the fields of a type and of all that it holds.
func shapes(t reflect.Type, into map[string][]string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		shapes(t.Elem(), into)
	case reflect.Map:
		shapes(t.Elem(), into)
	case reflect.Struct:
		if into[t.String()] != nil {
			return
		}
		fields := []string{}
		for i := range t.NumField() {
			f := t.Field(i)
			fields = append(fields, f.Name+":"+shape(f.Type))
		}
		into[t.String()] = fields
		for i := range t.NumField() {
			shapes(t.Field(i).Type, into)
		}
	}
}

// shape is how a type is written, whatever its name, but for structs.
func shape(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + shape(t.Elem())
	case reflect.Slice:
		return "[]" + shape(t.Elem())
	case reflect.Map:
		return "map[" + shape(t.Key()) + "]" + shape(t.Elem())
	case reflect.Struct:
		return t.String()
	}
	return t.Kind().String()
}

// present is what this version says.
func present() golden {
	g := golden{types: map[string][]string{}, messages: map[string][]byte{}}
	r := rand.New(rand.NewPCG(7, 7))
	for _, v := range nouns() {
		shapes(reflect.TypeOf(v), g.types)
		small(r, reflect.ValueOf(v).Elem(), 0)
		g.messages[reflect.TypeOf(v).Elem().String()] = wire.Marshal(v)
	}
	return g
}

// small sets everything that v holds to something short.
func small(r *rand.Rand, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			small(r, v.Field(i), depth+1)
		}
	case reflect.Pointer:
		if depth < 12 {
			v.Set(reflect.New(v.Type().Elem()))
			small(r, v.Elem(), depth+1)
		}
	case reflect.Slice:
		if depth < 12 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			small(r, v.Index(0), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		small(r, key, depth+1)
		small(r, value, depth+1)
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprint("t", r.IntN(100)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(r.IntN(100)) / 4)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(1 + r.IntN(100)))
	default:
		v.SetUint(uint64(1 + r.IntN(200)))
	}
}

func (g *golden) text() []byte {
	var b bytes.Buffer
	for _, name := range sorted(g.types) {
		fmt.Fprintf(&b, "type %s %s\n", name, strings.Join(g.types[name], " "))
	}
	for _, name := range sorted(g.messages) {
		fmt.Fprintf(&b, "message %s %x\n", name, g.messages[name])
	}
	return b.Bytes()
}

func sorted[V any](m map[string]V) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func readGolden(t *testing.T, path string) golden {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g := golden{types: map[string][]string{}, messages: map[string][]byte{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		w := strings.Split(lines.Text(), " ")
		switch w[0] {
		case "type":
			g.types[w[1]] = w[2:]
		case "message":
			if g.messages[w[1]], err = hex.DecodeString(w[2]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if lines.Err() != nil || len(g.messages) < 20 {
		t.Fatalf("%s: %d messages, %v", path, len(g.messages), lines.Err())
	}
	return g
}

// everyVersion calls do with what each version said that this release has to understand.
func everyVersion(t *testing.T, do func(t *testing.T, g golden)) {
	for version := wire.Version - 1; version <= wire.Version; version++ {
		name := fmt.Sprintf("version-%d.txt", version)
		t.Run(name, func(t *testing.T) { do(t, readGolden(t, filepath.Join("testdata", name))) })
	}
}

// What a struct had it must have, at the same place: fields are added at the end and nowhere else.
func TestFieldsStayWhereTheyWereInEarlierVersions(t *testing.T) {
	now := present()
	if *update {
		path := filepath.Join("testdata", fmt.Sprintf("version-%d.txt", wire.Version))
		if err := os.WriteFile(path, now.text(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	everyVersion(t, func(t *testing.T, g golden) {
		for name, was := range g.types {
			is := now.types[name]
			if len(is) < len(was) || !slices.Equal(is[:len(was)], was) {
				t.Errorf("%s was written as\n%q, and is now\n%q", name, was, is)
			}
		}
	})
}

// Nothing of an older message may get lost on the way through this release.
func TestMessagesOfEarlierVersionsAreUnderstood(t *testing.T) {
	everyVersion(t, func(t *testing.T, g golden) {
		for _, v := range nouns() {
			name := reflect.TypeOf(v).Elem().String()
			message, known := g.messages[name]
			if !known {
				continue
			}
			if err := wire.Unmarshal(message, v); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if was, is := tree(t, message), tree(t, wire.Marshal(v)); !holds(is, was) {
				t.Errorf("%s:\nwas %v\nis  %v", name, was, is)
			}
		}
	})
}

// tree reads a message without knowing what it is.
func tree(t *testing.T, message []byte) any {
	t.Helper()
	v, rest, err := msgp.ReadIntfBytes(message[1:])
	if err != nil || len(rest) > 0 {
		t.Fatalf("%d bytes left, %v", len(rest), err)
	}
	return v
}

// holds says whether all of was is in is, at the same places.
func holds(is, was any) bool {
	switch was := was.(type) {
	case []any:
		is, ok := is.([]any)
		if !ok || len(is) < len(was) {
			return false
		}
		for i := range was {
			if !holds(is[i], was[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		is, ok := is.(map[string]any)
		for k := range was {
			ok = ok && holds(is[k], was[k])
		}
		return ok
	}
	return fmt.Sprint(is) == fmt.Sprint(was)
}

// A release to come adds fields at the end of everything: this one passes over them.
func TestMessagesOfLaterVersionsAreUnderstood(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, v := range nouns() {
		small(r, reflect.ValueOf(v).Elem(), 0)
		got := reflect.New(reflect.TypeOf(v).Elem()).Interface()
		if err := wire.Unmarshal(appendLater([]byte{wire.Form}, reflect.ValueOf(v).Elem()), got); err != nil {
			t.Errorf("%T: %v", v, err)
		} else if !reflect.DeepEqual(got, v) {
			t.Errorf("%T: got %+v, want %+v", v, got, v)
		}
	}
}

// appendLater writes a value with more fields in every struct of it.
func appendLater(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Struct:
		b = msgp.AppendArrayHeader(b, uint32(v.NumField()+3))
		for i := range v.NumField() {
			b = appendLater(b, v.Field(i))
		}
		b = msgp.AppendMapHeader(msgp.AppendNil(b), 1)
		b = msgp.AppendInt(msgp.AppendString(b, "new"), -1)
		return msgp.AppendString(msgp.AppendArrayHeader(b, 1), "new")
	case reflect.Pointer:
		if v.IsNil() {
			return msgp.AppendNil(b)
		}
		return appendLater(b, v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return msgp.AppendBytes(b, v.Bytes())
		}
		b = msgp.AppendArrayHeader(b, uint32(v.Len()))
		for i := range v.Len() {
			b = appendLater(b, v.Index(i))
		}
		return b
	case reflect.Map:
		b = msgp.AppendMapHeader(b, uint32(v.Len()))
		for _, k := range v.MapKeys() {
			b = appendLater(appendLater(b, k), v.MapIndex(k))
		}
		return b
	}
	return append(b, wire.Marshal(v.Interface())[1:]...)
}

func TestReleasesGoTogetherThatAreOneVersionApart(t *testing.T) {
	for version := range 256 {
		said := max(version, 1) // 0 is of daemons that say none, which are of version 1
		want := said >= wire.Version-1 && said <= wire.Version+1
		if err := wire.Fits(uint8(version)); (err == nil) != want || err != nil && !errors.Is(err, wire.ErrVersion) {
			t.Errorf("version %d beside %d: %v", version, wire.Version, err)
		}
	}
}
