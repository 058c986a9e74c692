package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
)

const (
	knockEvery  = 3 * time.Second
	knockWithin = time.Second
)

// watchOwners finds out which shards have an owner: what is shown of the others is old.
func (b *Broker) watchOwners(ctx context.Context) {
	for ctx.Err() == nil {
		pause(ctx, knockEvery)
		for _, shard := range b.inhabited() {
			owned := b.knock(ctx, shard)
			if ctx.Err() != nil {
				return
			}
			b.mu.Lock()
			if _, gone := b.ownerless[shard]; owned {
				delete(b.ownerless, shard)
			} else if !gone {
				b.ownerless[shard] = time.Now()
			}
			b.mu.Unlock()
		}
	}
}

// inhabited gives the shards that have hosts.
func (b *Broker) inhabited() []monitor.Shard {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var shards []monitor.Shard
	for shard, hosts := range b.population {
		if hosts > 0 {
			shards = append(shards, shard)
		}
	}
	slices.Sort(shards)
	return shards
}

func (b *Broker) knock(ctx context.Context, shard monitor.Shard) bool {
	ctx, cancel := context.WithTimeout(ctx, knockWithin)
	defer cancel()
	_, err := b.o.Bus.Request(ctx, bus.Alive(uint16(shard)), nil)
	return err == nil
}

// Healthy says why what is shown cannot be relied upon, and which modules do not work; nil when all is well.
func (b *Broker) Healthy() error {
	b.mu.RLock()
	text := b.ownerlessLocked()
	b.mu.RUnlock()
	var old error
	if text != "" {
		old = errors.New(text)
	}
	return errors.Join(old, b.down.Err(idle), b.feeder.Healthy())
}

// warnings are what a person who looks at the states should know besides.
func (b *Broker) warnings(s *view.Snapshot) []string {
	b.mu.RLock()
	text := b.ownerlessLocked()
	b.mu.RUnlock()
	out := []string{}
	if text != "" {
		out = append(out, text)
	}
	out = append(out, b.outage.lines(time.Now())...)
	hosts, services := s.Switches()
	if off := turnedOff(hosts, services, monitor.Notifications); off != "" {
		out = append(out, "notifications are turned off for "+off)
	}
	if off := turnedOff(hosts, services, monitor.ActiveChecks); off != "" {
		out = append(out, "active checks are turned off for "+off)
	}
	return out
}

// ownerlessLocked says how much of what is shown is old, and since when; empty if nothing is.
func (b *Broker) ownerlessLocked() string {
	hosts := 0
	var since time.Time
	for shard, t := range b.ownerless {
		hosts += b.population[shard]
		if since.IsZero() || t.Before(since) {
			since = t
		}
	}
	if hosts == 0 {
		return ""
	}
	return fmt.Sprintf("no scheduler looks after %d of %d hosts: what is shown of them is as it was at %s", hosts, len(b.directory.Hosts), since.Format("15:04:05"))
}

func turnedOff(hosts, services, s monitor.Switch) string {
	var off []string
	if hosts&s == 0 {
		off = append(off, "all hosts")
	}
	if services&s == 0 {
		off = append(off, "all services")
	}
	return strings.Join(off, " and ")
}
