package graphite

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
)

// The ring is carbon's own: its relay would send each path to the same target.
func TestPathsAreSharedAsCarbonsRelayDoes(t *testing.T) {
	realpeer.Program(t, "carbon-cache", "graphite-carbon")
	const script = `
import sys
sys.path.insert(0, "/usr/lib/python3/dist-packages")
from carbon.hashing import ConsistentHashRing
ring = ConsistentHashRing([("10.0.0.1", None), ("10.0.0.2", "a"), ("10.0.0.2", "b")])
for i in range(3000): print(*ring.get_node("onbu.host%d.load.load1" % i))
`
	out, err := exec.Command("python3", "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	r := newRing([]target{{"10.0.0.1", "2003", ""}, {"10.0.0.2", "2003", "a"}, {"10.0.0.2", "2103", "b"}})
	got := map[target]int{}
	for i, want := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		of := r.of(fmt.Appendf(nil, "onbu.host%d.load.load1", i))
		got[of]++
		instance := of.instance
		if instance == "" {
			instance = "None"
		}
		if of.host+" "+instance != want {
			t.Fatalf("path %d is for %+v, want %s", i, of, want)
		}
	}
	if len(got) != 3 {
		t.Errorf("used %v", got)
	}
}
