package simplelog_test

import (
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/onbu/onbu/monitor"
)

// The limit for files stands in for a disk that is full in the middle of a line.
func TestAFullDiskLeavesNoHalfLine(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	dir := t.TempDir()
	m := build(t, dir)
	if !m.Wants().Past {
		t.Error("a file begins with what is stored")
	}
	text := strings.Repeat("x", 70)
	batch := []monitor.Brok{line(1, text), line(1, text)}
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
	if got, want := files(t, dir)["nagios.log"], stamped(1, text)+stamped(1, text); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
