package scheduler

import (
	"context"
	"slices"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// mostBorder is how many border hosts one message asks for or tells of.
const mostBorder = 500

// hearOfBorder listens for what other shards ask about hosts of this one that theirs stand behind, and for what they tell of those
// that this one's stand behind. Nothing is lost with a message that does not come: all of it is said again.
func (s *shard) hearOfBorder(ctx context.Context) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, f := range stops {
			f()
		}
	}
	for _, on := range []struct {
		subject bus.Subject
		take    func(monitor.Time, []byte) error
	}{
		{bus.BorderInquiries(uint16(s.id)), s.askedForBorder},
		{bus.BorderStates(uint16(s.id)), s.toldOfBorder},
		{bus.BorderTolls(uint16(s.id)), s.tolled},
	} {
		end, err := s.bus.Subscribe(on.subject, func(m bus.Msg) {
			_ = s.post(ctx, func(now monitor.Time) {
				if on.take(now, m.Data) != nil {
					s.meter.unreadable.Inc()
				}
			})
		})
		if err != nil {
			stop()
			return nil, err
		}
		stops = append(stops, end)
	}
	return stop, nil
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

// writeAbroad sends what other shards are asked and told about border hosts.
func (s *shard) writeAbroad() {
	letters(s, bus.BorderInquiries, s.decided.BorderInquiries)
	letters(s, bus.BorderStates, s.decided.BorderStates)
	letters(s, bus.BorderTolls, s.decided.BorderTolls)
}

// letters sends letters, those for one shard together and in their order.
func letters[T any](s *shard, subject func(uint16) bus.Subject, all []core.Letter[T]) {
	slices.SortStableFunc(all, func(a, b core.Letter[T]) int { return int(a.To) - int(b.To) })
	for len(all) > 0 {
		to, some := all[0].To, []T(nil)
		for ; len(all) > 0 && all[0].To == to && len(some) < mostBorder; all = all[1:] {
			some = append(some, all[0].What)
		}
		s.mail(subject(uint16(to)), wire.AppendBatch(nil, some))
	}
}
