package faults_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/onbu/onbu/bench/faults"
)

var (
	fast  = regexp.MustCompile("(?m)^\\| ([0-9, ]+) \\| (`Test.*) \\(([a-z/]+)\\) \\|$")
	named = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
)

// The page of faults names a test for each row, and those tests are where it says.
func TestEachRowHasAFastFormWhereThePageSays(t *testing.T) {
	page, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{"0": true} // kill-each, which is a test
	for _, line := range fast.FindAllSubmatch(page, -1) {
		for _, row := range bytes.Split(line[1], []byte(", ")) {
			has[string(row)] = true
		}
		for _, test := range named.FindAllSubmatch(line[2], -1) {
			if !defined(t, string(line[3]), string(test[1])) {
				t.Errorf("%s has no %s", line[3], test[1])
			}
		}
	}
	for _, r := range faults.Rows() {
		if !has[fmt.Sprint(r.Number)] {
			t.Errorf("docs/faults.md names no test for row %d, %s", r.Number, r.Name)
		}
	}
}

// defined says whether the tests of a folder of the module have one of that name.
func defined(t *testing.T, dir, test string) bool {
	files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("func "+test+"(")) {
			return true
		}
	}
	return false
}
