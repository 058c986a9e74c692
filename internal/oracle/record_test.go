//go:build record

package oracle_test

import (
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/oracle"
)

var (
	sequences = flag.Int("sequences", 504, "how many sequences to record")
	seconds   = flag.Int("seconds", 200, "how many events each of them has")
)

// TestRecord writes testdata anew: `make oracle`, which sets the build tag, since this is no test. It takes a second for each event of a sequence, however many sequences there are.
func TestRecord(t *testing.T) {
	profiles := oracle.Profiles()
	var all []*oracle.Sequence
	for seed := range *sequences {
		all = append(all, oracle.Generate(&profiles[seed%len(profiles)], uint64(seed), *seconds))
	}
	all = append(all, scripted(t)...)
	if !t.Run("nagios", func(t *testing.T) { recordAll(t, all) }) {
		return
	}
	for _, p := range profiles {
		write(t, p.Name, all)
	}
	write(t, "active", all)
}

// scripted reads the sequences that were written by hand: those in which checks are made, which chance would hardly lead
// past what is known to differ.
func scripted(t *testing.T) []*oracle.Sequence {
	file, err := os.Open(filepath.Join("testdata", "active.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, err := oracle.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// recordAll has one Nagios for each main file.
func recordAll(t *testing.T, all []*oracle.Sequence) {
	by := make(map[string][]*oracle.Sequence)
	for _, s := range all {
		key := strings.Join(s.Options, " ")
		by[key] = append(by[key], s)
	}
	for name, some := range by {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recordOnce(t, some)
		})
	}
}

func write(t *testing.T, profile string, all []*oracle.Sequence) {
	path := filepath.Join(*recordings, profile+".gz")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Profile == profile {
			if err := s.Write(out); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	info, _ := file.Stat()
	fmt.Printf("%s: %d kB\n", path, info.Size()/1000)
}
