package scheduler

import (
	"context"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// nudged takes word of payloads that were stored for hosts of the shard. Nothing is lost with a message that does not come:
// the payloads are kept, and the interval of the checks is the fallback.
func (s *shard) nudged(ctx context.Context, m bus.Msg) {
	_ = s.post(ctx, func(now monitor.Time) {
		arrivals, err := wire.DecodeBatch(&s.nudges.decoder, m.Data, s.nudges.found[:0])
		if err != nil {
			s.meter.unreadable.Inc()
			return
		}
		s.nudges.found = arrivals
		s.meter.arrivals.Add(len(arrivals))
		s.core.Arrive(now, arrivals, &s.decided)
	})
}

// nudges is the memory that words of payloads are read into; their strings lie in their message.
type nudges struct {
	decoder wire.Decoder
	found   []monitor.Arrival
}
