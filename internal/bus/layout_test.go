package bus_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
)

var update = flag.Bool("update", false, "write the file of a new version of the layout")

// An arbiter of the release before leaves alone what a newer one has prepared, as far as it can tell which is newer.
func TestOtherSettingsAreOfAHigherVersionOfTheLayout(t *testing.T) {
	streams, buckets := bus.Layout()
	var text strings.Builder
	for _, k := range streams {
		fmt.Fprintf(&text, "%+v\n", k)
	}
	for _, k := range buckets {
		fmt.Fprintf(&text, "%+v\n", k)
	}
	path := filepath.Join("testdata", fmt.Sprintf("layout-%d.txt", bus.LayoutVersion))
	if _, err := os.Stat(path); *update && os.IsNotExist(err) {
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test ./internal/bus -run Layout -update writes the file of a new version", err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Errorf("raise LayoutVersion by one where this has changed since the last release (-version %d +now):\n%s", bus.LayoutVersion, diff)
	}
}
