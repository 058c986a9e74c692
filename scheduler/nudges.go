package scheduler

import (
	"context"
	"slices"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// mostSources is how many sources of payloads one message asks for or tells of.
const mostSources = 1000

// nudges is the memory that words of payloads are read into; their strings lie in their message.
type nudges struct {
	decoder wire.Decoder
	found   []monitor.Arrival
}

// hearOfPayloads listens for payloads that were stored for hosts of the shard, for questions of other shards about hosts of
// this one from which payloads come, and for answers to its own. Nothing is lost with a message that does not come: word of
// payloads is repeated until somebody says that he has it, the interval of the checks is the fallback, and questions are asked again.
func (s *shard) hearOfPayloads(ctx context.Context) (stop func(), err error) {
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
		{bus.Arrived(uint16(s.id)), s.nudged},
		{bus.Inquiries(), s.inquired},
		{bus.SourceStates(uint16(s.id)), s.told},
	} {
		end, err := s.bus.Subscribe(on.subject, func(m bus.Msg) {
			_ = s.post(ctx, func(now monitor.Time) {
				if on.take(now, m.Data) != nil {
					s.meter.unreadable.Inc()
				}
				if m.Reply != nil {
					_ = m.Reply(nil) // who is not told says it again
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

// correspond sends questions about sources, and answers, to other shards.
func (s *shard) correspond() {
	if !s.lease.holds() {
		return // what is not told is asked for again, of whoever owns the shard then
	}
	for some := range slices.Chunk(s.decided.Inquiries, mostSources) {
		s.mail(bus.Inquiries(), wire.AppendBatch(nil, some))
	}
	left := s.decided.Tellings
	slices.SortStableFunc(left, func(a, b core.Telling) int { return int(a.To) - int(b.To) })
	for len(left) > 0 {
		to, states := left[0].To, []monitor.SourceState(nil)
		for ; len(left) > 0 && left[0].To == to && len(states) < mostSources; left = left[1:] {
			states = append(states, left[0].SourceState)
		}
		s.mail(bus.SourceStates(uint16(to)), wire.AppendBatch(nil, states))
	}
}

func (s *shard) mail(to bus.Subject, data []byte) {
	if err := s.bus.Publish(to, data); err != nil {
		s.log.Debug("word for another shard did not go out", "to", to, "error", err)
	}
}
