package feed_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
)

// anew puts another bus in the place of the site's, with the places of its modules and nothing else.
func (s *site) anew() {
	s.t.Helper()
	places, err := s.bus.List(s.t.Context(), bus.FEED, "")
	if err != nil {
		s.t.Fatal(err)
	}
	s.all = membus.NewLimited(1 << 20)
	s.bus = s.all.Connect("test")
	if err := s.bus.Prepare(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	for _, e := range places {
		if _, err := s.bus.Put(s.t.Context(), bus.FEED, e.Key, e.Value, 0); err != nil {
			s.t.Fatal(err)
		}
	}
}

// A bus that dies may lose the newest checks, which a module has had. Others get their sequences, and are no less new to it.
func TestWhatHasTheSequencesOfLostChecksIsExported(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		m := checks()
		b := s.host("b1", m)
		s.checked("1", "2", "3", "4")
		time.Sleep(time.Second)
		s.want("before", m, "1", "2", "3", "4")
		b.stop()
		s.anew()
		s.checked("5", "6", "7", "8", "9")
		b = s.host("b1", m)
		time.Sleep(time.Second)
		s.want("from a bus that begins anew", m, "5", "6", "7", "8", "9")
		if got := s.export(b); got.Streams[0].Lost != 0 {
			t.Errorf("%+v", got)
		}
		b.stop()
	})
}
