package feed_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules"
)

// recorded commits a lasting record, behind a quiet one that stays for five minutes.
func (s *site) recorded(f bus.Fence, text string) {
	s.t.Helper()
	_, err := s.bus.Commit(s.t.Context(), f, text, []bus.Record{
		{Subject: bus.Quiet(f.Shard), Data: []byte("quiet"), TTL: 5 * time.Minute}, {Subject: bus.States(f.Shard), Data: []byte(text)},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func TestQuietRecordsAreNeitherExportedNorMissed(t *testing.T) {
	inSite(t, 100<<10, func(s *site) {
		fence, err := s.bus.Claim(t.Context(), 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := &sink{wants: modules.Wants{Events: true}}
		var up atomic.Bool
		m.trouble = func(context.Context) error {
			if !up.Load() {
				return errors.New("the other side is down")
			}
			return nil
		}
		b := s.host("b1", m)
		var want []string
		for i := range 60 {
			s.recorded(fence, fmt.Sprint("r", i))
			want = append(want, fmt.Sprint("r", i))
			time.Sleep(time.Minute)
		}
		up.Store(true)
		time.Sleep(time.Minute)
		s.want("after an hour", m, want...)
		if got := s.export(b); got.Streams[0].Lost != 0 {
			t.Errorf("%+v", got)
		}
		up.Store(false)
		long := strings.Repeat("x", 1000)
		for i := range 200 {
			s.recorded(fence, fmt.Sprint("s", i, long))
			time.Sleep(time.Second)
		}
		up.Store(true)
		time.Sleep(time.Minute)
		all, got := m.took(), s.export(b)
		if lost := 200 - len(all); lost < 50 || got.Streams[0].Lost < uint64(lost) || got.Streams[0].Lost > 2*uint64(lost)+2 {
			t.Errorf("%d of 200 came; %+v", len(all), got)
		}
		b.stop()
	})
}
