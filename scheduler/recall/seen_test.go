package recall_test

import (
	"fmt"
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/scheduler/recall"
)

func TestSeenIsBoundedAndSurvivesBeingWritten(t *testing.T) {
	var s, heir recall.Seen
	msg := func(id string) *bus.Msg { return &bus.Msg{ID: id, Data: []byte("x")} }
	for n := range 40_000 {
		s.Use("", msg(fmt.Sprintf("boot%d.7", n)))
		s.Use("", msg("steady."+fmt.Sprint(n+1)))
		s.Use("", msg(fmt.Sprint("name", n)))
		s.News() // as at each record
	}
	if n := len(s.All()); n > 33_100 {
		t.Errorf("%d are remembered", n)
	}
	heir.Learn(s.All())
	for id, want := range map[string]bool{
		"boot39999.7": true, "boot39999.8": false, "boot0.7": false, "steady.1": true, "steady.40000": true, "steady.40001": false,
		"steady.9000-40001": false, "steady.9000-9999": true, "name39999": true, "name1": false, "": false,
	} {
		for name, seen := range map[string]*recall.Seen{"s": &s, "its heir": &heir} {
			if got := seen.Twice("", msg(id)); got != want {
				t.Errorf("%s: %q was used before: %v, want %v", name, id, got, want)
			}
		}
	}
	if s.Twice("command ", msg("steady.1")) {
		t.Error("ids of another stream are taken for the same")
	}
	if s.Twice("", &bus.Msg{ID: "name39999", Data: []byte("y")}) {
		t.Error("another message of the same name is taken for the same")
	}
}
