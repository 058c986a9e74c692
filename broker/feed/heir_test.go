package feed_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/broker/feed"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// define hosts the parts of the definition m until the result is called; down are those that take nothing.
func (s *site) define(down *atomic.Bool, names ...string) (took map[string]*named, stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	f := feed.New(feed.Options{
		Bus: s.all.Connect("b1"), Broker: "b1", Boot: time.Now().String(), Metrics: metrics.NewSet(), Log: slog.New(slog.NewTextHandler(&s.log, nil)),
		Defined: func(context.Context) (map[string]bool, error) { return *s.defined.Load(), nil },
		Decode: func(_ *wire.Decoder, m bus.Msg) ([]monitor.Brok, error) {
			return []monitor.Brok{{Text: string(m.Data)}}, nil
		},
	})
	var wg sync.WaitGroup
	wg.Go(func() { f.Run(ctx) })
	took = map[string]*named{}
	for _, name := range names {
		n := &named{sink: *checks(), name: name}
		n.trouble = func(context.Context) error {
			if down.Load() {
				return errors.New("down")
			}
			return nil
		}
		took[name] = n
		wg.Go(func() { f.Host(ctx, n, feed.Asked{Of: "m", Parts: names}) })
	}
	time.Sleep(time.Second)
	return took, func() { cancel(); wg.Wait() }
}

func TestWhatWaitsForATargetOutlivesAChangeOfTheTargets(t *testing.T) {
	for _, test := range []struct {
		before, after []string
		heirs         []string // who gets what waited
	}{
		{[]string{"m/a"}, []string{"m/a", "m/b"}, []string{"m/a"}},
		{[]string{"m/a", "m/b"}, []string{"m/b"}, []string{"m/b"}},
		{[]string{"m/a"}, []string{"m/c"}, []string{"m/c"}}, // another address
		{[]string{"m/a", "m/b"}, []string{"m/b", "m/c"}, []string{"m/b", "m/c"}},
		{[]string{"m"}, []string{"m/a"}, []string{"m/a"}}, // an older version named it so
	} {
		t.Run(fmt.Sprint(test.before, " ", test.after), func(t *testing.T) {
			inSite(t, 1<<20, func(s *site) {
				var down atomic.Bool
				down.Store(true)
				_, stop := s.define(&down, test.before...)
				s.checked("1", "2")
				time.Sleep(5 * time.Second)
				stop()
				down.Store(false)
				took, stop := s.define(&down, test.after...)
				time.Sleep(10 * time.Second)
				s.checked("3")
				time.Sleep(time.Second)
				for name, n := range took {
					want := []string{"3"}
					if slices.Contains(test.heirs, name) {
						want = []string{"1", "2", "3"}
					}
					s.want(name, &n.sink, want...)
				}
				stop()
			})
		})
	}
}
