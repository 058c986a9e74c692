package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/recall"
)

// belatedBytes is when a message with results that are sent after their hosts takes no more.
const belatedBytes = 256 << 10

// belated is what a shard knew of objects that left it with a generation, the last result of which was passive.
type belated struct {
	left []monitor.Status
	// commands are those that it has carried out lately for hosts that left.
	commands []command.Request
	known    uint64 // the generation that the shard had before
	g        wire.Generation
	reader   *recall.Reader
}

// sendAfter hands the last results of objects that left on to where these are now, if they came after the arbiter had read what goes
// along with the hosts: their senders were told that they are stored. It tries for a time.
func (s *shard) sendAfter(ctx context.Context, b *belated) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := s.trySendAfter(ctx, b)
		if err == nil {
			return
		}
		if sleep(ctx, time.Second) != nil {
			s.log.Error("results of hosts that moved did not follow them", "generation", b.g.Number, "error", err)
			return
		}
	}
}

func (s *shard) trySendAfter(ctx context.Context, b *belated) error {
	d, err := s.homes.now(ctx)
	if err != nil {
		return err
	}
	if err := s.sendCommands(ctx, b, d); err != nil {
		return err
	}
	to := map[monitor.Shard][]monitor.Status{}
	for i := range b.left {
		if home, known := d.Hosts[b.left[i].Host]; known && home != s.id {
			to[home] = append(to[home], b.left[i])
		}
	}
	for home, statuses := range to {
		went, err := s.wentAlong(ctx, b, home)
		if err != nil {
			return err
		}
		for sent, late := 0, newer(statuses, went); sent < len(late); {
			n, err := s.sendResults(ctx, b, home, late[sent:], sent)
			if err != nil {
				return err
			}
			sent += n
		}
		b.left = slices.DeleteFunc(b.left, func(st monitor.Status) bool { return d.Hosts[st.Host] == home })
	}
	return nil
}

// wentAlong says when the objects that went to a shard had last changed, as far as that is known there.
func (s *shard) wentAlong(ctx context.Context, b *belated, home monitor.Shard) (map[monitor.Ref]monitor.Time, error) {
	memories, err := b.reader.Came(ctx, home, b.known, b.g)
	if err != nil {
		return nil, err
	}
	went := map[monitor.Ref]monitor.Time{}
	for _, memory := range memories {
		for i := range memory.Statuses {
			went[memory.Statuses[i].Ref] = memory.Statuses[i].LastUpdate
		}
	}
	return went, nil
}

// newer gives the last results of those objects that changed since.
func newer(statuses []monitor.Status, went map[monitor.Ref]monitor.Time) []monitor.Submission {
	var late []monitor.Submission
	for i := range statuses {
		st := &statuses[i]
		if at, there := went[st.Ref]; there && st.LastUpdate <= at {
			continue
		}
		late = append(late, monitor.Submission{
			Ref: st.Ref, Time: st.LastCheck, Source: st.Poller,
			Outcome: monitor.Outcome{State: said(st), Output: st.Output, LongOutput: st.LongOutput, Perfdata: st.Perfdata},
		})
	}
	return late
}

// said gives the state that the last result of an object had before others were considered.
func said(st *monitor.Status) monitor.State {
	switch {
	case st.Overlaid:
		return st.OwnState
	case st.IsHost() && st.State == monitor.Unreachable:
		return monitor.Down
	}
	return st.State
}

// sendResults sends as many as a message holds, behind those that are sent, and says how many. A second try has the same id.
func (s *shard) sendResults(ctx context.Context, b *belated, home monitor.Shard, late []monitor.Submission, sent int) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, adoptWait)
	defer cancel()
	var batch wire.Batch
	for n < len(late) && batch.Size() < belatedBytes {
		batch.Add(&late[n])
		n++
	}
	id := bus.MessageID(fmt.Sprintf("on1-late-%d-%d-%d-%d", s.id, home, b.g.Number, s.epoch), uint64(sent+1))
	if err := s.bus.Append(ctx, s.handsOn(uint16(home)), batch.Message(), id); err != nil {
		return 0, fmt.Errorf("handing on to shard %d: %w", home, err)
	}
	s.meter.handedOn.Add(n)
	return n, nil
}

// handsOn is where another shard gets passive results that came to this one.
func (s *shard) handsOn(to uint16) bus.Subject { return bus.Passive(to, fmt.Sprint("shard ", s.id)) }

// overtaken says that a newer result than this one is known of its object. The shard's loop calls it.
func (s *shard) overtaken(r monitor.Submission) bool {
	id, known := s.core.Object(r.Ref)
	return known && r.Time != 0 && r.Time < s.core.Status(id).LastCheck
}
