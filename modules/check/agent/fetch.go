package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// fetched is an agent's output, divided into what is the host's own and what is for others.
type fetched struct {
	own     string
	blocks  []piggyback.Block
	dropped piggyback.Dropped
	bytes   int64 // as they came, before they were decrypted
	form    string
}

// failure says why there is no output.
type failure struct {
	state monitor.State
	text  string
}

func (f *failure) Error() string { return f.text }

// refused is for output that is there and not used, because it is over a bound.
func refused(format string, args ...any) error {
	return &failure{monitor.Unknown, fmt.Sprintf(format, args...)}
}

func failed(format string, args ...any) error {
	return &failure{monitor.Critical, fmt.Sprintf(format, args...)}
}

const (
	// connectTime is what a connect may take: Checkmk's tcp_connect_timeout.
	connectTime = 5 * time.Second
	// leastOutput is how short an output may be that is one (MKFetcherError in cmk/fetchers/_agentprtcl.py).
	leastOutput = 16
	// mostForeign bounds what an output holds for other hosts, in bytes, and mostDropped what is left out of it.
	mostForeign = 44 << 20
	mostDropped = 64 << 20
)

// fetchInTurn is fetch, when not too many others do it at once.
func (m *Module) fetchInTurn(ctx context.Context, c *command, name string) (*fetched, error) {
	select {
	case m.turns <- struct{}{}:
		defer func() { <-m.turns }()
	case <-ctx.Done():
		return nil, &failure{monitor.Unknown, fmt.Sprintf("%d agents are being asked at once, and none answered in time: this poller has too much to do", together)}
	}
	return m.fetch(ctx, c, name)
}

// fetch gets the output of a host, by whose name its agent may be registered. An error is a *failure, but for the end of the module.
func (m *Module) fetch(ctx context.Context, c *command, name string) (*fetched, error) {
	m.counts.fetches.Add(1)
	in := newIntake(c.most, &m.reading)
	defer in.share.end()
	form, err := m.read(ctx, c, name, in)
	in.splitter.Close()
	m.counts.bytes.Add(uint64(in.bytes))
	if err == nil {
		err = in.short(c)
	}
	if err != nil {
		in.splitter.Discard()
		m.counts.failures.Add(1)
		return nil, m.said(ctx, c, in, err)
	}
	return &fetched{own: inPlace(in.splitter.Own()), blocks: in.splitter.Blocks(), dropped: in.splitter.Dropped(), bytes: in.bytes, form: form}, nil
}

// read gets the output in the way that the line says, and gives a word on its form.
func (m *Module) read(ctx context.Context, c *command, name string, in *intake) (form string, err error) {
	switch c.way {
	case byProgram:
		return "program", m.runProgram(ctx, c, in)
	case bySSH:
		return "SSH", runRemote(ctx, c, in)
	case byFile:
		return "file", readFile(ctx, c.program, in)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	patience := time.AfterFunc(connectTime, cancel)
	conn, err := c.target.Dial(ctx, nil)
	patience.Stop()
	if lookup, ok := errors.AsType[*probe.LookupError](err); ok {
		return "", failed("Communication failed: %s has no address: %v", c.host, lookup)
	}
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return m.converse(c, name, conn, in)
}

// said puts an error in Checkmk's words.
func (m *Module) said(ctx context.Context, c *command, in *intake, err error) error {
	if m.life.Err() != nil {
		return errClosed
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	switch {
	case probe.TimedOut(err) && in.bytes > 0:
		return failed("Communication failed: timed out after %d bytes: the output did not end within the time limit", in.bytes)
	case probe.TimedOut(err) || ctx.Err() != nil:
		return failed("Communication failed: timed out")
	case errors.Is(err, modules.ErrNotBegun):
		return &failure{monitor.Unknown, err.Error()}
	case probe.Local(err):
		return &failure{monitor.Unknown, fmt.Sprintf("Communication failed: %v", err)}
	}
	return failed("Communication failed: %v", err)
}

// inPlace gives bytes that nobody changes any more as a string.
func inPlace(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

var errClosed = errors.New("the poller ends")

// intake takes an output while it is read.
type intake struct {
	splitter *piggyback.Splitter
	share    share
	own      int
	bytes    int64
}

func newIntake(most int, of *budget) *intake {
	in := &intake{
		splitter: piggyback.NewSplitter(piggyback.Limits{Own: most, Total: mostForeign}),
		share:    share{of: of}, own: most,
	}
	in.splitter.Borrow(lender{})
	return in
}

// Write implements io.Writer. It keeps nothing of p; the error is for an output that is too large.
func (in *intake) Write(p []byte) (int, error) {
	in.bytes += int64(len(p))
	_, _ = in.splitter.Write(p)
	switch {
	case in.splitter.Dropped().OwnBytes > 0:
		return 0, refused("Output is larger than %s: --max-size sets the limit", inMiB(in.own))
	case in.bytes-int64(in.splitter.Kept()) > mostDropped:
		return 0, refused("Output holds more than %s that is too much for another host, in no section or in endless lines: nothing of it is used", inMiB(mostDropped))
	}
	if err := in.share.hold(in.splitter.Held()); err != nil {
		return 0, err
	}
	return len(p), nil
}

func inMiB(n int) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// short says that an output is none.
func (in *intake) short(c *command) error {
	switch {
	case c.way != byTCP && c.way != byTLS:
		return nil
	case in.bytes == 0:
		return failed("Empty output from host %s: does the agent allow this poller's address?", c.target.String())
	case in.bytes < leastOutput:
		return failed("Too short payload from agent at %s: %d bytes", c.target.String(), in.bytes)
	}
	return nil
}

// buffers are what output is read with.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// pieces are what long outputs are gathered in.
var pieces = sync.Pool{New: func() any { return new([1 << 20]byte) }}

// lender implements piggyback.Pieces.
type lender struct{}

func (lender) Take() *[1 << 20]byte      { return pieces.Get().(*[1 << 20]byte) }
func (lender) GiveBack(p *[1 << 20]byte) { pieces.Put(p) }

// pour hands on all that r gives.
func pour(to io.Writer, r io.Reader) error {
	b := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(b)
	for {
		n, err := r.Read(b[:])
		if n > 0 {
			if _, err := to.Write(b[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// runProgram takes what a program prints.
func (m *Module) runProgram(ctx context.Context, c *command, in *intake) error {
	stderr, exit, err := m.options.Program(ctx, c.argv, in)
	switch {
	case err != nil:
		return err
	case exit == 0:
		return nil
	}
	text, _, _ := strings.Cut(strings.TrimSpace(string(stderr)), "\n")
	return failed("Agent exited with code %d: %s", exit, text)
}

// readFile takes what stands in a file, which may be a pipe.
func readFile(ctx context.Context, path string, in *intake) error {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return failed("%v", err)
	}
	defer f.Close()
	defer context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })()
	return pour(in, f)
}
