// Package spooldir knows the folder of check results that Nagios reads (check_result_path), into which NSCA, NRDP and others
// write files: c and six characters, and an empty file of the same name with .ok once it is whole.
package spooldir

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/internal/serve/tally"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	// largest is how many bytes of a file there may be; what programs write has some hundred.
	largest = 1 << 20
	// mostFiles is how many are looked at before the folder is read again.
	mostFiles = 10_000
	// A batch is handed on when it has so many results, or bytes of files.
	mostResults, mostBytes = 1000, 4 << 20
	// aside is the folder in which refused files are kept, at most mostAside of them.
	aside     = "refused"
	mostAside = 1000
	// overPause is how long files wait whose results came faster than the quota allows.
	overPause = time.Second
	// mostStuck bounds the files that are remembered because they cannot be removed; more stop the reading.
	mostStuck = mostFiles
)

// Listener reads one folder.
type Listener struct {
	name, dir, source string
	age, every        time.Duration
	tally             *tally.Tally
	log               *slog.Logger
	sink              modules.Sink
	told              time.Time // when it complained last
	// stuck are files whose results are applied and that cannot be removed, with when they were written.
	stuck map[string]time.Time
}

// New builds a listener. The settings may have the names that Nagios' main file has for them.
func New(s *modules.Settings, e modules.Env) modules.Listener {
	l := &Listener{name: s.Name(), source: "spooldir " + s.Name(), tally: tally.New(e, "spooldir", s.Name()), log: e.Log}
	l.dir = folder(s)
	if l.dir == "" {
		s.Wrong("path", "it is missing: the folder that check results are written to")
	}
	l.age = s.Duration("max_check_result_file_age", s.Duration("max_age", time.Hour, 0, 366*24*time.Hour), 0, 366*24*time.Hour)
	l.every = s.Duration("check_result_reaper_frequency", s.Duration("interval", time.Second, 100*time.Millisecond, time.Hour), 100*time.Millisecond, time.Hour)
	return l
}

// folder reads what holds the results, under the name that Nagios has for it or ours.
func folder(s *modules.Settings) string {
	if s.Has("check_result_path") {
		s.Moot("path")
		return s.File("check_result_path", "")
	}
	return s.File("path", "")
}

// Name implements modules.Listener.
func (l *Listener) Name() string { return l.name }

// Listen implements modules.Listener.
func (l *Listener) Listen(ctx context.Context, sink modules.Sink) error {
	serving := *l
	serving.sink, serving.stuck = sink, map[string]time.Time{}
	if err := unix.Access(l.dir, unix.R_OK|unix.W_OK|unix.X_OK); err != nil {
		return fmt.Errorf("check results in %s: %w: Onbu's user has to read and write there, since what is applied is removed", l.dir, err)
	}
	l.log.Info("reading check results", "folder", l.dir)
	for {
		more, err := serving.round(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("check results in %s: %w", l.dir, err)
		case more:
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(l.every):
		}
	}
}

// complainAgain is how long nothing more is logged about files after a line: a folder full of them would fill the log too.
const complainAgain = time.Minute

func (l *Listener) complain(what string, f file, err error) {
	if time.Since(l.told) >= complainAgain {
		l.told = time.Now()
		l.log.Warn(what, "file", f.path, "error", err)
	}
}

// batch is results that are not stored yet, and the files that they stand in.
type batch struct {
	files   []file
	results []monitor.Submission
	bytes   int
}

// round hands on what is in the folder; more says that some was stored and that there may be more at once.
func (l *Listener) round(ctx context.Context) (more bool, err error) {
	files, more, err := l.look()
	if err != nil {
		return false, err
	}
	var b batch
	stored := false
	for i, f := range files {
		if ctx.Err() != nil {
			return false, nil
		}
		if data, ok := l.read(f); ok {
			l.gather(&b, f, data)
		}
		if last := i == len(files)-1; len(b.results) > 0 && (last || len(b.results) >= mostResults || b.bytes >= mostBytes) {
			if err := l.store(ctx, &b); err != nil {
				return false, err
			}
			stored = true
		}
	}
	return more && stored, nil
}

// gather adds what is in a file to a batch. Each result is named, so that a file that is read again after a crash counts once.
func (l *Listener) gather(b *batch, f file, data []byte) {
	now := time.Now()
	var since monitor.Time
	if l.age > 0 {
		since = monitor.At(now.Add(-l.age))
	}
	results, partial, old := parse(data, monitor.At(f.written), monitor.At(now), since)
	if partial > 0 || len(results) == 0 && !old {
		l.tally.Refused("partial")
		l.complain("a file of check results has some that are not whole", f, fmt.Errorf("%d are whole, %d are not", len(results), partial))
	}
	if old {
		l.tally.Refused("old")
	}
	if len(results) == 0 {
		l.discard(f, !old)
		return
	}
	for i := range results {
		results[i].Source = l.source
		results[i].ID = fmt.Sprintf("%s/%s/%d/%d", l.source, filepath.Base(f.path), f.written.UnixNano(), i)
	}
	b.files, b.results, b.bytes = append(b.files, f), append(b.results, results...), b.bytes+len(data)
}

// store hands a batch on and removes its files. What cannot be removed is remembered, so that it does not come again and again.
func (l *Listener) store(ctx context.Context, b *batch) error {
	for {
		receipt, err := l.sink.Submit(ctx, b.results)
		if err != nil {
			return err
		}
		if receipt.Over == 0 {
			break
		}
		// The files wait until the quota has room: what was stored of them already has a name, and counts once.
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(overPause):
		}
	}
	for _, f := range b.files {
		if err := f.remove(); err != nil {
			if len(l.stuck) >= mostStuck {
				return err
			}
			l.stuck[f.path] = f.written
			l.complain("a file is applied, but cannot be removed; it is passed over from now on. May Onbu's user write in the folder?", f, err)
		}
	}
	*b = batch{files: b.files[:0], results: b.results[:0]}
	return nil
}

// discard gets a file that holds nothing out of the way; it is kept for people to look at if keep.
func (l *Listener) discard(f file, keep bool) {
	err := error(nil)
	if keep {
		err = l.putAside(f)
	} else {
		err = f.remove()
	}
	if err != nil {
		l.complain("a file of check results cannot be got out of the way", f, err)
	}
}

func (l *Listener) putAside(f file) error {
	folder := filepath.Join(l.dir, aside)
	if err := os.Mkdir(folder, 0o700); err != nil && !os.IsExist(err) {
		return err
	}
	if full(folder) {
		return f.remove()
	}
	if err := os.Rename(f.path, filepath.Join(folder, filepath.Base(f.path))); err != nil {
		return err
	}
	return os.Remove(f.path + ready)
}

// full says whether there are as many refused files as are kept.
func full(folder string) bool {
	d, err := os.Open(folder)
	if err != nil {
		return true
	}
	defer d.Close()
	names, _ := d.Readdirnames(mostAside)
	return len(names) >= mostAside
}
