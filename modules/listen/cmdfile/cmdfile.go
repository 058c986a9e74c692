// Package cmdfile knows Nagios' command file: a named pipe into which other programs write external commands, a line
// each.
package cmdfile

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/onbu/onbu/internal/serve/tally"
	"github.com/onbu/onbu/modules"
)

// maxLine is the longest line taken; Nagios' own limit is 16 KiB (MAX_EXTERNAL_COMMAND_LENGTH).
const maxLine = 64 << 10

// linesAtOnce is how many lines are handed on at once; as many wait for the disk once.
const linesAtOnce = 1000

const (
	// mostSaid is how many refused commands of those that are handed on at once are logged.
	mostSaid = 10
	// grace is how long lines that were read may take to be stored at the end.
	grace = 3 * time.Second
)

// Listener reads one command file.
type Listener struct {
	name, path, source string
	log                *slog.Logger
	tally              *tally.Tally
}

// New builds a listener for the pipe at path, which the main file asks for; it is made when listening begins, unless it is there.
func New(path string, e modules.Env) *Listener {
	return &Listener{name: "cmdfile", path: path, source: "cmdfile", log: e.Log, tally: tally.New(e, "cmdfile", "command_file")}
}

// Defined builds a listener for the pipe that a module asks for, as Shinken's named_pipe does.
func Defined(s *modules.Settings, e modules.Env) modules.Listener {
	l := &Listener{name: s.Name(), path: s.Output("command_file", ""), source: "cmdfile " + s.Name(), log: e.Log, tally: tally.New(e, "cmdfile", s.Name())}
	if l.path == "" {
		s.Wrong("command_file", "it is missing: the path of the pipe that commands are written into")
	}
	return l
}

// Loose implements modules.Loose.
func (*Listener) Loose() {}

// Name implements modules.Listener.
func (l *Listener) Name() string { return l.name }

// Listen implements modules.Listener. A command that is refused is logged: a pipe cannot answer.
func (l *Listener) Listen(ctx context.Context, sink modules.Sink) error {
	f, err := l.open()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { f.Close() })
	defer stop()
	// A pipe that nobody reads would hold up whoever writes, so it goes, as Nagios' does.
	defer os.Remove(l.path)
	defer f.Close()
	storing, cancel := graced(ctx)
	defer cancel()
	r := bufio.NewReaderSize(f, maxLine)
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case ctx.Err() != nil:
			l.finish(storing, sink, r, line, err)
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			l.tally.Refused("long")
			l.log.Warn("a line of the command file is too long and is passed over", "file", l.path, "limit", maxLine, "begins", string(line[:80]))
			if err := skipLine(r); err != nil {
				return fmt.Errorf("command file %s: %w", l.path, err)
			}
			continue
		case err != nil:
			return fmt.Errorf("command file %s: %w", l.path, err)
		}
		l.obey(storing, sink, append([]string{text(line)}, waiting(r)...))
	}
}

// finish hands on the whole lines that were read before the end: a line, unless there was an error, and those behind it.
func (l *Listener) finish(ctx context.Context, sink modules.Sink, r *bufio.Reader, line []byte, err error) {
	var lines []string
	if err == nil {
		lines = append(lines, text(line))
	}
	for lines = append(lines, waiting(r)...); len(lines) > 0; lines = waiting(r) {
		l.obey(ctx, sink, lines)
	}
}

// graced gives a context that ends some time after ctx.
func graced(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() { stop(); cancel() }
}

// waiting gives the whole lines that are there already, up to so many as are worth while.
func waiting(r *bufio.Reader) (lines []string) {
	there, _ := r.Peek(r.Buffered()) // it is there
	for len(lines) < linesAtOnce {
		end := bytes.IndexByte(there, '\n')
		if end < 0 {
			break
		}
		lines = append(lines, text(there[:end+1]))
		there = there[end+1:]
	}
	for _, line := range lines {
		_, _ = r.Discard(len(line) + 1)
	}
	return lines
}

// text gives a line without its end.
func text(line []byte) string { return string(line[:len(line)-1]) }

// obey hands lines on, in order, and logs what was refused.
func (l *Listener) obey(ctx context.Context, sink modules.Sink, lines []string) {
	refused := 0
	for _, err := range obeyAll(ctx, sink, lines, l.source) {
		if err == nil {
			continue
		}
		if refused++; refused <= mostSaid {
			l.log.Warn("command refused", "file", l.path, "error", err)
		}
	}
	if refused > mostSaid {
		l.log.Warn("more commands refused", "file", l.path, "commands", refused-mostSaid)
	}
}

func obeyAll(ctx context.Context, sink modules.Sink, lines []string, source string) []error {
	if bulk, ok := sink.(modules.Bulk); ok {
		return bulk.ObeyAll(ctx, lines, source)
	}
	out := make([]error, len(lines))
	for i, line := range lines {
		out[i] = sink.Obey(ctx, line, source)
	}
	return out
}

// open opens the pipe for reading and writing, so that it does not end when a writer does.
func (l *Listener) open() (*os.File, error) {
	err := syscall.Mkfifo(l.path, 0o660)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("making the command file %s: %w; does its folder exist, and may this user write there?", l.path, err)
	}
	if err != nil && hasReader(l.path) {
		return nil, fmt.Errorf("another program reads the command file %s: stop it, or name another command_file; two readers would each get some of the commands", l.path)
	}
	f, err := os.OpenFile(l.path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("command file: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Type() != fs.ModeNamedPipe {
		err = fmt.Errorf("%s is not a named pipe; remove it, or name another command_file", l.path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func skipLine(r *bufio.Reader) error {
	for {
		_, err := r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// hasReader says whether a program has the pipe open for reading: without one, opening it for writing fails at once.
func hasReader(path string) bool {
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	return err == nil && info.Mode().Type() == fs.ModeNamedPipe
}
