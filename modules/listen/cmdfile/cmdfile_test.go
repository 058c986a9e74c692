package cmdfile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/serve/sinktest"
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
	go func() { ended <- cmdfile.New(path, sinktest.Env()).Listen(ctx, got) }()
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
	go func() { ended <- cmdfile.New(path, sinktest.Env()).Listen(ctx, make(sink)) }()
	openFIFO(t, path).Close()
	err := cmdfile.New(path, sinktest.Env()).Listen(ctx, make(sink))
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
	err := cmdfile.New(path, sinktest.Env()).Listen(t.Context(), make(sink))
	if err == nil || !strings.Contains(err.Error(), "not a named pipe") {
		t.Errorf("got %v", err)
	}
}

func TestAModuleMayAskForOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shinken.cmd")
	s := modules.Read(sinktest.Define("pipe", "named_pipe", "command_file "+path))
	e := sinktest.Env()
	l := cmdfile.Defined(s, e)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	var got sinktest.Sink
	got.Refuse = func(line string) error {
		if strings.Contains(line, "BAD") {
			return errors.New("refused")
		}
		return nil
	}
	sinktest.Listen(t, l, &got, "")
	f := openFIFO(t, path)
	if _, err := f.WriteString("[1] ONE\n[2] BAD\n[3] THREE\n"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	got.Await(3)
	if diff := cmp.Diff([]string{"cmdfile pipe: [1] ONE", "cmdfile pipe: [2] BAD", "cmdfile pipe: [3] THREE"}, got.Commands()); diff != "" {
		t.Error(diff)
	}
	s = modules.Read(sinktest.Define("pipe", "named_pipe"))
	cmdfile.Defined(s, e)
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "command_file: it is missing") {
		t.Error(err)
	}
}

// gate is a sink that takes nothing before it is opened.
type gate struct {
	sinktest.Sink
	began, open chan struct{}
	once        sync.Once
	lines       atomic.Int64
}

func (g *gate) ObeyAll(_ context.Context, lines []string, _ string) []error {
	g.once.Do(func() { close(g.began) })
	<-g.open
	g.lines.Add(int64(len(lines)))
	return make([]error, len(lines))
}

func TestWhatWasReadIsHandedOnAtTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "onbu.cmd")
	ctx, cancel := context.WithCancel(t.Context())
	g, ended := &gate{began: make(chan struct{}), open: make(chan struct{})}, make(chan error)
	go func() { ended <- cmdfile.New(path, sinktest.Env()).Listen(ctx, g) }()
	f := openFIFO(t, path)
	defer f.Close()
	const lines = 1150 // more than are handed on at once, and less than one read brings
	if _, err := f.WriteString(strings.Repeat("[1767225600] PROCESS_SERVICE_CHECK_RESULT;web;http;2;x\n", lines)); err != nil {
		t.Fatal(err)
	}
	<-g.began
	cancel()
	close(g.open)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := g.lines.Load(); got != lines {
		t.Errorf("%d of %d lines were handed on", got, lines)
	}
}
