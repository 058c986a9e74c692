package oracle_test

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/onbu/onbu/internal/oracle"
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

// TestOnbuIsAsNagiosWas drives the core through all recordings. A difference without a rule fails it.
func TestOnbuIsAsNagiosWas(t *testing.T) {
	files, err := filepath.Glob("testdata/*.gz")
	if err != nil || len(files) == 0 {
		t.Fatal("no recordings", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			compareAll(t, read(t, path))
		})
	}
}

// compareAll fails at each sequence that differs and prints the first of them in full.
func compareAll(t *testing.T, all []*oracle.Sequence) {
	differ := 0
	for _, nagios := range all {
		onbu, err := oracle.Replay(nagios, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if d := oracle.Compare(nagios, onbu); d != nil {
			if differ++; differ <= 3 {
				t.Error(d)
			}
		}
	}
	if differ > 0 {
		t.Errorf("%d of %d sequences differ", differ, len(all))
	}
}
