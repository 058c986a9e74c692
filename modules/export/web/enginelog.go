package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/onbu/onbu/broker/standing"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor/api"
)

const (
	// logShown is how many entries of the cluster log every page shows, the newest.
	logShown = 100
	// logFound is how many entries a search gives, the newest.
	logFound = 1000
)

// logFollower reads the cluster log once for all pages, as long as one is open. Any goroutine may use it.
type logFollower struct {
	once sync.Once

	mu    sync.Mutex
	last  []api.Deed          // the newest, oldest first
	moves map[string]api.Deed // the newest move of each shard, by what it is about
}

// begin reads until ctx ends.
func (l *logFollower) begin(ctx context.Context, m *Module) {
	l.once.Do(func() {
		go func() {
			for ctx.Err() == nil {
				to := &lineByLine{each: l.hear, apiAnswer: apiAnswer{most: 1 << 20}}
				l.forget()
				_ = m.request(ctx, "/api/cluster/log?follow=1", to) // what it lacks is asked for again
				select {
				case <-ctx.Done():
				case <-time.After(5 * time.Second):
				}
			}
		}()
	})
}

func (l *logFollower) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last, l.moves = nil, map[string]api.Deed{}
}

// mostMoves bounds the shards whose last move is remembered.
const mostMoves = 4096

func (l *logFollower) hear(line []byte) {
	d, ok := readDeed(line)
	if !ok {
		return // of a release to come
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) >= 2*logShown {
		l.last = append(l.last[:0], l.last[logShown:]...)
	}
	l.last = append(l.last, d)
	if _, known := l.moves[d.About]; d.Kind == "shard-taken" && (known || len(l.moves) < mostMoves) {
		l.moves[d.About] = d
	}
}

// newest gives the newest entries, the newest first.
func (l *logFollower) newest(n int) []api.Deed {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.last[max(0, len(l.last)-n):])
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b api.Deed) int { return cmp.Compare(b.Time, a.Time) })
	return all
}

// explain says of each shard when it moved last, and why.
func (l *logFollower) explain(shards []standing.Shard) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range shards {
		s := &shards[i]
		if d, ok := l.moves[fmt.Sprint("shard ", s.Shard.Shard)]; ok && d.Node == s.Owner {
			s.Moved, s.Why = d.Time, d.Why
		}
	}
}

func readDeed(line []byte) (d api.Deed, ok bool) {
	err := json.Unmarshal(line, &d)
	return d, err == nil && d.Kind != ""
}

// logQuery gives what of a request says which entries are wanted.
func logQuery(r *http.Request) string {
	asked, q := r.URL.Query(), url.Values{}
	for _, name := range []string{"since", "node", "role", "kind"} {
		if v := asked.Get(name); v != "" {
			q.Set(name, v)
		}
	}
	return "/api/cluster/log?" + q.Encode()
}

// engineLog gives the newest entries of the cluster log that fit.
func (m *Module) engineLog(r *http.Request, _ sign.Person) (any, error) {
	found := []api.Deed{}
	var away api.LogAway
	to := &lineByLine{apiAnswer: apiAnswer{most: 1 << 20}, each: func(line []byte) {
		if d, ok := readDeed(line); ok {
			if len(found) >= 2*logFound {
				found = append(found[:0], found[logFound:]...)
			}
			found = append(found, d)
		} else {
			_ = json.Unmarshal(line, &away) // perhaps the last line, which says why there are no more
		}
	}}
	if err := m.request(r.Context(), logQuery(r), to); err != nil {
		return nil, err
	}
	if err := to.wrong(); err != nil {
		return nil, err
	}
	if away.Error != "" {
		return nil, errors.New(away.Error)
	}
	more := len(found) > logFound
	found = found[max(0, len(found)-logFound):]
	slices.Reverse(found)
	slices.SortStableFunc(found, func(a, b api.Deed) int { return cmp.Compare(b.Time, a.Time) })
	return map[string]any{"log": found, "more": more}, nil
}

// engineLogFile gives all entries that fit as a file, an object a line.
func (m *Module) engineLogFile(w http.ResponseWriter, r *http.Request) {
	if who := m.gate.Who(r); who.Role < sign.Read {
		refuse(w, denied(who, sign.Read))
		return
	}
	w.Header().Set("Content-Disposition", `attachment; filename="cluster-log.jsonl"`)
	if err := m.request(r.Context(), logQuery(r), w); err != nil {
		refuse(w, err)
	}
}
