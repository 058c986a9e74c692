package exec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// errTimeLimit marks the end of a program by its context's deadline.
var errTimeLimit = errors.New("killed at its time limit")

// killWait is for how long a killed process is awaited. One that the kernel cannot end yet (state D: a dead NFS server)
// is left to the goroutine that watches it.
const killWait = 200 * time.Millisecond

// ending is how a program ended. The slices are good until the function that was given them returns.
type ending struct {
	stdout, stderr []byte
	code           int
}

// run waits for a free slot, starts argv, collects what it prints, and calls done with the ending, also with what there
// was until ctx ended. done is not called if nothing was started.
func (m *Module) run(ctx context.Context, argv, env []string, done func(ending)) error {
	leave, err := m.enter(ctx, argv)
	if err != nil {
		return err
	}
	defer leave()
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	p, err := m.start(argv, env)
	if err != nil {
		code, ok := exitCode(err)
		if !ok {
			return fmt.Errorf("starting %s: %w", argv[0], err)
		}
		done(ending{stderr: fmt.Appendf(b.stderr[:0], "%s: %v", argv[0], err), code: code})
		return nil
	}
	stop := context.AfterFunc(ctx, p.kill)
	code, ended := p.follow(ctx, b, m.opts.Limit)
	stop()
	e := ending{stdout: b.stdout, stderr: b.stderr, code: code}
	done(e)
	// A program that had ended before ctx did is not a failure, however narrowly.
	if ended && !p.killed.Load() {
		return nil
	}
	return fmt.Errorf("running %s: %w", argv[0], endOf(ctx))
}

// endOf says why ctx ended.
func endOf(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", errTimeLimit, context.Cause(ctx))
	}
	return context.Cause(ctx)
}

// buffer is where the two streams of a program go; spare takes what is thrown away, one part for each stream.
type buffer struct {
	stdout, stderr []byte
	spare          [2][512]byte
}

// buffers keeps them for the next program: checks print much the same each time.
var buffers = sync.Pool{New: func() any { return &buffer{stdout: make([]byte, 0, 1024)} }}

// quick is for how long a program runs before goroutines of their own wait for its end and its standard error. Most have
// ended by then: their output ends with them, and nobody else has to be asked.
const quick = 50 * time.Millisecond

// follow collects what the program prints until it has ended, or until the end of ctx.
func (p *process) follow(ctx context.Context, b *buffer, limit int) (code int, ended bool) {
	b.stderr = b.stderr[:0]
	rest := make(chan struct{})
	slow := time.AfterFunc(quick, func() { p.attend(b, limit, rest) })
	b.stdout = read(p.stdout, b.stdout[:0], b.spare[1][:], limit)
	if slow.Stop() {
		if p.drain(b, limit) && p.reapSoon() {
			return p.code, true
		}
		p.attend(b, limit, rest)
	}
	<-rest
	return p.wait(ctx)
}

// drain reads what there is on standard error; false if there may be more to come. The file is then still open.
func (p *process) drain(b *buffer, limit int) bool {
	for {
		b.stderr = grow(b.stderr, limit)
		room := b.stderr[len(b.stderr):min(cap(b.stderr), limit)]
		if len(room) == 0 {
			room = b.spare[0][:]
		}
		n, err := unix.Read(p.errFD, room)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return false
		case n == 0:
			_ = unix.Close(p.errFD)
			p.errFD = -1
			return true
		case len(b.stderr) < limit:
			b.stderr = b.stderr[:len(b.stderr)+n]
		}
	}
}

// attend waits for the program's end, and reads its standard error to its end. It closes rest when that is done.
func (p *process) attend(b *buffer, limit int, rest chan struct{}) {
	defer close(rest)
	p.exited = make(chan struct{})
	if p.errFD < 0 { // it closed its output, and goes on
		go p.watch()
		return
	}
	p.mu.Lock()
	p.stderr = pollable(p.errFD)
	p.mu.Unlock()
	if p.killed.Load() { // before there was a file to be told so
		p.limitReading(0)
	}
	go p.watch()
	b.stderr = read(p.stderr, b.stderr, b.spare[0][:], limit)
}

// read appends what f gives to to, at most limit bytes, throws the rest away, and closes f. When a limit to reading
// comes, what lies in the pipe already still counts.
func read(f *os.File, to, spare []byte, limit int) []byte {
	defer f.Close()
	for {
		to = grow(to, limit)
		room := to[len(to):min(cap(to), limit)]
		if len(room) == 0 {
			room = spare
		}
		n, err := f.Read(room)
		if len(to) < limit {
			to = to[:len(to)+n]
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return leftovers(f, to, limit)
		}
		if err != nil {
			return to
		}
	}
}

// grow makes room in b unless limit is reached.
func grow(b []byte, limit int) []byte {
	if len(b) < cap(b) || len(b) >= limit {
		return b
	}
	return append(make([]byte, 0, min(max(2*cap(b), 512), limit)), b...)
}

// leftovers appends what f holds at this moment, without waiting for more.
func leftovers(f *os.File, to []byte, limit int) []byte {
	_ = f.SetReadDeadline(time.Time{})
	conn, err := f.SyscallConn()
	for n := 1; err == nil && n > 0 && len(to) < limit; {
		to = grow(to, limit)
		n = 0
		err = conn.Read(func(fd uintptr) bool {
			n, _ = unix.Read(int(fd), to[len(to):min(cap(to), limit)])
			return true
		})
		to = to[:len(to)+max(n, 0)]
	}
	return to
}
