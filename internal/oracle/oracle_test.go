package oracle_test

import (
	"cmp"
	"compress/gzip"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/onbu/onbu/internal/oracle"
)

var (
	show       = flag.Int("show", 2, "how many differences of a recording to print in full")
	recordings = flag.String("recordings", "testdata", "the folder of the recordings")
)

func read(t *testing.T, path string) []*oracle.Sequence {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	all, err := oracle.Read(in)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return all
}

// TestOnbuIsAsNagiosWas drives the core through all recordings. A difference without a rule fails it, and so does a rule
// that explains nothing.
func TestOnbuIsAsNagiosWas(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(*recordings, "*.gz"))
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	var mu sync.Mutex
	var all oracle.Tally
	t.Run("recordings", func(t *testing.T) {
		for _, path := range files {
			t.Run(filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				here := compareAll(t, read(t, path))
				mu.Lock()
				defer mu.Unlock()
				all.Add(here)
			})
		}
	})
	for _, rule := range oracle.Rules() {
		t.Logf("%6d times: %s", all.Fired[rule.Name], rule.Name)
		if all.Fired[rule.Name] == 0 {
			t.Errorf("the rule %q explains nothing: take it out", rule.Name)
		}
	}
	t.Logf("%d seconds of objects compared, %d left out after such a difference", all.Seconds-all.Apart, all.Apart)
	if all.Apart*10 > all.Seconds {
		t.Errorf("too much is left out to show anything")
	}
}

// compareAll prints the shortest differences in full, and counts all by kind.
func compareAll(t *testing.T, all []*oracle.Sequence) *oracle.Tally {
	tally, kinds := &oracle.Tally{Fired: make(map[string]int)}, make(map[string]int)
	var differ [][]*oracle.Difference
	for _, nagios := range all {
		onbu, err := oracle.Replay(nagios, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if d := oracle.Compare(nagios, onbu, tally); d != nil {
			differ = append(differ, d)
			kinds[d[0].Kind()]++
		}
	}
	if len(differ) == 0 {
		return tally
	}
	slices.SortFunc(differ, func(a, b []*oracle.Difference) int { return cmp.Compare(a[0].Step(), b[0].Step()) })
	for i := range min(*show, len(differ)) {
		t.Error(differ[i][0])
	}
	for _, kind := range slices.SortedFunc(maps.Keys(kinds), func(a, b string) int { return kinds[b] - kinds[a] }) {
		t.Logf("%4d %s", kinds[kind], kind)
	}
	t.Errorf("%d of %d sequences differ", len(differ), len(all))
	return tally
}
