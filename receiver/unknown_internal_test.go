package receiver

import (
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
)

// Two that come all the time stand in the log once each, and again after an hour; a new one is named soon.
func TestStrangersAreNamedOnce(t *testing.T) {
	var s strangers
	start := time.Unix(1_700_000_000, 0)
	said := map[string]int{}
	for at := time.Duration(0); at < 50*time.Minute; at += 10 * time.Second {
		for _, host := range []string{"a", "b"} {
			if s.add(&monitor.Submission{Ref: monitor.Ref{Host: host}}, start.Add(at)) > 0 {
				said[host]++
			}
			at += time.Second
		}
	}
	if said["a"] != 1 || said["b"] != 1 {
		t.Errorf("said %v, want each once", said)
	}
	if n := s.add(&monitor.Submission{Ref: monitor.Ref{Host: "new"}}, start.Add(51*time.Minute)); n == 0 {
		t.Error("a new one is not named")
	}
	if n := s.add(&monitor.Submission{Ref: monitor.Ref{Host: "a"}}, start.Add(110*time.Minute)); n != 0 {
		t.Errorf("one that was named is named again within an hour of the last line, for %d results", n)
	}
	if n := s.add(&monitor.Submission{Ref: monitor.Ref{Host: "a"}}, start.Add(112*time.Minute)); n == 0 {
		t.Error("one that was named is not named again after an hour")
	}
}
