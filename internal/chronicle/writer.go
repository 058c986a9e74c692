// Package chronicle knows how the cluster log is written and read: the stream in which every node tells what its daemons
// decided by themselves, and why.
package chronicle

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

const (
	// maxWaiting bounds what waits while the bus takes nothing. When more comes, entries in the middle go: how a trouble began and
	// how things are now are worth most.
	maxWaiting = 1024
	// maxBatch is how many entries one message holds; they were told while the one before was stored.
	maxBatch = 64
	// maxText bounds each text of an entry, in bytes.
	maxText = 2 << 10
	// lastWords is how long the end of a process waits for its last entries to be stored.
	lastWords = 2 * time.Second
	// retryPause lies between tries after an error that the bus does not see to itself.
	retryPause = time.Second
)

// Options says who writes.
type Options struct {
	Bus bus.Conn
	// Node is the node's name, Boot unique to this start.
	Node, Boot string
	// Log gets what could not be stored before the end.
	Log *slog.Logger
}

// Writer writes what happens to one node.
type Writer struct {
	o    Options
	wake chan struct{}

	mu    sync.Mutex // guards everything that follows
	queue []wire.Deed
	under []wire.Deed // those that are being stored
	// lost entries are missing before queue[gap]; 0 for none.
	lost, gap int
}

// NewWriter builds a writer; what it is told waits for Run.
func NewWriter(o Options) *Writer { return &Writer{o: o, wake: make(chan struct{}, 1)} }

// For gives what a role tells its entries with; the empty role is the process as a whole.
func (w *Writer) For(role string) monitor.Chronicle {
	return func(kind, about, why string) {
		w.tell(wire.Deed{Time: monitor.At(time.Now()), Node: w.o.Node, Role: role, Kind: kind, About: brief(about), Why: brief(why)})
	}
}

// brief makes a text fit.
func brief(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}

func (w *Writer) tell(d wire.Deed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == maxWaiting {
		if w.lost == 0 {
			w.gap = maxWaiting / 2
		}
		w.queue = slices.Delete(w.queue, w.gap, w.gap+1)
		w.lost++
	}
	w.queue = append(w.queue, d)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// next takes the oldest entries out, into a slice of the caller's.
func (w *Writer) next(into []wire.Deed) []wire.Deed {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), maxBatch)
	switch {
	case w.lost > 0 && w.gap == 0:
		into = append(into, w.gapEntry())
		w.lost, n = 0, n-1
	case w.lost > 0:
		n = min(n, w.gap)
		w.gap -= n
	}
	into = append(into, w.queue[:n]...)
	w.queue = slices.Delete(w.queue, 0, n)
	w.under = into
	return into
}

// Waiting gives the entries of this process that are not stored yet, oldest first, as far as a query wants them.
func (w *Writer) Waiting(q *Query) (all []api.Deed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, part := range [][]wire.Deed{w.under, w.queue} {
		for i := range part {
			if q.wants(&part[i]) {
				all = append(all, deedOf(&part[i]))
			}
		}
	}
	return all
}

// gapEntry tells how many entries are missing, at the time of the first behind them.
func (w *Writer) gapEntry() wire.Deed {
	return wire.Deed{
		Time: w.queue[0].Time, Node: w.o.Node, Kind: monitor.LogGap, About: "cluster log",
		Why: fmt.Sprintf("%d entries are missing here: the bus took none, and more than %d waited", w.lost, maxWaiting),
	}
}

// Run stores what it is told until ctx ends; then it has two seconds for what is left.
func (w *Writer) Run(ctx context.Context) {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastWords, end) })()
	buf, sent := make([]wire.Deed, 0, maxBatch), uint64(0)
	for {
		if buf = w.next(buf[:0]); len(buf) > 0 {
			sent++
			w.store(life, buf, bus.MessageID(w.o.Boot+"-log", sent))
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
	}
}

// store keeps trying to store a batch for as long as life lasts.
func (w *Writer) store(life context.Context, batch []wire.Deed, id string) {
	data := wire.AppendBatch(nil, batch)
	for {
		err := w.o.Bus.Append(life, bus.Deeds(w.o.Node), data, id)
		if err == nil {
			return
		}
		if life.Err() != nil {
			w.giveUp(batch, err)
			return
		}
		w.o.Log.Warn("the cluster log was not stored, trying again", "entries", len(batch), "error", err)
		pause(life, retryPause)
	}
}

// giveUp leaves entries at least in the log of the process.
func (w *Writer) giveUp(batch []wire.Deed, err error) {
	for _, d := range batch {
		w.o.Log.Warn("an entry did not get into the cluster log", "role", d.Role, "kind", d.Kind, "about", d.About, "why", d.Why, "error", err)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
