package monitor_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
)

func TestAllKindsOfEntriesAreListed(t *testing.T) {
	source, err := os.ReadFile("chronicle.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^\t\w+ += "([a-z-]+)"`).FindAllSubmatch(source, -1) {
		want = append(want, string(m[1]))
	}
	if diff := cmp.Diff(want, monitor.DeedKinds()); diff != "" || len(want) < 30 {
		t.Error(diff)
	}
}
