package web

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/onbu/onbu/broker/outline"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor/api"
)

const (
	// presentFor is how long one look at all hosts serves all open trees.
	presentFor = 400 * time.Millisecond
	// fedFor is how long what is known of piggyback sources serves them, and fedWithin how long the first picture waits for it.
	fedFor, fedWithin = 30 * time.Second, 2 * time.Second
)

// atlas has what all trees have in common: the hosts of the configuration in force in levels, and how they are at present. Each is made
// when somebody asks for it. Any goroutine may use it.
type atlas struct {
	outlook modules.Outlook
	names   *ordered
	feeds   func(context.Context) ([]outline.Feed, error) // who speaks for whom; nil for nobody

	mu      sync.Mutex // guards what follows
	hosts   *outline.Map
	present *outline.Present
	at      time.Time
	fed     []outline.Feed
	fedAt   time.Time
	asking  bool
}

// look gives how all hosts are, or were some tenths of a second ago.
func (a *atlas) look() *outline.Present {
	a.feed()
	a.mu.Lock()
	defer a.mu.Unlock()
	hosts := a.mapLocked()
	if now := time.Now(); a.present == nil || now.Sub(a.at) > presentFor {
		a.present, a.at = hosts.Look(a.outlook.View()), now
	}
	return a.present
}

func (a *atlas) mapLocked() *outline.Map {
	if x := a.names.now(); a.hosts == nil || a.hosts.Index() != x {
		a.hosts, a.present = outline.NewMap(x, a.fed...), nil
	}
	return a.hosts
}

// feed has it asked who speaks for whom, when that is not known or old. Only the first picture waits for the answer, and not for long.
func (a *atlas) feed() {
	a.mu.Lock()
	first, due := a.fedAt.IsZero(), a.feeds != nil && !a.asking && time.Since(a.fedAt) > fedFor
	a.asking = a.asking || due
	a.mu.Unlock()
	if !due {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.learn()
	}()
	if !first {
		return
	}
	select {
	case <-done:
	case <-time.After(fedWithin):
	}
}

// learn asks, and has the hosts put into levels anew if something else is true now. What cannot be asked stays as it was.
func (a *atlas) learn() {
	ctx, cancel := context.WithTimeout(context.Background(), fedFor)
	defer cancel()
	fed, err := a.feeds(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asking, a.fedAt = false, time.Now()
	if err == nil && !slices.Equal(fed, a.fed) {
		a.fed, a.hosts = fed, nil
	}
}

// readFeeds asks the broker which sources have payloads for which hosts.
func (m *Module) readFeeds(ctx context.Context) ([]outline.Feed, error) {
	var known api.Feeds
	if err := m.ask(ctx, "/api/piggyback/feeds", &known); err != nil {
		return nil, err
	}
	fed := make([]outline.Feed, len(known.Feeds))
	for i, f := range known.Feeds {
		fed[i] = outline.Feed{Target: f.Target, Source: f.Source}
	}
	slices.SortFunc(fed, func(a, b outline.Feed) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Source, b.Source))
	})
	return fed, nil
}
