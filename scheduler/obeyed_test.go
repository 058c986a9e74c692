package scheduler_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// badMover has the first service of the host that moves fail.
func badMover(w *world) {
	w.fake.outcome = func(_ context.Context, words string) (monitor.Outcome, error) {
		if words == "mover service0" {
			return monitor.Outcome{State: monitor.Critical, Output: "bad"}, nil
		}
		return monitor.Outcome{Output: "fine"}, nil
	}
}

// Commands are taken after the arbiter has read what goes along with a host that moves, and before the new
// generation is in force.
func TestCommandsThatComeWhileAHostMovesGoAlong(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		badMover(w)
		w.enforce(placed(1, 0)...)
		s, p := w.scheduler("s1"), w.poller("p1", 1000)
		time.Sleep(150 * time.Second)
		w.commandTo(1, "ADD_SVC_COMMENT;mover;service2;1;ann;from before")
		w.late = func() {
			time.Sleep(time.Second)
			w.commandTo(1, "ACKNOWLEDGE_SVC_PROBLEM;mover;service0;2;0;1;ann;seen")
			at := time.Now().Unix()
			w.commandTo(1, fmt.Sprintf("SCHEDULE_SVC_DOWNTIME;mover;service1;%d;%d;1;0;0;bob;works", at, at+7200))
			w.commandTo(1, "DISABLE_SVC_NOTIFICATIONS;mover;service2")
		}
		w.enforce(placed(0, 0)...)
		time.Sleep(time.Minute)
		st, notes := w.statuses(0), w.ask(0, wire.Question{Kind: wire.AskNotes})
		if st[mine(0)].Ack == monitor.AckNone {
			t.Errorf("the acknowledgement is gone")
		}
		if len(notes.Downtimes) != 1 {
			t.Errorf("downtimes: %v", notes.Downtimes)
		}
		if len(notes.Comments) != 3 { // of the acknowledgement, of the downtime, and the one from before once
			t.Errorf("comments: %v", notes.Comments)
		}
		if st[mine(2)].Switches&monitor.Notifications != 0 {
			t.Errorf("the switch is gone")
		}
		p.stop()
		s.stop()
	})
}

// Its owner ends, or is killed, before it lets the host go.
func TestCommandsGoAlongThoughTheirOwnerEnds(t *testing.T) {
	for name, end := range map[string]func(*daemon){"stopped": (*daemon).stop, "killed": (*daemon).kill} {
		inWorld(t, func(t *testing.T, w *world) {
			badMover(w)
			w.enforce(placed(1, 0)...)
			s, p := w.scheduler("s1"), w.poller("p1", 1000)
			time.Sleep(150 * time.Second)
			w.late = func() {
				time.Sleep(time.Second)
				w.commandTo(1, "ACKNOWLEDGE_SVC_PROBLEM;mover;service0;2;0;1;ann;seen: refused: nobody")
				at := time.Now().Unix()
				w.commandTo(1, fmt.Sprintf("SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME;mover;%d;%d;1;0;0;bob;works", at, at+7200))
				end(s)
			}
			w.enforce(placed(0, 0)...)
			w.late = nil
			s = w.scheduler("s2")
			w.owned(0)
			time.Sleep(time.Minute)
			st, notes := w.statuses(0), w.ask(0, wire.Question{Kind: wire.AskNotes})
			if st[mine(0)].Ack == monitor.AckNone || len(notes.Downtimes) != 1 || len(notes.Comments) != 2 {
				t.Errorf("%s: acknowledged %v, downtimes %v, comments %v", name, st[mine(0)].Ack, notes.Downtimes, notes.Comments)
			}
			p.stop()
			s.stop()
		})
	}
}

// The old owner cannot read the new configuration for a while; meanwhile somebody thinks better of it where the host is now.
func TestWhatWasCommandedAtTheNewHomeSinceStays(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		badMover(w)
		w.enforce(placed(1, 0)...)
		s, p := w.scheduler("s1"), w.poller("p1", 1000)
		time.Sleep(150 * time.Second)
		name := wire.InventoryName(w.gen.Number+1, monitor.Shard(1))
		var inventory []byte
		w.late = func() {
			time.Sleep(time.Second)
			w.commandTo(1, "DISABLE_SVC_NOTIFICATIONS;mover;service2")
			w.commandTo(1, "DISABLE_SVC_NOTIFICATIONS;mover;service1")
			var err error
			inventory, err = w.own.Blob(t.Context(), bus.CFG, name)
			w.must(err)
			w.must(w.own.DeleteBlob(t.Context(), bus.CFG, name))
		}
		w.enforce(placed(0, 0)...)
		w.late = nil
		time.Sleep(5 * time.Second)
		w.commandTo(0, "ENABLE_SVC_NOTIFICATIONS;mover;service2")
		w.must(w.own.PutBlob(t.Context(), bus.CFG, name, inventory))
		time.Sleep(40 * time.Second)
		st := w.statuses(0)
		if st[mine(2)].Switches&monitor.Notifications == 0 {
			t.Error("what was turned on since is off again")
		}
		if st[mine(1)].Switches&monitor.Notifications != 0 {
			t.Error("what nobody touched since did not follow")
		}
		p.stop()
		s.stop()
	})
}
