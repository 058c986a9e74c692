package scheduler

import (
	"context"
	"slices"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// How many sources of payloads, or border hosts, one message asks for or tells of.
const mostSources, mostBorder = 1000, 500

// hearing is a subject on which the shard listens, and what its loop does with a message. Decoders read in the loop, one message at a time.
type hearing struct {
	on   bus.Subject
	take func(monitor.Time, []byte) error
}

// hear listens until stop is called. Who asks for an answer gets one once the loop has taken the message, and says it again else.
func (s *shard) hear(ctx context.Context, all ...hearing) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, f := range stops {
			f()
		}
	}
	for _, h := range all {
		end, err := s.bus.Subscribe(h.on, func(m bus.Msg) {
			_ = s.post(ctx, func(now monitor.Time) {
				if h.take(now, m.Data) != nil {
					s.meter.unreadable.Inc()
				}
				if m.Reply != nil {
					_ = m.Reply(nil)
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

// correspond sends other shards what they are asked and told about sources and border hosts. One whose lease may be another's by now
// says nothing: what is not told is asked for again, of whoever owns the shard then.
func (s *shard) correspond() {
	if !s.lease.holds() {
		return
	}
	for some := range slices.Chunk(s.decided.Inquiries, mostSources) {
		s.mail(bus.Inquiries(), wire.AppendBatch(nil, some))
	}
	letters(s, bus.SourceStates, s.decided.Tellings, mostSources)
	letters(s, bus.BorderInquiries, s.decided.BorderInquiries, mostBorder)
	letters(s, bus.BorderStates, s.decided.BorderStates, mostBorder)
	letters(s, bus.BorderTolls, s.decided.BorderTolls, mostBorder)
}

// letters sends letters, those for one shard together and in their order, at most so many in a message.
func letters[T any](s *shard, subject func(uint16) bus.Subject, all []core.Letter[T], most int) {
	slices.SortStableFunc(all, func(a, b core.Letter[T]) int { return int(a.To) - int(b.To) })
	for len(all) > 0 {
		to, some := all[0].To, []T(nil)
		for ; len(all) > 0 && all[0].To == to && len(some) < most; all = all[1:] {
			some = append(some, all[0].What)
		}
		s.mail(subject(uint16(to)), wire.AppendBatch(nil, some))
	}
}

func (s *shard) mail(to bus.Subject, data []byte) {
	if err := s.bus.Publish(to, data); err != nil {
		s.log.Debug("word for another shard did not go out", "to", to, "error", err)
	}
}
