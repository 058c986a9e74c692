package faults_test

import (
	"os"
	"testing"

	"github.com/onbu/onbu/bench/faults"
	"github.com/onbu/onbu/internal/realpeer"
)

// A cluster of real processes on three machines, whose busiest scheduler, poller and receiver are killed with kill -9: nothing that was
// answered is lost and nobody is told twice. The figures of this machine, which has other tests to run, are not judged; `make faults` has
// all faults, and judges them.
func TestNothingIsLostWhenDaemonsAreKilled(t *testing.T) {
	realpeer.Root(t, "network namespaces")
	realpeer.Program(t, "ip", "iproute2")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o := faults.Options{Program: program, Rows: []string{"kill-each"}, Quick: true, Seed: 1, Dir: t.TempDir(), Say: func(line string) { t.Log(line) }}
	err = faults.Run(t.Context(), o, func(f *faults.Finding) {
		for _, g := range f.Figures {
			t.Logf("%s: %s %s", g.What, g.Got, g.Target)
		}
		for _, v := range f.Violations {
			t.Error(v)
		}
		if f.Error != "" || f.Skipped != "" {
			t.Error(f.Error, f.Skipped)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestARowIsFoundByItsNameAndItsNumber(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range faults.Rows() {
		if r.Name == "" || r.About == "" || r.Takes == 0 || seen[r.Name] {
			t.Errorf("row %d is called %q, tells %q and takes %s", r.Number, r.Name, r.About, r.Takes)
		}
		seen[r.Name] = true
	}
	if err := faults.Run(t.Context(), faults.Options{Rows: []string{"no such"}}, func(*faults.Finding) {}); err == nil {
		t.Error("a row that is not there was tried")
	}
}
