package scheduler

import (
	"context"
	"log/slog"
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// mailbox keeps what is published, by subject.
type mailbox map[bus.Subject][]monitor.ID

func (m mailbox) Publish(subject bus.Subject, data []byte) error {
	var jobs wire.Jobs
	err := wire.Unmarshal(data, &jobs)
	for _, j := range jobs.Jobs {
		m[subject] = append(m[subject], j.Object)
	}
	return err
}

func (mailbox) Subscribe(bus.Subject, func(bus.Msg)) (func(), error) { return func() {}, nil }

func (mailbox) Request(context.Context, bus.Subject, []byte) ([]byte, error) {
	return nil, bus.ErrNoResponders
}

func TestAJobGoesToAnotherPollerThanTheOneItAvoids(t *testing.T) {
	box := mailbox{}
	d := newDispatcher("s1", box, slog.New(slog.DiscardHandler), func(monitor.Shard, []core.JobKey) {})
	want := func(poller string, window uint32) {
		d.want(bus.Msg{Data: wire.Marshal(wire.Want{Poller: poller, Boot: "1", Window: window})})
	}
	want("p1", 100)
	d.offer([]monitor.Job{{Object: 1, Seq: 1, Avoid: "p1"}})
	if got := box[bus.Jobs("p1")]; len(got) != 1 {
		t.Fatalf("p1 got %v, want the job although it avoids p1: there is nobody else", got)
	}
	want("p2", 1)
	d.offer([]monitor.Job{{Object: 2, Seq: 1, Avoid: "p1"}, {Object: 3, Seq: 1, Avoid: "p1"}, {Object: 4, Seq: 1}})
	if one, two := box[bus.Jobs("p1")], box[bus.Jobs("p2")]; len(one) != 2 || one[1] != 4 || len(two) != 1 || two[0] != 2 {
		t.Fatalf("p1 got %v and p2 %v, want 1, 4 and 2: job 3 waits until p2 has room", one, two)
	}
	d.answered([]monitor.Result{{Object: 2, Seq: 1}})
	if two := box[bus.Jobs("p2")]; len(two) != 2 || two[1] != 3 {
		t.Fatalf("p2 got %v, want 2 and then 3", two)
	}
	want("p2", 1)
	d.offer([]monitor.Job{{Object: 5, Seq: 1, Avoid: "p1"}})
	want("p2", 0) // it is leaving
	want("p1", 100)
	if one := box[bus.Jobs("p1")]; len(one) != 3 || one[2] != 5 {
		t.Fatalf("p1 got %v, want job 5 as well once nobody else is left", one)
	}
}

// Each check is alone, as in a small site: whoever is idle has its turn, and who has not answered yet gets nothing while others are free.
func TestPollersThatAreAlikeShareTheWorkAndASlowOneGetsLess(t *testing.T) {
	box := mailbox{}
	d := newDispatcher("s1", box, slog.New(slog.DiscardHandler), func(monitor.Shard, []core.JobKey) {})
	for poller, window := range map[string]uint32{"p1": 100, "p2": 80, "small": 10} {
		d.want(bus.Msg{Data: wire.Marshal(wire.Want{Poller: poller, Boot: "1", Window: window})})
	}
	for i := range monitor.ID(40) {
		d.offer([]monitor.Job{{Object: i, Seq: 1}})
		d.answered([]monitor.Result{{Object: i, Seq: 1}})
	}
	one, two, small := len(box[bus.Jobs("p1")]), len(box[bus.Jobs("p2")]), len(box[bus.Jobs("small")])
	if one < 19 || two < 19 || small != 1 {
		t.Fatalf("p1 got %d jobs, p2 %d and small %d, want one for small, which had nothing to do, and half of the others each", one, two, small)
	}
	slow := 0
	for i := range monitor.ID(40) {
		d.offer([]monitor.Job{{Object: 100 + i, Seq: 1}})
		if got := len(box[bus.Jobs("p1")]) - one; got > slow {
			slow = got // and it does not answer
		} else {
			d.answered([]monitor.Result{{Object: 100 + i, Seq: 1}})
		}
	}
	if slow != 1 {
		t.Errorf("the one that does not answer got %d jobs of 40, want 1", slow)
	}
}
