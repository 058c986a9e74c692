package objects_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/arbiter/objects"
)

// FuzzLoad reads any text as an object file: it must end, and every problem must have a place.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("testdata/mistakes/*.cfg")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range append(seeds, "testdata/base.cfg") {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "include_") {
			return // it would leave the test's folder
		}
		dir := t.TempDir()
		main := filepath.Join(dir, "nagios.cfg")
		for path, text := range map[string]string{main: "cfg_file=a.cfg\n", filepath.Join(dir, "a.cfg"): good + text} {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_, r := objects.Load(main, objects.Opts{})
		for _, p := range r.Problems {
			if p.File == "" || p.Text == "" {
				t.Errorf("a problem without a place or text: %+v", p)
			}
		}
	})
}
