package sign

import (
	"bytes"
	"context"
	"sync"
	"time"
)

const (
	// shareName is under which word brokers have in common which sessions were ended.
	shareName = "ended-sessions"
	// shareAgain is the pause after a trouble, and shareEvery how often others are told anyway what is known here: what they have in
	// common is kept in memory.
	shareAgain, shareEvery = 5 * time.Second, 10 * time.Minute
)

// Common is what several brokers have in common, as modules.Common describes it.
type Common struct {
	Follow func(ctx context.Context, name string, told func(value []byte)) error
	Amend  func(ctx context.Context, name string, change func(now []byte) []byte) error
}

// Share has sessions that are ended here end at all brokers that have the same in common, and those that are ended there end here, until
// ctx ends. What is ended while others cannot be reached is told them when they can. A Common without functions is nobody's.
func (g *Gate) Share(ctx context.Context, c Common) {
	if c.Follow == nil || c.Amend == nil {
		return
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for ctx.Err() == nil {
			if err := c.Follow(ctx, shareName, g.learn); ctx.Err() == nil {
				g.o.Log.Debug("which sessions other brokers ended is not heard for a moment", "error", err)
				rest(ctx, shareAgain)
			}
			g.ended.tell()
		}
	})
	for ctx.Err() == nil {
		if err := c.Amend(ctx, shareName, g.teach); err != nil && ctx.Err() == nil {
			g.o.Log.Debug("other brokers do not know yet which sessions were ended here", "error", err)
			rest(ctx, shareAgain)
			continue
		}
		select {
		case <-ctx.Done():
		case <-g.ended.news:
		case <-time.After(shareEvery):
		}
	}
}

// learn takes what others have ended.
func (g *Gate) learn(value []byte) {
	e := g.ended
	e.mu.Lock()
	defer e.mu.Unlock()
	e.learnLocked(value, time.Now(), g.o.Lifetime)
}

// teach adds what was ended here to what others know.
func (g *Gate) teach(now []byte) []byte {
	e := g.ended
	e.mu.Lock()
	defer e.mu.Unlock()
	e.learnLocked(now, time.Now(), g.o.Lifetime)
	return e.textLocked()
}

// learnLocked adds what others have ended, but for what cannot be: their clocks may be wrong, and what ends later than any session
// may last would end all that there will be.
func (e *ended) learnLocked(value []byte, now time.Time, lifetime time.Duration) {
	e.readLocked()
	before := e.textLocked()
	e.takeLocked(value[:min(len(value), mostFile)], now.Add(lifetime+ahead).Unix())
	e.boundLocked(now)
	if !bytes.Equal(before, e.textLocked()) {
		e.writeLocked()
	}
}

// rest waits, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
