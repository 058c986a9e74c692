package table_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProgramStartChangesWithTheConfiguration(t *testing.T) {
	w := small()
	w.Catalog.Since = w.Program.Started.Add(40 * time.Second)
	if diff := cmp.Diff([]string{"940;0.5"}, rows(t, w, "status", anyone, "program_start", "requests_rate")); diff != "" {
		t.Error(diff)
	}
}
