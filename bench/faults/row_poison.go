package faults

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
)

// poisons are messages that are none: each breaks another part of a reader.
func poisons() map[string][]byte {
	deep := bytes.Repeat([]byte{0x91}, 500_000) // an array of one array of one array …
	return map[string][]byte{
		"nothing":                            {},
		"a batch that ends too early":        {0x01, 0xdc, 0x00, 0x10, 0x93, 0xa4, 'h', '0'},
		"a list of four thousand million":    {0x01, 0xdd, 0xff, 0xff, 0xff, 0xff, 0x91, 0xa1, 'x'},
		"a text of two thousand million":     {0x01, 0x91, 0xdb, 0x7f, 0xff, 0xff, 0xff, 'x'},
		"bytes of four thousand million":     {0x92, 0xc6, 0xff, 0xff, 0xff, 0xff, 1, 2, 3},
		"half a million lists in each other": deep,
		"text":                               []byte(`{"host":"h000","state":0}`),
		"noise":                              bytes.Repeat([]byte{0xc1, 0xff, 0x00, 0xd9}, 5000),
	}
}

// poisoned are subjects of every stream, and of what is not stored, for a shard.
func poisoned(shard uint16, poller string) (stored, heard []bus.Subject) {
	return []bus.Subject{
		bus.States(shard), bus.Quiet(shard), bus.Actions(shard, ""), bus.Results(shard, "observer"), bus.Passive(shard, "observer"), bus.Commands(shard),
		bus.Perf(shard), bus.Done(shard), bus.Deeds("observer"), bus.PayloadFor(host(0), "observer"), bus.SourceOf("observer", "observer"),
		bus.Outbound("elsewhere", host(0), "observer"), bus.Orphan("nobody", "observer"),
	}, []bus.Subject{
		bus.Want(""), bus.Jobs(poller), bus.Ask(shard), bus.Alive(shard), bus.Refused(poller), bus.Verdict("x"), bus.Trace("x"), bus.Remembered(poller), bus.Reload(),
	}
}

// poison is row 19: rubbish in every stream and on every subject, from somebody who has all keys. It has to be counted and passed over,
// and what is good has to go on.
func poison() Row {
	return Row{Name: "poison", Number: 19, About: "messages that nobody can read, in every stream and on every subject", Takes: time.Minute, bound: 2 * interval * time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		calmFor := 10 * time.Second
		before := time.Now()
		if err := pause(ctx, calmFor); err != nil {
			return err
		}
		counted := s.unreadable(ctx)
		began := time.Now()
		sent, err := s.spread(ctx)
		if err != nil {
			return err
		}
		ended := time.Now()
		s.say("%d messages of poison were sent in %s", sent, round(ended.Sub(began)))
		if err := pause(ctx, 5*time.Second); err != nil {
			return err
		}
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		if err := s.alive(); err != nil {
			return err
		}
		f.Know("messages of poison", fmt.Sprint(sent))
		f.AtLeast("counted by the daemons as unreadable", int(s.unreadable(ctx)-counted), 1)
		usual := e.stillness(before, began)
		got := e.stillness(began, ended.Add(3*time.Second))
		f.Know("longest time without a commit of a shard before", round(usual))
		f.AtMost("the same while poison comes", got, max(time.Second, usual+usual/10))
		return nil
	}}
}

// spread sends every poison everywhere.
func (s *Site) spread(ctx context.Context) (sent int, err error) {
	js, err := jetstream.New(s.raw)
	if err != nil {
		return 0, err
	}
	for shard := range uint16(shards) {
		for what, p := range poisons() {
			stored, heard := poisoned(shard, s.Daemons("poller")[0].On.Name)
			for _, subject := range stored {
				if _, err := js.Publish(ctx, string(subject), p); err != nil {
					return sent, fmt.Errorf("sending %s to %s: %w", what, subject, err)
				}
				sent++
			}
			for _, subject := range heard {
				if err := s.raw.Publish(string(subject), p); err != nil {
					return sent, fmt.Errorf("sending %s to %s: %w", what, subject, err)
				}
				sent++
			}
		}
	}
	return sent, s.raw.FlushTimeout(5 * time.Second)
}

// unreadable is how many messages all daemons have counted as such.
func (s *Site) unreadable(ctx context.Context) (sum float64) {
	for _, role := range []string{"scheduler", "broker", "poller"} {
		sum += s.total(ctx, role, "onbu_"+role+"_unreadable_messages_total")
	}
	return sum + s.total(ctx, "broker", "onbu_export_unreadable_total")
}

// stillness is the longest time between two commits of one shard that lies within a time.
func (e *evidence) stillness(from, to time.Time) (longest time.Duration) {
	last := map[uint16]time.Time{}
	for _, r := range e.records {
		if before, ok := last[r.shard]; ok && before.After(from) && r.at.Before(to) {
			longest = max(longest, r.at.Sub(before))
		}
		last[r.shard] = r.at
	}
	return longest
}
