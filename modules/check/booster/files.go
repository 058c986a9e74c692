package booster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/modules/check/booster/datasource"
)

// lookEvery is how often it is looked whether datasource files have changed.
const lookEvery = 10 * time.Second

// file is a file or folder with datasources, as it was read last. It is read when the first check needs it, and again
// when it has changed: by a goroutine of its own, so that no check waits for a disk but the first ones.
type file struct {
	path string

	mu      sync.Mutex
	set     *datasource.Set // nil until it was read
	stamp   string          // what the files looked like then
	looked  time.Time
	reading bool
	waiting []func(*datasource.Set)
}

// with calls then with the datasources, at once or when they have been read.
func (f *file) with(now time.Time, then func(*datasource.Set)) {
	f.mu.Lock()
	set := f.set
	if set == nil {
		f.waiting = append(f.waiting, then)
	}
	if !f.reading && (set == nil || now.Sub(f.looked) > lookEvery) {
		f.reading = true
		go f.read(now)
	}
	f.mu.Unlock()
	if set != nil {
		then(set)
	}
}

// now gives the datasources, read if they were not yet.
func (f *file) now() *datasource.Set {
	done := make(chan *datasource.Set, 1)
	f.with(time.Now(), func(set *datasource.Set) { done <- set })
	return <-done
}

// read reads the files if they look different than when they were read last. What has more mistakes than what is in force
// does not replace it: somebody is at work on it, and onbu verify says what is wrong.
func (f *file) read(now time.Time) {
	stamp := stampOf(f.path)
	f.mu.Lock()
	set, same := f.set, f.set != nil && stamp == f.stamp
	f.mu.Unlock()
	if !same {
		if fresh := datasource.Read(f.path); set == nil || len(fresh.Mistakes) <= len(set.Mistakes) {
			set = fresh
		}
	}
	f.mu.Lock()
	f.set, f.stamp, f.looked, f.reading = set, stamp, now, false
	waiting := f.waiting
	f.waiting = nil
	f.mu.Unlock()
	for _, then := range waiting {
		then(set)
	}
}

// stampOf says what the files of a path look like: names, sizes and times of change.
func stampOf(path string) string {
	var b strings.Builder
	names := []string{path}
	if entries, err := os.ReadDir(path); err == nil {
		for _, e := range entries {
			names = append(names, filepath.Join(path, e.Name()))
		}
	}
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			fmt.Fprintln(&b, name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}
