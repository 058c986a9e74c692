package scheduler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// placed gives inventories of three shards with five hosts each, and the host "mover" in one of them. extra more hosts
// are in the last shard.
func placed(mover, extra int) []*monitor.Inventory {
	var all []*monitor.Inventory
	for shard := range 3 {
		hosts := 5
		if shard == 2 {
			hosts += extra
		}
		if shard == mover {
			hosts++
		}
		inv := inventory(hosts, 3, time.Minute)
		for i := range inv.Hosts {
			inv.Hosts[i].Name = fmt.Sprintf("h%d-%d", shard, i)
		}
		if shard == mover {
			inv.Hosts[2].Name = "mover"
		}
		all = append(all, inv)
	}
	return all
}

func TestAHostThatMovesKeepsItsState(t *testing.T) {
	for _, tt := range []struct {
		name string
		// end is what happens to the scheduler before the reloads; another one starts after them.
		end func(*daemon)
		// reloads are the shards in which mover lies then, one after the other; it comes from shard 1.
		reloads []int
	}{
		{"the scheduler runs", nil, []int{0}},
		{"the scheduler is stopped", (*daemon).stop, []int{0}},
		{"the scheduler was killed", (*daemon).kill, []int{0}},
		{"another reload follows before anybody is there", (*daemon).stop, []int{0, 0}},
		{"it moves on before anybody is there", (*daemon).kill, []int{0, 2}},
		{"it comes back before anybody is there", (*daemon).stop, []int{0, 1}},
		{"the scheduler runs and it moves on", nil, []int{0, 2}},
		{"the scheduler runs and it comes back", nil, []int{0, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) { move(t, w, tt.end, tt.reloads) })
		})
	}
}

// mine is a service of mover.
func mine(service int) monitor.Ref {
	return monitor.Ref{Host: "mover", Service: fmt.Sprint("service", service)}
}

func move(t *testing.T, w *world, end func(*daemon), reloads []int) {
	trouble := make(chan struct{})
	w.fake.outcome = func(_ context.Context, words string) (monitor.Outcome, error) {
		bad := words == "mover service0"
		select {
		case <-trouble:
			bad = bad || words == "mover service1"
		default:
		}
		if bad {
			return monitor.Outcome{State: monitor.Critical, Output: "bad"}, nil
		}
		return monitor.Outcome{Output: "fine"}, nil
	}
	w.enforce(placed(1, 0)...)
	s, p := w.scheduler("s1"), w.poller("p1", 1000)
	time.Sleep(150 * time.Second)
	w.commandTo(1, "ACKNOWLEDGE_SVC_PROBLEM;mover;service0;2;0;1;ann;seen")
	at := time.Now().Unix()
	w.commandTo(1, fmt.Sprintf("SCHEDULE_SVC_DOWNTIME;mover;service0;%d;%d;1;0;0;bob;works", at, at+7200))
	close(trouble)
	for w.statuses(1)[mine(1)].Attempt != 2 {
		time.Sleep(time.Second)
	}
	before := w.statuses(1)
	if end != nil {
		end(s)
	}
	for i, shard := range reloads {
		w.enforce(placed(shard, i)...)
		if end == nil {
			time.Sleep(100 * time.Millisecond)
		}
	}
	home := uint16(reloads[len(reloads)-1])
	if end != nil {
		s = w.scheduler("s2")
	}
	w.owned(home)
	w.isAt(home, before)
	// What came is in the journal of its new shard, once.
	s.kill()
	s = w.scheduler("s3")
	w.owned(home)
	w.isAt(home, before)
	time.Sleep(25 * time.Second)
	if st := w.statuses(home)[mine(1)]; st.Type != monitor.Hard || st.Attempt != 3 {
		t.Errorf("%v is %s attempt %d after its last retry", mine(1), st.Type, st.Attempt)
	}
	w.commandTo(home, fmt.Sprintf("DEL_SVC_DOWNTIME;%d", w.ask(home, wire.Question{Kind: wire.AskNotes}).Downtimes[0].ID))
	p.stop()
	s.stop()
}

// isAt checks that mover is in a shard as it was, and in no other.
func (w *world) isAt(home uint16, before map[monitor.Ref]monitor.Status) {
	w.t.Helper()
	for shard := range uint16(3) {
		w.owned(shard)
		statuses, notes := w.statuses(shard), w.ask(shard, wire.Question{Kind: wire.AskNotes})
		if shard != home {
			if _, there := statuses[mine(0)]; there || len(notes.Downtimes)+len(notes.Comments) != 0 {
				w.t.Errorf("mover is in shard %d too, with %d downtimes and %d comments", shard, len(notes.Downtimes), len(notes.Comments))
			}
			continue
		}
		for ref, was := range before {
			is := statuses[ref]
			if ref.Host == "mover" && (is.State != was.State || is.Type != was.Type || is.Attempt != was.Attempt || is.Ack != was.Ack ||
				is.DowntimeDepth != was.DowntimeDepth || is.ProblemID != was.ProblemID || is.LastHardChange != was.LastHardChange) {
				w.t.Errorf("%v came to shard %d as %+v,\nwas %+v", ref, shard, is, was)
			}
		}
		if len(notes.Downtimes) != 1 || len(notes.Comments) != 2 || notes.Downtimes[0].ID%3 != uint64(home) {
			w.t.Fatalf("shard %d has downtimes %+v and comments %+v", shard, notes.Downtimes, notes.Comments)
		}
	}
}

// TestAMoveLargerThanOneCommitIsRecorded: nothing that is decided at one moment may be more than the journal takes.
func TestAMoveLargerThanOneCommitIsRecorded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		long := strings.Repeat("0123456789abcdef", 512)
		w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
			return monitor.Outcome{State: monitor.Warning, Output: "long", LongOutput: long}, nil
		}
		const services = 2500
		w.enforce(inventory(0, 0, time.Minute), inventory(1, services, time.Minute))
		s, p := w.scheduler("s1"), w.poller("p1", 5000)
		time.Sleep(2 * time.Minute)
		p.stop()
		w.enforce(inventory(1, services, time.Minute), inventory(0, 0, time.Minute))
		time.Sleep(5 * time.Second)
		size, moved := 0, 0
		var d wire.Decoder
		_, err := w.own.Replay(t.Context(), 0, 0, func(msgs []bus.Msg) error {
			for _, m := range msgs {
				size += len(m.Data)
				_, broks, err := wire.DecodeLedger(&d, m.Data, nil)
				w.must(err)
				for i := range broks {
					if broks[i].Kind == monitor.BrokMoved && broks[i].Status.LongOutput == long {
						moved++
					}
				}
			}
			return nil
		})
		w.must(err)
		if moved != services || size <= bus.MaxBatchBytes {
			t.Errorf("%d services in %d bytes are in the journal of their new shard, want %d in more than %d", moved, size, services, bus.MaxBatchBytes)
		}
		s.stop()
	})
}
