package receiver

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	// strangersMost is how many unknown hosts and services are remembered, strangersTold how many of them are shown.
	strangersMost = 1000
	strangersTold = 500
	// What is remembered of one is cut to these lengths.
	strangerName   = 256
	strangerOutput = 160
	// strangersEvery is how often the list is shown, if it changed, and strangersAgain if it did not.
	strangersEvery = 5 * time.Second
	strangersAgain = 5 * time.Minute
	// strangersLog parts the lines in the log that name new ones, strangersRemind those about ones that were named before.
	strangersLog    = 10 * time.Second
	strangersRemind = time.Hour
)

// strangers are the hosts and services that results came for and that are not configured. However many names come, they take
// bounded room: one that comes again and again stays, and one that came once makes way.
type strangers struct {
	mu      sync.Mutex
	of      map[monitor.Ref]*monitor.UnknownResult
	named   map[monitor.Ref]bool // those of them that stood in the log
	changed bool
	unsaid  int // since the last line in the log
	said    time.Time
}

// add remembers a result. say is how many came since it was last said that there are some, or 0 if it is not to be
// said now: one that is new is named soon, one that was named again after an hour.
func (s *strangers) add(r *monitor.Submission, now time.Time) (say int) {
	ref := monitor.Ref{Host: cut(r.Host, strangerName), Service: cut(r.Service, strangerName)}
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.of[ref]
	if u == nil {
		u = &monitor.UnknownResult{Ref: monitor.Ref{Host: strings.Clone(ref.Host), Service: strings.Clone(ref.Service)}, First: monitor.At(now)}
		s.makeRoom()
		if s.of == nil {
			s.of = map[monitor.Ref]*monitor.UnknownResult{}
		}
		s.of[u.Ref] = u
	}
	u.Count++
	u.Last, u.Source, u.Output = monitor.At(now), strings.Clone(cut(r.Source, strangerName)), strings.Clone(cut(r.Output, strangerOutput))
	s.changed = true
	s.unsaid++
	if since := now.Sub(s.said); since < strangersLog || s.named[u.Ref] && since < strangersRemind {
		return 0
	}
	if s.named == nil {
		s.named = map[monitor.Ref]bool{}
	}
	s.named[u.Ref] = true
	say, s.unsaid, s.said = s.unsaid, 0, now
	return say
}

// makeRoom forgets, of some that it happens to look at, the one that came least often, and longest ago.
func (s *strangers) makeRoom() {
	if len(s.of) < strangersMost {
		return
	}
	const look = 8
	var least *monitor.UnknownResult
	n := 0
	for _, u := range s.of {
		if least == nil || cmp.Or(cmp.Compare(u.Count, least.Count), cmp.Compare(u.Last, least.Last)) < 0 {
			least = u
		}
		if n++; n == look {
			break
		}
	}
	delete(s.of, least.Ref)
	delete(s.named, least.Ref)
}

// list gives those that came most often, newest first among equals, if something changed since the last time or always is set.
func (s *strangers) list(always bool) (all []monitor.UnknownResult, changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if changed = s.changed || always; !changed {
		return nil, false
	}
	s.changed = false
	for _, u := range s.of {
		all = append(all, *u)
	}
	slices.SortFunc(all, func(a, b monitor.UnknownResult) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(b.Last, a.Last))
	})
	return all[:min(len(all), strangersTold)], true
}

// forget removes those that are configured meanwhile.
func (s *strangers) forget(known func(monitor.Ref) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ref := range s.of {
		if known(ref) {
			delete(s.of, ref)
			delete(s.named, ref)
			s.changed = true
		}
	}
}

// cut gives the first n bytes of a text at most, without half a character at the end.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}

// unknownTo notes a result that is for no host or service of the configuration.
func (r *Receiver) unknownTo(s *monitor.Submission) {
	r.unknown.Inc()
	if n := r.strangers.add(s, time.Now()); n > 0 {
		r.o.Log.Warn("passive results for hosts or services that are not configured; `onbu unknown` lists them",
			"results", n, "host", cut(s.Host, strangerName), "service", cut(s.Service, strangerName), "source", cut(s.Source, strangerName))
	}
}

// showStrangers puts the list where `onbu unknown` finds it, now and then, until ctx ends.
func (r *Receiver) showStrangers(ctx context.Context) {
	shown := time.Time{}
	for {
		all, changed := r.strangers.list(!shown.IsZero() && time.Since(shown) > strangersAgain)
		if changed {
			if err := r.show(ctx, all); err == nil {
				shown = time.Now()
			} else if ctx.Err() == nil {
				r.o.Log.Debug("the list of unknown hosts and services was not stored", "error", err)
			}
		}
		rest(ctx, strangersEvery)
		if ctx.Err() != nil {
			return
		}
	}
}

func (r *Receiver) show(ctx context.Context, all []monitor.UnknownResult) error {
	ctx, cancel := context.WithTimeout(ctx, strangersEvery)
	defer cancel()
	key := bus.Token(r.o.Name)
	e, err := r.o.Bus.Get(ctx, bus.STRAY, key)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return err
	}
	_, err = r.o.Bus.Put(ctx, bus.STRAY, key, wire.Marshal(all), e.Revision)
	return err
}
