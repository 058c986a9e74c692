package ndjson_test

import (
	"encoding/json"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/onbu/onbu/modules/export/ndjson"
	"github.com/onbu/onbu/monitor"
)

// The limit for files stands in for a disk that is full in the middle of a line.
func TestAFullDiskLeavesNoHalfLine(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	path := filepath.Join(t.TempDir(), "e")
	m := ndjson.New(ndjson.Options{Path: path})
	defer m.Close()
	batch := []monitor.Brok{alert("first"), alert("second")}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	err := m.Export(t.Context(), batch)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err == nil {
		t.Error("no error while the disk is full")
	}
	if err := m.Export(t.Context(), batch); err != nil {
		t.Error(err)
	}
	b, _ := os.ReadFile(path)
	for line := range strings.Lines(string(b)) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	if n := strings.Count(string(b), "\n"); n != 2 {
		t.Errorf("%d lines", n)
	}
}
