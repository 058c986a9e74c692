package scheduler

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/recall"
)

// statusPage is how many statuses one answer holds.
const statusPage = 500

// inputAck is how long the owner may take to use what it has taken.
const inputAck = 10 * time.Second

// forgetEvery is how often results that were used are removed.
const forgetEvery = 2 * time.Second

// listen opens the shard's inputs; stop waits for their end after ctx has ended.
func (s *shard) listen(ctx context.Context) (stop func(), err error) {
	unask, err := s.bus.Subscribe(bus.Ask(uint16(s.id)), func(m bus.Msg) { s.asked(ctx, m) })
	if err != nil {
		return nil, fmt.Errorf("questions to shard %d: %w", s.id, err)
	}
	unhear, err := s.hearOfPayloads(ctx)
	if err != nil {
		unask()
		return nil, fmt.Errorf("payloads for shard %d: %w", s.id, err)
	}
	unborder, err := s.hearOfBorder(ctx)
	if err != nil {
		unask()
		unhear()
		return nil, fmt.Errorf("border of shard %d: %w", s.id, err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.read(ctx, bus.Cursor{Stream: bus.RES, Filter: bus.ResultsOf(uint16(s.id))}, s.results) })
	wg.Go(func() { s.read(ctx, s.durable(bus.PASSIVE, bus.PassiveOf(uint16(s.id)), "passive"), s.passive) })
	wg.Go(func() { s.read(ctx, s.durable(bus.CMD, bus.Commands(uint16(s.id)), "commands"), s.commands) })
	wg.Go(func() { s.forgetResults(ctx) })
	return func() {
		unask()
		unhear()
		unborder()
		wg.Wait()
	}, nil
}

func (s *shard) durable(stream bus.Stream, filter bus.Subject, what string) bus.Cursor {
	return bus.Cursor{Stream: stream, Filter: filter, Durable: fmt.Sprintf("%s-%d", what, s.id), Ack: inputAck, Alone: true, May: s.lease.holds}
}

// read keeps a reader going: one that ends, because its stream was made anew for example, is started again.
func (s *shard) read(ctx context.Context, c bus.Cursor, handle func(context.Context, []bus.Msg) error) {
	for ctx.Err() == nil {
		err := s.bus.Read(ctx, c, func(msgs []bus.Msg) error { return handle(ctx, msgs) })
		if ctx.Err() != nil {
			return
		}
		s.log.Warn("reading stopped and starts again", "stream", c.Stream, "error", err)
		_ = sleep(ctx, time.Second)
	}
}

// results takes what pollers found. It returns once the core has it: what comes meanwhile is read together.
func (s *shard) results(ctx context.Context, msgs []bus.Msg) error {
	read, used := time.Now(), make(chan struct{})
	err := s.post(ctx, func(now monitor.Time) {
		for i := range msgs {
			s.observe(now, &msgs[i], read)
		}
		close(used)
	})
	if err != nil {
		return err
	}
	select {
	case <-used:
		s.usedResults.Store(msgs[len(msgs)-1].Seq)
		return nil
	case <-s.ended:
		return errEnded
	}
}

// forgetResults removes results that were used: in memory they take more room than anything else that nobody needs, and
// without them there is room for those of a long pause.
func (s *shard) forgetResults(ctx context.Context) {
	for gone := uint64(0); sleep(ctx, forgetEvery) == nil; {
		used := s.usedResults.Load()
		if used == gone {
			continue
		}
		err := s.forget(ctx, used)
		if err == nil {
			gone = used
		} else if ctx.Err() == nil {
			s.log.Debug("used results stay until they are too old", "error", err)
		}
	}
}

// forget removes the results up to a sequence. The stream is in memory: a bus that was started again has an empty one, which counts from
// one, and what is in that nobody has used.
func (s *shard) forget(ctx context.Context, used uint64) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	x, err := s.bus.Extent(ctx, bus.RES, math.MaxInt64)
	if err != nil || x.Last < used {
		return err
	}
	return s.bus.Forget(ctx, bus.RES, bus.ResultsOf(uint16(s.id)), used)
}

// observe gives the core the results of a message. What cannot be read is counted and passed over: the core issues those
// jobs again.
func (s *shard) observe(now monitor.Time, m *bus.Msg, read time.Time) {
	found, err := wire.DecodeBatch(&s.decoder, m.Data, s.found[:0])
	if err != nil {
		s.meter.unreadable.Inc()
		s.poison.Put(bus.RES, m, err)
		return
	}
	s.found = found
	s.jobs.answered(found)
	s.traces.arrived(found, m.Time, read)
	dropped := s.decided.Dropped
	s.core.Observe(now, found, &s.decided)
	s.meter.late.Add(s.decided.Dropped - dropped)
	s.traces.applied(found, s.core.Status, s.recorded)
}

// passive takes results from outside. It returns once what came of them is in the journal.
func (s *shard) passive(ctx context.Context, msgs []bus.Msg) error {
	in := intake[monitor.Submission]{
		shard: s, stream: bus.PASSIVE, used: &s.Used.Passive, awaited: &s.awaitedResults,
		decode: func(message []byte) (_ []monitor.Submission, err error) {
			s.handed, err = wire.DecodeBatch(&s.decoder, message, s.handed[:0])
			return s.handed, err
		},
		known:   s.resultIn,
		host:    func(r *monitor.Submission) string { return r.Host },
		old:     s.overtaken,
		apply:   func(now monitor.Time, results []monitor.Submission) { s.core.Submit(now, results, &s.decided) },
		subject: s.handsOn,
	}
	return in.take(ctx, msgs)
}

// resultIn gives what the message of a result that its sender has named is known by: two receivers that had it give it, where the sender
// did not, the time of its arrival. The content is good until the next call.
func (s *shard) resultIn(m *bus.Msg) recall.Message {
	known := recall.Message{ID: m.ID, Content: m.Data}
	if _, _, _, rises := bus.CutID(m.ID); rises || m.ID == "" {
		return known
	}
	one, err := wire.DecodeBatch(&s.decoder, m.Data, s.handed[:0])
	if err != nil || len(one) != 1 {
		return known
	}
	known.At, one[0].Time = one[0].Time, 0
	s.content = wire.AppendBatch(s.content[:0], one)
	s.handed, known.Content = one, s.content
	return known
}

// commands takes external commands. It returns once what came of them is in the journal, and tells who waits for it.
func (s *shard) commands(ctx context.Context, msgs []bus.Msg) error {
	verdicts := map[string]wire.Verdict{}
	in := intake[command.Request]{
		shard: s, stream: bus.CMD, kind: "command ", used: &s.Used.Commands, awaited: &s.awaitedCommands,
		decode: requestsIn,
		known:  func(m *bus.Msg) recall.Message { return recall.Message{ID: m.ID, Content: m.Data} },
		host:   homeward,
		old:    s.overruled,
		apply: func(now monitor.Time, requests []command.Request) {
			for _, req := range requests {
				if v := s.obey(now, req); req.ID != "" { // nobody waits for those without
					verdicts[req.ID] = v
				}
			}
		},
		subject: bus.Commands,
	}
	if err := s.sendOnward(ctx, msgs); err != nil {
		return err
	}
	if err := in.take(ctx, msgs); err != nil {
		return err
	}
	for id, v := range verdicts {
		_ = s.bus.Publish(bus.Verdict(id), wire.Marshal(v)) // for whoever still waits; the journal has it anyway
	}
	return nil
}

// requestsIn reads a message of one command or of many.
func requestsIn(message []byte) ([]command.Request, error) {
	var d wire.Decoder
	if wire.IsBatch(message) {
		return wire.DecodeBatch(&d, message, []command.Request(nil))
	}
	one := make([]command.Request, 1)
	return one, d.Decode(message, &one[0])
}

func (s *shard) obey(now monitor.Time, req command.Request) wire.Verdict {
	said := len(s.decided.Broks)
	err := s.core.Obey(now, req, &s.decided)
	if req.Ref.Host == "" && s.id != 0 || req.Behind {
		// Several shards carry such a command out, but one line in the log is enough.
		s.decided.Broks = append(s.decided.Broks[:said], slices.DeleteFunc(s.decided.Broks[said:], func(b monitor.Brok) bool {
			return b.Kind == monitor.BrokCommand
		})...)
	}
	if err == nil {
		return wire.Verdict{}
	}
	s.log.Debug("command refused", "command", req.Name, "object", req.Ref, "source", req.Source, "error", err)
	return wire.Verdict{Refused: err.Error()}
}

// settle runs f in the loop and returns once what it decided, and the position it reached, are stored.
func (s *shard) settle(ctx context.Context, f func(now monitor.Time)) error {
	stored := make(chan struct{})
	err := s.post(ctx, func(now monitor.Time) {
		f(now)
		s.journal.at(s.Used, s.Seen.News()...)
		s.act()
		s.journal.after(func() { close(stored) })
	})
	if err != nil {
		return err
	}
	select {
	case <-stored:
		return nil
	case <-s.ended:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

// recorded calls f once all that was decided so far is in the journal.
func (s *shard) recorded(f func()) {
	s.act()
	s.journal.after(f)
}

// orphans takes back the jobs of a poller that died.
func (s *shard) orphans(ctx context.Context, keys []core.JobKey) {
	s.meter.orphaned.Add(len(keys))
	_ = s.post(ctx, func(now monitor.Time) { s.core.Orphan(now, keys, &s.decided) })
}

// adopt takes a new inventory, and what other shards remembered of the hosts that come with it. It gives what it knew of those that
// leave, if any host moves.
func (s *shard) adopt(ctx context.Context, inv *monitor.Inventory, came []core.Snapshot, g wire.Generation) (left leaving, err error) {
	done := make(chan error, 1)
	err = s.post(ctx, func(now monitor.Time) {
		if g.Moved > s.generation.Load() {
			left = leaving{s.core.Leaving(inv), s.obeyedOf(inv)}
		}
		waited := s.jobs.recall(s.id)
		err := s.core.Adopt(now, inv, &s.decided)
		s.core.Orphan(now, waited, &s.decided)
		if err == nil {
			hosts := 0
			for _, memory := range came {
				hosts += s.core.Import(now, memory, &s.decided)
			}
			s.arrived(hosts)
			s.count(g.Number)
		}
		done <- err
	})
	if err != nil {
		return leaving{}, err
	}
	select {
	case err := <-done:
		return left, err
	case <-s.ended:
		return leaving{}, errEnded
	case <-ctx.Done():
		return leaving{}, ctx.Err()
	}
}

// asked answers a question about the shard.
func (s *shard) asked(ctx context.Context, m bus.Msg) {
	var q wire.Question
	if err := wire.Unmarshal(m.Data, &q); err != nil || m.Reply == nil {
		s.meter.unreadable.Inc()
		return
	}
	if !s.lease.holds() {
		return // there may be another owner, who knows more
	}
	_ = s.post(ctx, func(now monitor.Time) {
		if err := m.Reply(wire.Marshal(s.answer(now, q))); err != nil && !errors.Is(err, context.Canceled) {
			s.log.Debug("an answer did not go out", "error", err)
		}
	})
}

func (s *shard) answer(now monitor.Time, q wire.Question) wire.Answer {
	inv := s.core.Inventory()
	a := wire.Answer{Epoch: s.epoch, Generation: s.generation.Load(), Time: now}
	switch q.Kind {
	case wire.AskStatuses:
		end := min(q.From+statusPage, uint32(inv.Objects()))
		for id := q.From; id < end; id++ {
			a.Statuses = append(a.Statuses, s.core.Status(monitor.ID(id)))
		}
		if end < uint32(inv.Objects()) {
			a.Next = end
		}
	case wire.AskNotes:
		snap := s.core.Rest()
		a.Downtimes, a.Comments, a.Program, a.Contacts = snap.Downtimes, snap.Comments, &snap.Program, snap.Contacts
	case wire.AskExplain, wire.AskTrace:
		if e, ok := s.core.Explain(now, q.Ref); ok {
			e.Shard, e.Epoch = s.id, s.epoch
			if id, ok := s.core.Object(q.Ref); ok {
				if text := s.jobs.standing(s.id, id); text != "" {
					e.Why = append(e.Why, text)
				}
			}
			a.Explanation = &e
			if q.Kind == wire.AskTrace {
				a.Refused = s.traces.want(q.Ref, q.Trace)
			}
		}
	default:
		a.Refused = "the owner of the shard is of an older release and does not know this question"
	}
	return a
}
