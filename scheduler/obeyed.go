package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
)

// What a shard does between the moment at which the arbiter has read what goes along with a host that moves and the one at which it
// lets the host go would stay behind. Who gave a command was told that it is carried out, so it is given again where the host is then.
// Those that go by a number of this shard cannot be, nor those for all hosts behind one, which other shards have got already.

// How long commands are remembered for that, and how many at most.
const (
	obeyedFor  = 90 * time.Second
	mostObeyed = 10_000
)

// obeyed is a command that was carried out.
type obeyed struct {
	at monitor.Time
	command.Request
}

// leaving is what a shard knew of hosts that leave it.
type leaving struct {
	results  []monitor.Status
	commands []obeyed
}

func (l leaving) some() bool { return len(l.results)+len(l.commands) > 0 }

// noteObeyed remembers a command. The loop calls it.
func (s *shard) noteObeyed(now monitor.Time, req command.Request) {
	if req.Ref.Host == "" || req.Behind || req.Spreads() {
		return
	}
	old := 0
	for old < len(s.obeyed) && (s.obeyed[old].at.Add(obeyedFor) < now || len(s.obeyed)-old >= mostObeyed) {
		old++
	}
	req.ID = "" // nobody waits for it any more
	clear(s.obeyed[:old])
	s.obeyed = append(s.obeyed[old:], obeyed{now, req}) // moves the others only when it grows: a storm of commands costs each the same
}

// obeyedOf gives those for hosts that another inventory does not have. The loop calls it.
func (s *shard) obeyedOf(next *monitor.Inventory) (gone []obeyed) {
	if len(s.obeyed) == 0 {
		return nil
	}
	stays := make(map[string]bool, len(next.Hosts))
	for i := range next.Hosts {
		stays[next.Hosts[i].Name] = true
	}
	for _, o := range s.obeyed {
		if !stays[o.Ref.Host] {
			gone = append(gone, o)
		}
	}
	return gone
}

// sendCommands gives commands again that are newer than what went along with their hosts. A second try has the same ids.
func (s *shard) sendCommands(ctx context.Context, b *belated, d *monitor.Directory) error {
	to := map[monitor.Shard][]obeyed{}
	for _, o := range b.commands {
		if home, known := d.Hosts[o.Ref.Host]; known && home != s.id {
			to[home] = append(to[home], o)
		}
	}
	for home, some := range to {
		memories, err := b.reader.Came(ctx, home, b.known, b.g)
		if err != nil {
			return err
		}
		went := readAt(memories)
		some = slices.DeleteFunc(some, func(o obeyed) bool { return o.at <= went[o.Ref.Host] })
		for n := range some {
			id := bus.MessageID(fmt.Sprintf("on1-command-%d-%d-%d-%d", s.id, home, b.g.Number, s.epoch), uint64(n+1))
			if err := s.bus.Append(ctx, bus.Commands(uint16(home)), wire.Marshal(some[n].Request), id); err != nil {
				return fmt.Errorf("handing a command on to shard %d: %w", home, err)
			}
		}
	}
	b.commands = nil
	return nil
}

// readAt says up to when what went along with each host reaches.
func readAt(memories []core.Snapshot) map[string]monitor.Time {
	at := map[string]monitor.Time{}
	for i := range memories {
		for n := range memories[i].Statuses {
			at[memories[i].Statuses[n].Host] = memories[i].Time
		}
	}
	return at
}
