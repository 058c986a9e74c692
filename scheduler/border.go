package scheduler

import (
	"context"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// hearOfBorder listens for what other shards ask about hosts of this one that theirs stand behind, and for what they tell of those
// that this one's stand behind. Nothing is lost with a message that does not come: all of it is said again.
func (s *shard) hearOfBorder(ctx context.Context) (stop func(), err error) {
	return s.hear(ctx,
		hearing{bus.BorderInquiries(uint16(s.id)), s.askedForBorder},
		hearing{bus.BorderStates(uint16(s.id)), s.toldOfBorder},
		hearing{bus.BorderTolls(uint16(s.id)), s.tolled},
	)
}

func (s *shard) askedForBorder(now monitor.Time, data []byte) error {
	inquiries, err := wire.DecodeBatch(&s.nudges.decoder, data, []monitor.BorderInquiry(nil))
	if err == nil {
		s.core.InquireBorder(now, inquiries, &s.decided)
	}
	return err
}

func (s *shard) toldOfBorder(now monitor.Time, data []byte) error {
	states, err := wire.DecodeBatch(&s.nudges.decoder, data, []monitor.BorderState(nil))
	if err == nil {
		s.core.TellBorder(now, states, &s.decided)
	}
	return err
}

func (s *shard) tolled(now monitor.Time, data []byte) error {
	tolls, err := wire.DecodeBatch(&s.nudges.decoder, data, []monitor.BorderToll(nil))
	if err == nil {
		s.core.TakeTolls(now, tolls, &s.decided)
	}
	return err
}
