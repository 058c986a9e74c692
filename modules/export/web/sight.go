package web

import (
	"sync"
	"time"

	"github.com/onbu/onbu/broker/problems"
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor/catalog"
)

const (
	// lookEvery is how often the present is looked through for problems at most, while a page is open.
	lookEvery = 250 * time.Millisecond
	// share is how much of one core looking may take: a look that took long is used for that many times as long, but not for
	// longer than mostRest, since pages are to be up to date within a second.
	share, mostRest = 10, 600 * time.Millisecond
	// mostViews bounds how many different filters are kept up to date at once.
	mostViews = 128
	// eachViews bounds those that one reader is the first to open.
	eachViews = 48
)

// sight is what all pages of problems see: one look at everything serves all of them. Any goroutine may use it.
type sight struct {
	outlook modules.Outlook
	told    *told
	names   *ordered

	mu sync.Mutex // guards everything that follows
	// last is the newest look, good until then.
	last  *look
	until time.Time
	open  map[string]int // by filter, the pages that are open
	views crowd          // the filters, by who was the first to open each
	leave map[string]func()
}

// look is what was seen at one moment. It is read-only.
type look struct {
	snapshot *view.Snapshot
	list     *problems.List
	names    *catalog.Index
	told     *told
	at       time.Time
}

func newSight(o modules.Outlook, n *ordered, t *told) *sight {
	return &sight{
		outlook: o, names: n, told: t, open: map[string]int{}, leave: map[string]func(){},
		views: crowd{what: "pages with different filters open", most: mostViews, each: eachViews},
	}
}

// now gives what is seen at present, or was a moment ago.
func (s *sight) now() *look {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := time.Now()
	if s.last != nil && began.Before(s.until) {
		return s.last
	}
	snapshot := s.outlook.View()
	s.last = &look{snapshot: snapshot, list: problems.Look(snapshot), names: s.names.now(), told: s.told, at: began}
	took := time.Since(began)
	s.until = began.Add(took + max(lookEvery-20*time.Millisecond, min(share*took, mostRest)))
	l := s.last
	if len(s.open) == 0 { // it would keep alive what changes
		s.last = nil
	}
	return l
}

// enter counts a page with a filter in, unless there are too many different ones.
func (s *sight) enter(key, reader string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[key] == 0 {
		if s.leave[key], err = s.views.enter(reader); err != nil {
			delete(s.leave, key)
			return nil, err
		}
	}
	s.open[key]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[key]--; s.open[key] == 0 {
			s.leave[key]()
			delete(s.open, key)
			delete(s.leave, key)
		}
		if len(s.open) == 0 {
			s.last = nil
		}
	}, nil
}
