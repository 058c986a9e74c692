package scheduler_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// Commands are taken after the arbiter has read what goes along with a host that moves, and before the new
// generation is in force.
func TestCommandsThatComeWhileAHostMovesGoAlong(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.fake.outcome = func(_ context.Context, words string) (monitor.Outcome, error) {
			if words == "mover service0" {
				return monitor.Outcome{State: monitor.Critical, Output: "bad"}, nil
			}
			return monitor.Outcome{Output: "fine"}, nil
		}
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
