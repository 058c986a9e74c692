package scheduler

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/recall"
)

const (
	// mostHops is how often something is handed on from shard to shard: a host that moves with every reload is at rest at some time.
	mostHops = 3
	// adoptWait is how long a shard waits at a time for the configuration in which it has a host, and patience how long in all.
	adoptWait = 5 * time.Second
	patience  = time.Minute
)

// intake takes what comes over a queue for the hosts of a shard, T by T. What is for a host that another shard has meanwhile is
// handed on to that one before the position here moves on, so that nothing is lost that waited while a reload moved its host.
type intake[T any] struct {
	*shard
	stream bus.Stream
	// kind tells the ids of this queue from those of others.
	kind string
	used *uint64 // the position, which is the loop's
	// decode, known, host and apply are called in the loop. What decode gives lies in the message and is used until the next call.
	decode func(message []byte) ([]T, error)
	// known gives what a message is known by when it comes again.
	known func(*bus.Msg) recall.Message
	// host is what an item is for; empty for what stays here in any case.
	host func(*T) string
	// old says that something newer came for an item's object on a shorter way; nil if nothing ever is. Items that were handed on are
	// asked about.
	old   func(T) bool
	apply func(now monitor.Time, items []T)
	// awaited is a configuration that this queue has waited for.
	awaited *awaited
	// subject is where another shard gets its items.
	subject func(shard uint16) bus.Subject
}

// stray is a message with items for hosts that the shard does not have.
type stray[T any] struct {
	*bus.Msg
	items []T
}

// fate is what becomes of items for a host that the shard did not have.
type fate uint8

const (
	unsettled fate = iota
	nowhere        // no shard has it
	elsewhere      // they are handed on
)

// take returns once what came of the messages is in the journal, of this shard or, as a message, of another one.
func (in *intake[T]) take(ctx context.Context, msgs []bus.Msg) error {
	fates := map[string]fate{}
	for {
		had := in.generation.Load()
		var strays []stray[T]
		err := in.settle(ctx, func(now monitor.Time) { strays = in.use(now, msgs, fates) })
		if err == nil && len(strays) > 0 {
			err = in.handOn(ctx, strays, fates, had)
		}
		if err != nil || len(strays) == 0 {
			return err
		}
	}
}

// use applies messages as far as it is clear whether their hosts are here, and gives those whose hosts are not.
func (in *intake[T]) use(now monitor.Time, msgs []bus.Msg, fates map[string]fate) []stray[T] {
	var strays []stray[T]
	for i := range msgs {
		m := &msgs[i]
		if m.Seq <= *in.used {
			continue
		}
		known := in.known(m)
		if in.Seen.Twice(in.kind, &known) {
			in.meter.twice.Inc()
			continue
		}
		items, err := in.decode(m.Data)
		if err != nil {
			in.meter.unreadable.Inc()
			in.poison.Put(in.stream, m, err)
			continue
		}
		here, away := in.part(items, fates)
		if len(away) > 0 {
			strays = append(strays, stray[T]{m, away})
		}
		if len(strays) == 0 {
			*in.used = m.Seq
			in.Seen.Use(in.kind, &known)
			in.apply(now, in.young(m, here))
		}
	}
	return strays
}

// young leaves out what was handed on and comes behind something newer: the receivers know at once where a host is now, and what
// waited takes longer.
func (in *intake[T]) young(m *bus.Msg, items []T) []T {
	if in.old == nil || hops(m.ID) == 0 {
		return items
	}
	young := slices.DeleteFunc(items, in.old)
	in.meter.overtaken.Add(len(items) - len(young))
	return young
}

// here says whether items are all for hosts of this shard, as nearly always.
func (in *intake[T]) here(items []T) bool {
	last := ""
	for i := range items {
		host := in.host(&items[i])
		if host == last {
			continue
		}
		if _, known := in.core.Object(monitor.Ref{Host: host}); !known {
			return false
		}
		last = host
	}
	return true
}

// part divides items into those to be applied here and those of which it is not clear whose they are. Those whose fate is to be
// elsewhere are in neither.
func (in *intake[T]) part(items []T, fates map[string]fate) (here, away []T) {
	if len(fates) == 0 && in.here(items) {
		return items, nil
	}
	for i := range items {
		where := nowhere
		if host := in.host(&items[i]); host != "" {
			where = fates[host]
			if _, known := in.core.Object(monitor.Ref{Host: host}); known && where == unsettled {
				where = nowhere
			}
		}
		switch where {
		case nowhere:
			here = append(here, items[i])
		case unsettled:
			away = append(away, items[i])
		}
	}
	return here, away
}

// handOn finds out whose the items are, and stores those of other shards where these get them, in their order. had is the generation
// that the shard had when it did not have the hosts.
func (in *intake[T]) handOn(ctx context.Context, strays []stray[T], fates map[string]fate, had uint64) error {
	d, err := in.homes.now(ctx)
	if err != nil {
		return err
	}
	late := false
	for _, m := range strays {
		to := map[monitor.Shard][]T{}
		for i := range m.items {
			host := in.host(&m.items[i])
			home, known := d.Hosts[host]
			switch {
			case known && home != in.id:
				fates[host] = elsewhere
				to[home] = append(to[home], m.items[i])
			case known && had < d.Generation && in.awaited.worth(d.Generation):
				late = true
			default:
				fates[host] = nowhere
			}
		}
		for home, items := range to {
			if err := in.send(ctx, m.Msg, home, d.Generation, items); err != nil {
				return err
			}
		}
	}
	if !late {
		return nil
	}
	return in.adopted(ctx, d.Generation)
}

// adopted waits until the shard has a generation.
func (s *shard) adopted(ctx context.Context, generation uint64) error {
	for limit := time.Now().Add(adoptWait); s.generation.Load() < generation; {
		if time.Now().After(limit) {
			return fmt.Errorf("shard %d does not have generation %d of the configuration yet", s.id, generation)
		}
		if err := sleep(ctx, shortTick); err != nil {
			return err
		}
	}
	return nil
}

// awaited is a generation that something waits for, since when.
type awaited struct {
	generation uint64
	since      time.Time
}

// worth says whether it is worth to wait for a generation, or to wait on: perhaps it cannot come into force here.
func (a *awaited) worth(generation uint64) bool {
	if a.generation != generation {
		*a = awaited{generation, time.Now()}
	}
	return time.Since(a.since) < patience
}

// send stores items of a message where another shard gets them. A second try of the same message has the same id.
func (in *intake[T]) send(ctx context.Context, m *bus.Msg, home monitor.Shard, generation uint64, items []T) error {
	hop := hops(m.ID) + 1
	if hop > mostHops {
		in.meter.astray.Add(len(items))
		in.log.Warn("dropped: it was handed on from shard to shard and found no host; are hosts moved at each reload?",
			"items", len(items), "host", in.host(&items[0]), "hops", mostHops)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, adoptWait)
	defer cancel()
	id := bus.MessageID(fmt.Sprintf("on%d-%d-%d-%d", hop, in.id, home, generation), m.Seq)
	var batch wire.Batch // which can be told from a message of one command
	for i := range items {
		batch.Add(&items[i])
	}
	if err := in.bus.Append(ctx, in.subject(uint16(home)), batch.Message(), id); err != nil {
		return fmt.Errorf("handing on to shard %d: %w", home, err)
	}
	in.meter.handedOn.Add(len(items))
	return nil
}

// hops says how often a message was handed on, by its id.
func hops(id string) int {
	rest, on := strings.CutPrefix(id, "on")
	hop, _, parted := strings.Cut(rest, "-")
	n, err := strconv.Atoi(hop)
	if !on || !parted || err != nil {
		return 0
	}
	return n
}
