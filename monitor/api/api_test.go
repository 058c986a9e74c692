package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

var update = flag.Bool("update", false, "writes testdata/json.txt anew")

// nouns are all answers and what people send; what they consist of is in them.
func nouns() []any {
	return []any{
		api.Object{},
		api.Summary{},
		api.Unknown{},
		api.Explanation{},
		api.Step{},
		api.Downtime{},
		api.Comment{},
		api.Role{},
		api.Gap{},
		api.Order{},
		api.Plan{},
		api.Reload{},
		api.Deed{},
		api.LogAway{},
		api.NodesAway{},
		api.Shard{},
		api.Queue{},
		api.Bus{},
		api.Export{},
		api.Payloads{},
		api.Known{},
		api.Dynamics{},
		api.TriedRules{},
		api.Links{},
		api.OrphansAt{},
		api.Overlaps{},
		api.Feeds{},
	}
}

// Programs of other people read the API: a name that goes, or means something else, breaks them. A field that comes is a new line here.
func TestTheJSONStaysAsItIs(t *testing.T) {
	var got bytes.Buffer
	for _, zero := range nouns() {
		full := reflect.New(reflect.TypeOf(zero)).Elem()
		fill(full)
		for _, v := range []any{zero, full.Interface()} {
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&got, "%T %s\n", v, text)
		}
	}
	const path = "testdata/json.txt"
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("(-want +got; a new field is written down with -update)\n%s", diff)
	}
}

// fill gives every field a value that is not left out.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1.5)
	default:
		if v.CanInt() {
			v.SetInt(2)
		} else {
			v.SetUint(2)
		}
	}
}

func TestDowntimesAndCommentsAreTold(t *testing.T) {
	ref := monitor.Ref{Host: "a", Service: "b"}
	d := api.DowntimeOf(&monitor.Downtime{ID: 3, Ref: ref, Author: "bob", Start: 1e9, End: 2e9, Duration: 90e9, Began: 1.5e9, Trigger: 2})
	if diff := cmp.Diff(api.Downtime{ID: 3, Host: "a", Service: "b", Author: "bob", Start: 1, End: 2, Duration: 90, Began: 1.5, Trigger: 2}, d); diff != "" {
		t.Error(diff)
	}
	c := api.CommentOf(&monitor.Comment{ID: 4, Ref: ref, Author: "ann", Text: "seen", Entered: 4e9, Persistent: true, Expires: 9e9})
	if diff := cmp.Diff(api.Comment{ID: 4, Host: "a", Service: "b", Author: "ann", Text: "seen", Entered: 4, Persistent: true, Expires: 9}, c); diff != "" {
		t.Error(diff)
	}
}

func TestAReloadNamesWhoIsLate(t *testing.T) {
	r := api.Reload{Generation: 7, Daemons: []api.Adopted{{Role: "broker", Node: "a", Generation: 7}, {Role: "scheduler", Node: "b", Generation: 6}}}
	if diff := cmp.Diff([]api.Adopted{{Role: "scheduler", Node: "b", Generation: 6}}, r.Late()); diff != "" {
		t.Error(diff)
	}
}
