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

	"github.com/onbu/onbu/modules"
)

// maxLine is the longest line taken; Nagios' own limit is 16 KiB (MAX_EXTERNAL_COMMAND_LENGTH).
const maxLine = 64 << 10

// linesAtOnce is how many lines are handed on at once; as many wait for the disk once.
const linesAtOnce = 1000

// Listener reads one command file.
type Listener struct {
	path string
	log  *slog.Logger
}

// New builds a listener for the pipe at path; it is made when listening begins, unless it is there.
func New(path string, log *slog.Logger) *Listener { return &Listener{path: path, log: log} }

// Name implements modules.Listener.
func (l *Listener) Name() string { return "cmdfile" }

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
	r := bufio.NewReaderSize(f, maxLine)
	for {
		line, err := r.ReadSlice('\n')
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			l.log.Warn("a line of the command file is too long and is passed over", "file", l.path, "limit", maxLine, "begins", string(line[:80]))
			if err := skipLine(r); err != nil {
				return fmt.Errorf("command file %s: %w", l.path, err)
			}
			continue
		case err != nil:
			return fmt.Errorf("command file %s: %w", l.path, err)
		}
		for _, err := range obey(ctx, sink, append([]string{text(line)}, waiting(r)...)) {
			if err != nil && ctx.Err() == nil {
				l.log.Warn("command refused", "file", l.path, "error", err)
			}
		}
	}
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

// obey hands lines on, in order.
func obey(ctx context.Context, sink modules.Sink, lines []string) []error {
	if bulk, ok := sink.(modules.Bulk); ok {
		return bulk.ObeyAll(ctx, lines, "cmdfile")
	}
	out := make([]error, len(lines))
	for i, line := range lines {
		out[i] = sink.Obey(ctx, line, "cmdfile")
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
