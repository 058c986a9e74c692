package app

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
)

// leaderless is a bus of which, for a time, no server leads: who reads or writes waits.
type leaderless struct {
	bus.Conn
	mute atomic.Bool
}

func (l *leaderless) wait(ctx context.Context) error {
	if l.mute.Load() {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (l *leaderless) Get(ctx context.Context, b bus.Bucket, key string) (bus.Entry, error) {
	if err := l.wait(ctx); err != nil {
		return bus.Entry{}, err
	}
	return l.Conn.Get(ctx, b, key)
}

func (l *leaderless) Append(ctx context.Context, subject bus.Subject, data []byte, id string) error {
	if err := l.wait(ctx); err != nil {
		return err
	}
	return l.Conn.Append(ctx, subject, data, id)
}

// The last two nodes of a cluster are ended together.
func TestTheRolesOfAProcessSayGoodByeTogetherWhereTheBusStoresNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &leaderless{Conn: membus.New().Connect("alpha")}
		n := newNode(t, c, Roles()...)
		time.Sleep(7 * time.Second)
		c.mute.Store(true)
		began := time.Now()
		if err := n.stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 4*time.Second { // a second for the roles, two for the cluster log
			t.Errorf("the end took %s", took)
		}
	})
}
