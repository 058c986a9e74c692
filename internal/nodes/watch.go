package nodes

import (
	"context"
	"errors"
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
	watchEvery = time.Second
	// missedFor is how long nothing of a node is there before it is told: a bus that had no leader for a time has lost all heartbeats, and
	// each comes again within 5 s.
	missedFor = 8 * time.Second
	// settleFor is how long somebody watches before he tells of nodes that he never saw: when a site starts, some come first.
	settleFor = time.Minute
	// noteWithin bounds a try to note that something is told.
	noteWithin = 5 * time.Second
)

// Watcher tells the cluster log when all of a node falls silent, and when it is back. Several may watch: of those one tells.
type Watcher struct {
	Bus  bus.Conn
	Tell monitor.Chronicle
	Log  *slog.Logger

	began time.Time

	mu    sync.Mutex                // guards what follows
	beats map[string]beat           // by key
	heard map[string]time.Time      // by role and node, when this process heard it last
	known map[string]wire.KnownRole // by key
	away  map[string]bool           // by key, whether people have disconnected the node
	noted map[string]bus.Entry      // by key, that a node's silence is told
	seen  map[string]bool
	since map[string]time.Time // when nothing was there any more
}

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	w.began = time.Now()
	w.beats, w.known, w.away = map[string]beat{}, map[string]wire.KnownRole{}, map[string]bool{}
	w.noted, w.seen, w.since = map[string]bus.Entry{}, map[string]bool{}, map[string]time.Time{}
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { w.follow(ctx, bus.HB, "", w.beat) })
	watching.Go(func() { w.follow(ctx, bus.NODE, bus.AllKnown(), w.know) })
	watching.Go(func() { w.follow(ctx, bus.NODE, bus.AllOrders(), w.order) })
	watching.Go(func() { w.follow(ctx, bus.NODE, bus.AllSilent(), w.note) })
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			w.look(ctx, now)
		}
	}
}

func (w *Watcher) follow(ctx context.Context, b bus.Bucket, key string, take func(bus.Entry)) {
	for ctx.Err() == nil {
		_ = w.Bus.Watch(ctx, b, key, func(e bus.Entry) {
			w.mu.Lock()
			defer w.mu.Unlock()
			take(e)
		})
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// beat is a heartbeat that is there.
type beat struct {
	node     string
	revision uint64
}

func (w *Watcher) beat(e bus.Entry) {
	var h wire.Heartbeat
	if e.Value == nil || wire.Unmarshal(e.Value, &h) != nil {
		delete(w.beats, e.Key)
		return
	}
	if w.heard == nil {
		w.heard = map[string]time.Time{}
	}
	if w.beats[e.Key].revision != e.Revision { // after a lost connection, what was told before is told again
		w.heard[place(h.Role, h.Name)] = time.Now()
	}
	w.beats[e.Key] = beat{h.Name, e.Revision}
}

// Refine says of roles that are silent when this process heard them last, which is more than the bus remembers.
func (w *Watcher) Refine(all []api.Role) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range all {
		r := &all[i]
		if at := w.heard[place(r.Role, r.Node)]; r.State == api.Silent && !at.IsZero() {
			r.Seen = max(r.Seen, monitor.At(at).Unix())
		}
	}
}

// last is when a node was heard last, as far as is known: by this process, or else in the minute that is remembered.
func (w *Watcher) last(node string) (at time.Time, exact bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range w.known {
		if k.Beat.Name != node {
			continue
		}
		heard := w.heard[place(k.Beat.Role, node)]
		exact = exact || !heard.IsZero() && k.At.Std().Sub(heard) < missedFor
		for _, t := range []time.Time{heard, k.At.Std()} {
			if t.After(at) {
				at = t
			}
		}
	}
	return at, exact
}

func (w *Watcher) know(e bus.Entry) {
	var k wire.KnownRole
	if e.Value == nil || wire.Unmarshal(e.Value, &k) != nil {
		delete(w.known, e.Key)
		return
	}
	w.known[e.Key] = k
}

func (w *Watcher) order(e bus.Entry) {
	var o wire.NodeOrder
	w.away[e.Key] = e.Value != nil && wire.Unmarshal(e.Value, &o) == nil && o.For("").State == wire.NodeDisconnected
}

func (w *Watcher) note(e bus.Entry) {
	if e.Value == nil {
		delete(w.noted, e.Key)
	} else {
		w.noted[e.Key] = e
	}
}

// look tells what has changed.
func (w *Watcher) look(ctx context.Context, now time.Time) {
	silent, back := w.changes(now)
	for node, roles := range silent {
		w.silent(ctx, node, roles, now)
	}
	for node, told := range back {
		w.back(ctx, node, told, now)
	}
}

// changes gives the nodes that are silent and not told of yet, with their roles, and those that are told of and back.
func (w *Watcher) changes(now time.Time) (silent map[string][]string, back map[string]bus.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	there := map[string]bool{}
	for _, b := range w.beats {
		there[b.node], w.seen[b.node] = true, true
	}
	silent, back = map[string][]string{}, map[string]bus.Entry{}
	for _, k := range w.known {
		if node := k.Beat.Name; !k.Ended && !there[node] && !w.away[bus.OrderKey(node)] {
			silent[node] = append(silent[node], k.Beat.Role)
		}
	}
	for node := range w.since {
		if silent[node] == nil {
			delete(w.since, node)
		}
	}
	for node := range silent {
		if w.since[node].IsZero() {
			w.since[node] = now
		}
		_, told := w.noted[bus.SilentKey(node)]
		settled := w.seen[node] || now.Sub(w.began) >= settleFor
		if told || !settled || now.Sub(w.since[node]) < missedFor {
			delete(silent, node)
		}
	}
	for node := range there {
		if told, is := w.noted[bus.SilentKey(node)]; is {
			back[node] = told
		}
	}
	return silent, back
}

// silent tells of a node, unless somebody else does.
func (w *Watcher) silent(ctx context.Context, node string, roles []string, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	if !w.remembered(ctx, node, roles) {
		return
	}
	last, exact := w.last(node)
	e := bus.Entry{Key: bus.SilentKey(node), Value: wire.Marshal(monitor.At(last))}
	var err error
	e.Revision, err = w.Bus.Put(ctx, bus.NODE, e.Key, e.Value, 0)
	if err != nil {
		w.unsaid(node, err)
		return
	}
	w.mu.Lock()
	w.noted[e.Key] = e
	w.mu.Unlock()
	slices.SortFunc(roles, func(a, b string) int { return slices.Index(rank, a) - slices.Index(rank, b) })
	why := "nothing of it is heard any more, and it did not end in order: " + strings.Join(roles, ", ")
	if exact {
		why += fmt.Sprintf("; it was heard last %s ago", now.Sub(last).Round(time.Second))
	}
	w.Tell.Tell(monitor.NodeSilent, "node "+node, why)
}

// remembered says whether something of a node is still known. Whoever dissolves a node removes its roles and then the note of its
// silence; here the end of the note may be seen first, since each is watched for itself.
func (w *Watcher) remembered(ctx context.Context, node string, roles []string) bool {
	return slices.ContainsFunc(roles, func(role string) bool {
		_, err := w.Bus.Get(ctx, bus.NODE, bus.KnownKey(role, node))
		return !errors.Is(err, bus.ErrNotFound)
	})
}

// back tells that a node is heard again, unless somebody else does.
func (w *Watcher) back(ctx context.Context, node string, told bus.Entry, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	if err := w.Bus.Delete(ctx, bus.NODE, told.Key, told.Revision); err != nil {
		w.unsaid(node, err)
		return
	}
	w.mu.Lock()
	delete(w.noted, told.Key)
	w.mu.Unlock()
	why := "it is heard again"
	var since monitor.Time
	if wire.Unmarshal(told.Value, &since) == nil {
		why += fmt.Sprintf(", after %s", now.Sub(since.Std()).Round(time.Second))
	}
	w.Tell.Tell(monitor.NodeBack, "node "+node, why)
}

// unsaid is of a note that could not be written. The bus tells of another one's; in other cases it is tried again.
func (w *Watcher) unsaid(node string, err error) {
	if !errors.Is(err, bus.ErrConflict) {
		w.Log.Debug("it is not noted yet that a node is silent or back", "node", node, "error", err)
	}
}
