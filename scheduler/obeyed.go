package scheduler

import (
	"context"
	"fmt"
	"slices"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// What a shard does between the moment at which the arbiter has read what goes along with a host that moves and the one at which it
// lets the host go would stay behind. Who gave a command was told that it is carried out, so it is given again where the host is then:
// by the owner that carried it out, or by the next one, which knows of it from the journal. Those that go by a number of this shard
// cannot be, nor those for all hosts behind one as far as these moved too.

// leaving is what a shard knew of hosts that leave it.
type leaving struct {
	results  []monitor.Status
	commands []command.Request
}

func (l leaving) some() bool { return len(l.results)+len(l.commands) > 0 }

// obeyedOf gives the commands that were carried out lately for hosts that an inventory does not have. The loop calls it.
func (s *shard) obeyedOf(next *monitor.Inventory) (gone []command.Request) {
	all := s.Obeyed.All()
	if len(all) == 0 {
		return nil
	}
	stays := make(map[string]bool, len(next.Hosts))
	for i := range next.Hosts {
		stays[next.Hosts[i].Name] = true
	}
	for i := range all {
		if own, some := all[i].Own(); some && !stays[own.Ref.Host] {
			gone = append(gone, own)
		}
	}
	return gone
}

// overruled says that a command comes from where its host was before, and that something given here since makes it void. The shard's
// loop calls it.
func (s *shard) overruled(req command.Request) bool {
	return req.Obeyed != 0 && s.Obeyed.Overrules(&req)
}

// sendCommands gives commands again that are newer than what went along with their hosts, as long as that is stored. A second try
// has the same ids, also that of another owner or after another reload: the moments of a shard's commands rise.
func (s *shard) sendCommands(ctx context.Context, b *belated, d *monitor.Directory) error {
	to := map[monitor.Shard][]command.Request{}
	for _, req := range b.commands {
		if home, known := d.Hosts[req.Ref.Host]; known && home != s.id {
			to[home] = append(to[home], req)
		}
	}
	if len(to) == 0 {
		return nil
	}
	went, err := b.readAt(ctx)
	if err != nil {
		return err
	}
	for home, some := range to {
		some = slices.DeleteFunc(some, func(req command.Request) bool {
			at, moved := went[req.Ref.Host]
			return !moved || req.Obeyed <= at
		})
		for i := range some {
			id := bus.MessageID(fmt.Sprintf("on1-command-%d-%d", s.id, home), uint64(some[i].Obeyed))
			if err := s.bus.Append(ctx, bus.Commands(uint16(home)), wire.Marshal(some[i]), id); err != nil {
				return fmt.Errorf("handing a command on to shard %d: %w", home, err)
			}
		}
	}
	b.commands = nil
	return nil
}

// readAt says up to when what went along with each host reaches, to whichever shards it went: a host may have moved on before this
// shard looked.
func (b *belated) readAt(ctx context.Context) (map[string]monitor.Time, error) {
	at := map[string]monitor.Time{}
	for shard := range monitor.Shard(b.g.Shards) {
		memories, err := b.reader.Came(ctx, shard, b.known, b.g)
		if err != nil {
			return nil, err
		}
		for i := range memories {
			for n := range memories[i].Statuses {
				host := memories[i].Statuses[n].Host
				at[host] = max(at[host], memories[i].Time)
			}
		}
	}
	return at, nil
}
