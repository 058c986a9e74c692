package broker_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/onbu/onbu/broker"
	"github.com/onbu/onbu/internal/bus/membus"
)

func TestModulesOfAllBrokersHaveValuesInCommon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := membus.New()
		one, other := broker.Common(all.Connect("one")), broker.Common(all.Connect("other"))
		if err := all.Connect("arbiter").Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		heard := ""
		ended := make(chan error)
		go func() {
			ended <- other.Follow(ctx, "a-word", func(v []byte) { mu.Lock(); defer mu.Unlock(); heard = string(v) })
		}()
		var writers sync.WaitGroup
		for i := range 20 {
			c := one
			if i%2 == 1 {
				c = other
			}
			writers.Go(func() {
				if err := c.Amend(t.Context(), "a-word", func(now []byte) []byte { return append(now[:len(now):len(now)], 'x') }); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		synctest.Wait()
		mu.Lock()
		if want := "xxxxxxxxxxxxxxxxxxxx"; heard != want {
			t.Errorf("heard %q, want %q", heard, want)
		}
		mu.Unlock()
		if err := one.Amend(t.Context(), "another", func(now []byte) []byte {
			if now != nil {
				t.Errorf("another word has %q", now)
			}
			return []byte("y")
		}); err != nil {
			t.Error(err)
		}
		cancel()
		<-ended
	})
}
