package scheduler

import (
	"context"
	"fmt"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// homeward gives the host whose shard a command belongs to; empty for what another shard has sent here because of hosts behind it.
func homeward(r *command.Request) string {
	if r.Behind {
		return ""
	}
	return r.Ref.Host
}

// sendOnward gives commands that are for the hosts behind their host as well to the other shards in which such hosts live. That
// comes before they are carried out here: after a crash in between they are sent again, with the same ids.
func (s *shard) sendOnward(ctx context.Context, msgs []bus.Msg) error {
	for i := range msgs {
		requests := spreading(msgs[i].Data)
		if len(requests) == 0 {
			continue
		}
		to, err := s.onwards(ctx, &msgs[i], requests)
		if err != nil {
			return err
		}
		for shard, batch := range to {
			id := bus.MessageID(fmt.Sprintf("behind-%d-%d", s.id, shard), msgs[i].Seq)
			if err := s.bus.Append(ctx, bus.Commands(uint16(shard)), batch.Message(), id); err != nil {
				return fmt.Errorf("handing a command on to shard %d: %w", shard, err)
			}
		}
	}
	return nil
}

// spreading gives those commands of a message that may be for hosts of other shards as well. What cannot be read is counted later.
func spreading(message []byte) (some []command.Request) {
	requests, err := requestsIn(message)
	if err != nil {
		return nil
	}
	for i := range requests {
		if requests[i].Spreads() && !requests[i].Behind {
			some = append(some, requests[i])
		}
	}
	return some
}

// onwards asks the core what of a message goes where; nothing of one that was used already.
func (s *shard) onwards(ctx context.Context, m *bus.Msg, requests []command.Request) (map[monitor.Shard]*wire.Batch, error) {
	found := make(chan map[monitor.Shard]*wire.Batch, 1)
	err := s.post(ctx, func(monitor.Time) {
		all := map[monitor.Shard]*wire.Batch{}
		for i := range requests {
			to, further := s.core.Onward(requests[i])
			for _, shard := range to {
				if all[shard] == nil {
					all[shard] = &wire.Batch{}
				}
				all[shard].Add(&further)
			}
		}
		if m.Seq <= s.Used.Commands {
			all = nil
		}
		found <- all
	})
	if err != nil {
		return nil, err
	}
	select {
	case all := <-found:
		return all, nil
	case <-s.ended:
		return nil, errEnded
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
