package receiver

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor/command"
)

const (
	reloadWait = 2 * time.Minute // a million services are read in seconds
	// A line of a file of commands, and the commands of one file.
	longestLine  = 64 << 10
	mostCommands = 1_000_000
	linesAtOnce  = 1000
)

// engine carries out commands that are for no shard.
func (r *Receiver) engine(ctx context.Context, req *command.Request) error {
	r.o.Log.Info("command for the engine", "command", req.Name, "source", req.Source)
	switch req.Name {
	case "RELOAD_CONFIG", "RESTART_PROGRAM":
		return r.reload(ctx)
	case "SHUTDOWN_PROGRAM":
		if r.o.Shutdown == nil {
			return Refusal{"this receiver is one daemon of several; end them by their own means (systemctl stop onbu-…)"}
		}
		r.o.Shutdown()
		return nil
	case "SAVE_STATE_INFORMATION":
		return nil // everything is stored as it happens
	case "READ_STATE_INFORMATION":
		return Refusal{"the state in force is the stored one: there is nothing older to read"}
	case "PROCESS_FILE":
		return r.processFile(ctx, req)
	case "ADD_SIMPLE_POLLER":
		return Refusal{"start `onbu poller --bus URL` on that machine: pollers announce themselves"}
	}
	return Refusal{req.Name + " is not supported"}
}

// reload has the arbiter read its files again and waits for what comes of it.
func (r *Receiver) reload(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reloadWait)
	defer cancel()
	answer, err := r.o.Bus.Request(ctx, bus.Reload(), nil)
	switch {
	case errors.Is(err, bus.ErrNoResponders):
		return Refusal{"no arbiter runs: start one, and it reads the files"}
	case err != nil:
		return fmt.Errorf("asking the arbiter to reload: %w", err)
	}
	var v wire.Verdict
	if err := wire.Unmarshal(answer, &v); err != nil {
		return fmt.Errorf("the arbiter's answer: %w", err)
	}
	if v.Refused != "" {
		return Refusal{v.Refused}
	}
	return nil
}

// processFile gives every line of a file as a command; the file is removed afterwards if the command says so and every
// line was taken.
func (r *Receiver) processFile(ctx context.Context, req *command.Request) error {
	path := req.Text(0)
	f, err := os.Open(path)
	if err != nil {
		return Refusal{err.Error()}
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return Refusal{path + " is no regular file"}
	}
	taken, refused, err := r.processLines(ctx, bufio.NewScanner(f), req.Source+" "+path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w after %d commands", path, err, taken)
	case refused > 0:
		return Refusal{fmt.Sprintf("%d of %d commands in %s were refused; the log says which", refused, taken+refused, path)}
	case req.Bool(1):
		if err := os.Remove(path); err != nil {
			return Refusal{fmt.Sprintf("all %d commands were taken, but the file stays: %v", taken, err)}
		}
	}
	return nil
}

func (r *Receiver) processLines(ctx context.Context, lines *bufio.Scanner, source string) (taken, refused int, err error) {
	lines.Buffer(nil, longestLine)
	var some []string
	for more := true; more && err == nil; {
		if more = lines.Scan(); more && lines.Text() != "" {
			some = append(some, lines.Text())
		}
		if len(some) == linesAtOnce || !more {
			var t, no int
			t, no, err = r.obeyLines(ctx, some, source)
			taken, refused, some = taken+t, refused+no, some[:0]
		}
		if err == nil && taken+refused >= mostCommands {
			err = fmt.Errorf("more than %d lines", mostCommands)
		}
	}
	return taken, refused, cmp.Or(err, lines.Err())
}

// obeyLines is ObeyAll for lines of a file, which cannot name a file themselves: that would have no end.
func (r *Receiver) obeyLines(ctx context.Context, lines []string, source string) (taken, refused int, err error) {
	for i, line := range lines {
		if req, err := command.Parse(line, 0); err == nil && req.Name == "PROCESS_FILE" {
			lines[i] = "PROCESS_FILE in a file" // which is no command
		}
	}
	for i, err := range r.ObeyAll(ctx, lines, source) {
		switch {
		case refusal(err):
			refused++
			r.o.Log.Warn("a command of a file is refused", "file", source, "line", lines[i], "error", err)
		case err != nil:
			return taken, refused, err
		default:
			taken++
		}
	}
	return taken, refused, nil
}
