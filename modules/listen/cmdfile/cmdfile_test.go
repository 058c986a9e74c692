package cmdfile_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/cmdfile"
	"github.com/onbu/onbu/monitor"
)

type sink chan string

func (s sink) Submit(context.Context, []monitor.Submission) (modules.Receipt, error) {
	return modules.Receipt{}, errors.New("no results here")
}

func (s sink) Obey(_ context.Context, line, source string) error {
	s <- source + ": " + line
	if strings.Contains(line, "BAD") {
		return errors.New("refused")
	}
	return nil
}

func TestEachWriterIsHeard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "onbu.cmd")
	ctx, cancel := context.WithCancel(t.Context())
	got, ended := make(sink, 10), make(chan error)
	go func() { ended <- cmdfile.New(path, slog.New(slog.DiscardHandler)).Listen(ctx, got) }()
	long := strings.Repeat("x", 200<<10)
	for _, write := range []string{"[1] BAD\n", "[2] TWO;a\n[3] THREE\n", long + "\n[4] FOUR\n"} {
		f := openFIFO(t, path)
		if _, err := f.WriteString(write); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	for _, want := range []string{"[1] BAD", "[2] TWO;a", "[3] THREE", "[4] FOUR"} {
		if line := <-got; line != "cmdfile: "+want {
			t.Errorf("got %q, want %q", line, want)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Listen ended with %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the pipe is left behind: whoever writes into it would wait for ever")
	}
}

// openFIFO waits until the listener has made its pipe.
func openFIFO(t *testing.T, path string) *os.File {
	t.Helper()
	for t.Context().Err() == nil {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
		if err == nil {
			return f
		}
	}
	t.Fatal("the pipe was never made")
	return nil
}

func TestLeavesAPipeToItsReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nagios.cmd")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- cmdfile.New(path, slog.New(slog.DiscardHandler)).Listen(ctx, make(sink)) }()
	openFIFO(t, path).Close()
	err := cmdfile.New(path, slog.New(slog.DiscardHandler)).Listen(ctx, make(sink))
	if err == nil || !strings.Contains(err.Error(), "another program reads") {
		t.Errorf("got %v", err)
	}
	cancel()
	<-ended
}

func TestRefusesAFileThatIsNoPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "onbu.cmd")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := cmdfile.New(path, slog.New(slog.DiscardHandler)).Listen(t.Context(), make(sink))
	if err == nil || !strings.Contains(err.Error(), "not a named pipe") {
		t.Errorf("got %v", err)
	}
}
