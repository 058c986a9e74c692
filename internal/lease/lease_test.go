package lease_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/lease"
	"github.com/onbu/onbu/internal/wire"
)

// daemon is one that may hold the lease.
type daemon struct {
	*lease.Lease
	bus  bus.Conn
	door lease.Door
	hush func()
}

func newDaemon(t *testing.T, b *membus.Bus, name string) *daemon {
	t.Helper()
	c := b.Connect(name)
	d := &daemon{bus: c, door: lease.Door{Bus: c, Subject: bus.AliveRole(bus.Arbiter)}}
	d.Lease = lease.New(c, bus.RoleLeaseKey(bus.Arbiter), "the lead", wire.Lease{Owner: name, Boot: "1"}, nil)
	return d
}

// await takes the lease and gives how long that took, and why it could.
func (d *daemon) await(t *testing.T) (time.Duration, string) {
	t.Helper()
	began := time.Now()
	why, err := d.Await(t.Context(), d.door, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.hush, err = d.door.Answer(); err != nil {
		t.Fatal(err)
	}
	return time.Since(began), why
}

// quiet has it answer no more.
func (d *daemon) quiet() {
	if d.hush != nil {
		d.hush()
		d.hush = nil
	}
}

// bubble runs a test with two daemons, the first of which holds the lease.
func bubble(t *testing.T, do func(t *testing.T, holder, other *daemon)) {
	synctest.Test(t, func(t *testing.T) {
		b := membus.New()
		holder, other := newDaemon(t, b, "one"), newDaemon(t, b, "two")
		if err := holder.bus.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took, why := holder.await(t); took != 0 || why != "nobody had it" {
			t.Errorf("a lease that was never held was taken after %s: %s", took, why)
		}
		do(t, holder, other)
		holder.quiet()
		other.quiet()
	})
}

func TestAHolderThatGaveUpIsFollowedAtTheNextLook(t *testing.T) {
	bubble(t, func(t *testing.T, holder, other *daemon) {
		if err := holder.Release(t.Context(), wire.Lease{}); err != nil || holder.Holds() {
			t.Errorf("given up with %v, held still: %t", err, holder.Holds())
		}
		if took, why := other.await(t); took > lease.KnockEvery || why != "it was given up" {
			t.Errorf("taken after %s: %s", took, why)
		}
	})
}

func TestAHolderWhoseProcessIsGoneIsFollowedWithinASecond(t *testing.T) {
	bubble(t, func(t *testing.T, holder, other *daemon) {
		holder.quiet()
		if took, why := other.await(t); took > time.Second || why != "one is dead" {
			t.Errorf("taken after %s: %s", took, why)
		}
		if err := holder.Renew(t.Context()); !errors.Is(err, lease.ErrLost) || !strings.Contains(err.Error(), "two has it") {
			t.Errorf("the old holder renews with %v", err)
		}
	})
}

func TestAHolderThatAnswersAndDoesNotRenewIsFollowedAfterFifteenSeconds(t *testing.T) {
	bubble(t, func(t *testing.T, holder, other *daemon) {
		took, why := other.await(t)
		if took < lease.Stale || took > lease.Stale+time.Second || why != "nothing was heard of one for 15 s" {
			t.Errorf("taken after %s: %s", took, why)
		}
	})
}

func TestAHolderThatRenewsKeepsItsLease(t *testing.T) {
	bubble(t, func(t *testing.T, holder, other *daemon) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		ended := make(chan error)
		go func() {
			_, err := other.Await(ctx, other.door, nil)
			ended <- err
		}()
		for range 30 {
			time.Sleep(lease.RenewEvery)
			if err := holder.Renew(t.Context()); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the other one's wait ended with %v", err)
		}
	})
}

func TestALeaseHoldsForTenSecondsAfterItsLastRenewal(t *testing.T) {
	bubble(t, func(t *testing.T, holder, _ *daemon) {
		time.Sleep(lease.HoldFor - time.Nanosecond)
		if !holder.Holds() {
			t.Errorf("it does not hold after just under %s", lease.HoldFor)
		}
		time.Sleep(time.Nanosecond)
		if holder.Holds() {
			t.Errorf("it holds after %s", lease.HoldFor)
		}
	})
}

func TestAHolderThatAnswersIsNotRobbedWhenTheBusForgetsItsLease(t *testing.T) {
	bubble(t, func(t *testing.T, holder, other *daemon) {
		e, err := holder.bus.Get(t.Context(), bus.LEASE, bus.RoleLeaseKey(bus.Arbiter))
		if err != nil {
			t.Fatal(err)
		}
		if err := other.bus.Delete(t.Context(), bus.LEASE, e.Key, e.Revision); err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(lease.RenewEvery)
			if err := holder.Renew(t.Context()); err != nil {
				t.Errorf("it is not written again: %v", err)
			}
		}()
		if took, why := other.await(t); took < lease.Stale {
			t.Errorf("taken after %s: %s", took, why)
		}
	})
}
