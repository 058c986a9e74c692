package recall_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/recall"
)

func TestSeenIsBoundedAndSurvivesBeingWritten(t *testing.T) {
	var s, heir recall.Seen
	msg := func(id string) *recall.Message { return &recall.Message{ID: id, Content: []byte("x")} }
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
	if s.Twice("", &recall.Message{ID: "name39999", Content: []byte("y")}) {
		t.Error("another message of the same name is taken for the same")
	}
}

func TestTheSameResultIsTheSameForTwoMinutes(t *testing.T) {
	var s, heir recall.Seen
	first := monitor.At(time.Now())
	at := func(d time.Duration) *recall.Message {
		return &recall.Message{ID: "name", Content: []byte("x"), At: first.Add(d)}
	}
	s.Use("", at(0))
	s.Use("", at(-time.Hour))
	heir.Learn(s.All())
	for d, want := range map[time.Duration]bool{0: true, 2 * time.Minute: true, -2 * time.Minute: true, 3 * time.Minute: false, -3 * time.Minute: false} {
		for name, seen := range map[string]*recall.Seen{"s": &s, "its heir": &heir} {
			if got := seen.Twice("", at(d)); got != want {
				t.Errorf("%s: %s later it was used before: %v, want %v", name, d, got, want)
			}
		}
	}
}
