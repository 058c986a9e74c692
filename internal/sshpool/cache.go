package sshpool

import (
	"os"
	"sync"
	"time"
)

// maxCached bounds how many files, or sets of files, are kept; when there are more, reading begins anew.
const maxCached = 10_000

// cache keeps what was read from files until they change.
type cache[T any] struct {
	mu   sync.Mutex
	kept map[string]cached[T]
}

type cached[T any] struct {
	value T
	err   error
	files []stamp
}

// stamp tells whether a file has changed.
type stamp struct {
	size    int64
	changed time.Time
	mode    os.FileMode
}

func stampsOf(paths []string) []stamp {
	stamps := make([]stamp, len(paths))
	for i, p := range paths {
		stamps[i].size = -1
		if info, err := os.Stat(p); err == nil {
			stamps[i] = stamp{info.Size(), info.ModTime(), info.Mode()}
		}
	}
	return stamps
}

// get gives what read makes of files, which it is only asked for when they have changed. The lock is not held meanwhile.
func (c *cache[T]) get(key string, paths []string, read func() (T, error)) (T, error) {
	now := stampsOf(paths)
	c.mu.Lock()
	known, ok := c.kept[key]
	c.mu.Unlock()
	if ok && same(known.files, now) {
		return known.value, known.err
	}
	fresh := cached[T]{files: now}
	fresh.value, fresh.err = read()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxCached {
		c.kept = map[string]cached[T]{}
	}
	c.kept[key] = fresh
	return fresh.value, fresh.err
}

func same(a, b []stamp) bool {
	for i := range a {
		if a[i].size != b[i].size || !a[i].changed.Equal(b[i].changed) || a[i].mode != b[i].mode {
			return false
		}
	}
	return len(a) == len(b)
}
