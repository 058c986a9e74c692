package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// readyWait bounds how long a child may take until it works, a large configuration included.
	readyWait = 5 * time.Minute
	// endWait bounds how long a child may take to end when asked.
	endWait = 20 * time.Second
)

// child is a process that was started here.
type child struct {
	name  string
	pid   int
	lines *lines
	ended chan struct{}
	err   error          // once ended is closed
	input io.WriteCloser // the child ends when it is closed
}

// start starts a program. The first line of its output that fits ready is what said waits for; what its first group
// matched is the answer. The child ends with this process, however that ends; Ctrl-C on the terminal does not reach it.
func start(ctx context.Context, ready *regexp.Regexp, program string, args ...string) (*child, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &child{name: filepath.Base(program), lines: newLines(ready), ended: make(chan struct{})}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = c.lines, c.lines
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.WaitDelay = time.Second // what it forked may still hold its output
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c.pid, c.input = cmd.Process.Pid, input
	go func() {
		defer close(c.ended)
		c.err = cmd.Wait()
	}()
	return c, nil
}

// said waits for the line that start was told of.
func (c *child) said(ctx context.Context) (string, error) {
	select {
	case text := <-c.lines.found:
		return text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	case <-c.ended:
		return "", c.gone()
	case <-time.After(readyWait):
		return "", fmt.Errorf("%s was not ready after %v; it printed:\n%s", c.name, readyWait, c.lines.last())
	}
}

// alive is nil while the child runs.
func (c *child) alive() error {
	select {
	case <-c.ended:
		return c.gone()
	default:
		return nil
	}
}

func (c *child) gone() error {
	return fmt.Errorf("%s ended (%v); its last words:\n%s", c.name, c.err, c.lines.last())
}

// stop ends the child, and what it forked if that does not end with it. It may be called again.
func (c *child) stop() {
	family := tree(c.pid)
	_ = c.input.Close()
	c.end(syscall.SIGTERM, endWait)
	c.end(syscall.SIGKILL, endWait)
	for _, p := range family[min(1, len(family)):] {
		if now, err := readProcess(p.pid); err == nil && now.began == p.began {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
}

// end sends a signal unless the child ended, and waits for that.
func (c *child) end(signal syscall.Signal, wait time.Duration) {
	if c.alive() != nil {
		return
	}
	_ = syscall.Kill(c.pid, signal)
	select {
	case <-c.ended:
	case <-time.After(wait):
	}
}

// waitFor asks a child again and again until the answer is nil; an errNotYet is worth another try.
func (c *child) waitFor(ctx context.Context, what string, limit time.Duration, ready func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		if dead := c.alive(); dead != nil {
			return dead
		}
		if !errors.Is(err, errNotYet) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v for %s: %w", limit, what, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// errNotYet is wrapped by what may succeed later.
var errNotYet = errors.New("not yet")

// keptLines is how much of a child's output is kept to explain its end.
const keptLines = 20

// lines is a child's output.
type lines struct {
	ready *regexp.Regexp
	found chan string // gets the first fitting line's answer

	mu   sync.Mutex
	part []byte
	kept []string
}

func newLines(ready *regexp.Regexp) *lines { return &lines{ready: ready, found: make(chan string, 1)} }

// expect has the next line that fits be the one that said waits for.
func (l *lines) expect(ready *regexp.Regexp) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready = ready
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part = append(l.part, b...)
	for {
		line, rest, whole := bytes.Cut(l.part, []byte("\n"))
		if !whole {
			break
		}
		l.take(string(line))
		l.part = rest
	}
	if len(l.part) > 1<<16 {
		l.part = nil
	}
	return len(b), nil
}

func (l *lines) take(line string) {
	if l.ready != nil {
		if m := l.ready.FindStringSubmatch(line); m != nil {
			l.found <- m[1]
			l.ready = nil
		}
	}
	l.kept = append(l.kept, line)
	if len(l.kept) > keptLines {
		l.kept = l.kept[1:]
	}
}

// last gives the last lines.
func (l *lines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.kept, "\n")
}
