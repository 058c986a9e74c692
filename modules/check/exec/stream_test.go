package exec_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules/check/exec"
)

func TestStreamHandsOnAllOfTheOutput(t *testing.T) {
	m := exec.New(exec.DefaultOptions())
	var out bytes.Buffer
	stderr, exit, err := m.Stream(t.Context(), []string{"sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; echo bad >&2; exit 3"}, &out)
	if out.Len() != 1_000_000 || strings.Trim(out.String(), "x") != "" || string(stderr) != "bad\n" || exit != 3 || err != nil {
		t.Errorf("%d bytes, %q, %d, %v", out.Len(), stderr, exit, err)
	}
	if stderr, exit, err := m.Stream(t.Context(), []string{"no-such-program"}, &out); exit != 127 || !strings.Contains(string(stderr), "no-such-program") || err != nil {
		t.Errorf("%q, %d, %v", stderr, exit, err)
	}
}

// full is a writer that has enough.
type full struct{ room int }

var errFull = errors.New("full")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestStreamEndsAProgramThatPrintsTooMuch(t *testing.T) {
	m := exec.New(exec.DefaultOptions())
	if _, _, err := m.Stream(t.Context(), []string{"yes"}, &full{1 << 20}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

func TestStreamEndsAProgramAtTheTimeLimit(t *testing.T) {
	m := exec.New(exec.DefaultOptions())
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var out bytes.Buffer
	if _, _, err := m.Stream(ctx, []string{"sh", "-c", "echo begun; sleep 60 & sleep 60"}, &out); !errors.Is(err, context.DeadlineExceeded) || out.String() != "begun\n" {
		t.Errorf("printed %q, %v", &out, err)
	}
}
