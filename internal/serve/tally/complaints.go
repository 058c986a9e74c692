package tally

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// pauseOf is how far complaints are apart at least.
const pauseOf = 10 * time.Second

// Complaints logs a line of what senders do wrong, at once, and then one for each ten seconds: the last of what came meanwhile
// and how many there were. Any goroutine may use it.
type Complaints struct {
	Log *slog.Logger
	// What begins each line: "NSCA packet refused".
	What string

	mu     sync.Mutex
	quiet  bool        // a line was written a moment ago
	last   []slog.Attr // of what came since
	passed int         // how many came since
}

// Say complains. Nothing of it may be a secret.
func (c *Complaints) Say(why, from, hint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = []slog.Attr{slog.String("why", why), slog.String("from", from), slog.String("hint", hint)}
	c.passed++
	if !c.quiet {
		c.write()
	}
}

// write writes the last of what came, and is quiet then. The lock is held.
func (c *Complaints) write() {
	c.Log.LogAttrs(context.Background(), slog.LevelWarn, c.What, append(c.last, slog.Int("others", c.passed-1))...)
	c.quiet, c.last, c.passed = true, nil, 0
	time.AfterFunc(pauseOf, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.quiet = false
		if c.passed > 0 {
			c.write()
		}
	})
}
