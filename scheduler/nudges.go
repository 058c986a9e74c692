package scheduler

import (
	"context"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// nudges is the memory that words of payloads are read into; their strings lie in their message.
type nudges struct {
	decoder wire.Decoder
	found   []monitor.Arrival
}

// hearOfPayloads listens for payloads that were stored for hosts of the shard, for questions of other shards about hosts of
// this one from which payloads come, and for answers to its own. Nothing is lost with a message that does not come: word of
// payloads is repeated until somebody says that he has it, the interval of the checks is the fallback, and questions are asked again.
func (s *shard) hearOfPayloads(ctx context.Context) (stop func(), err error) {
	return s.hear(ctx,
		hearing{bus.Arrived(uint16(s.id)), s.nudged},
		hearing{bus.Inquiries(), s.inquired},
		hearing{bus.SourceStates(uint16(s.id)), s.told},
	)
}

func (s *shard) nudged(now monitor.Time, data []byte) error {
	found, err := wire.DecodeBatch(&s.nudges.decoder, data, s.nudges.found[:0])
	if err != nil {
		return err
	}
	s.nudges.found = found
	s.meter.arrivals.Add(len(found))
	s.core.Arrive(now, found, &s.decided)
	return nil
}

func (s *shard) inquired(now monitor.Time, data []byte) error {
	inquiries, err := wire.DecodeBatch(&s.nudges.decoder, data, []monitor.SourceInquiry(nil))
	if err == nil {
		s.core.Inquire(now, inquiries, &s.decided)
	}
	return err
}

func (s *shard) told(now monitor.Time, data []byte) error {
	states, err := wire.DecodeBatch(&s.nudges.decoder, data, []monitor.SourceState(nil))
	if err == nil {
		s.core.Told(now, states, &s.decided)
	}
	return err
}
