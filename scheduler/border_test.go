package scheduler_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// behindGateway gives two shards: the host gw in the first, and so many hosts behind it, each with a service, in the second.
func behindGateway(hosts int) (both []*monitor.Inventory) {
	for i, n := range []int{1, hosts} {
		inv := inventory(n, 1, time.Minute)
		inv.Commands = append(inv.Commands, monitor.Command{Name: "notify", Line: "tell $HOSTNAME$"})
		way := monitor.Way{Enabled: true, Period: monitor.None, Options: ^monitor.Option(0), Commands: []monitor.Call{{Command: 1}}}
		inv.Contacts = []monitor.Contact{{Name: "ada", Host: way, Service: way}}
		inv.Options.ParentWait, inv.Options.ImpactStates = time.Minute, true
		for n := range inv.Policies {
			p := &inv.Policies[n]
			p.Contacts, p.NotificationOptions, p.MaxAttempts, p.CheckInterval = []uint32{0}, ^monitor.Option(0), 1, time.Minute
		}
		for n := range inv.Hosts {
			inv.Hosts[n].Check = monitor.Call{}
			if inv.Hosts[n].Name = "gw"; i > 0 {
				inv.Hosts[n].Name = fmt.Sprint("web", n)
				inv.BorderEdges = append(inv.BorderEdges, monitor.Edge{Child: monitor.ID(n), Parent: monitor.ID(inv.Objects())})
			}
		}
		both = append(both, inv)
	}
	both[0].Watched = []monitor.Watched{{Host: 0, Shard: 1}}
	both[1].Border = []monitor.BorderHost{{Name: "gw", Shard: 0}}
	return both
}

// The parent lives in a shard of one scheduler, its children in a shard of another one. It dies, and while it is dead the scheduler
// that looks after it is killed, and then the one of the children.
func TestAParentElsewhereIsOneProblemWhoeverLooksAfterIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var dead atomic.Bool
		w.fake.outcome = func(_ context.Context, words string) (monitor.Outcome, error) {
			time.Sleep(20 * time.Millisecond)
			if dead.Load() {
				return monitor.Outcome{State: monitor.Critical, Output: "no answer to " + words}, nil
			}
			return monitor.Outcome{Output: "fine"}, nil
		}
		w.enforce(behindGateway(50)...)
		first, second := w.schedulerBut("first", 1), w.schedulerBut("second", 0)
		p := w.poller("poller", 100)
		told := w.toldOf(t.Context())
		w.owned(0)
		w.owned(1)
		time.Sleep(5 * time.Minute)
		if got := told(); len(got) > 0 {
			t.Fatalf("people are told of %q", got)
		}

		dead.Store(true)
		time.Sleep(3 * time.Minute)
		if got := told(); !slices.Equal(got, []string{"PROBLEM gw"}) {
			t.Errorf("people are told of %q, want the parent alone", got)
		}
		e := w.ask(1, wire.Question{Kind: wire.AskExplain, Ref: monitor.Ref{Host: "web7"}}).Explanation
		if why := strings.Join(e.Why, "\n"); e.Status.State != monitor.Unreachable ||
			!strings.Contains(why, "it suffers from gw DOWN") || !strings.Contains(why, "its parent gw lives in shard 0, which told of it") {
			t.Errorf("web7 is %s: %s", e.Status.StateName(), why)
		}
		if p := e.Parents[0]; !p.Elsewhere || p.Shard != 0 || p.State != monitor.Down {
			t.Errorf("the parent of web7 is %+v, want gw in shard 0", p)
		}
		if e := w.ask(0, wire.Question{Kind: wire.AskExplain, Ref: monitor.Ref{Host: "gw"}}).Explanation; e.ImpactCount != 101 {
			t.Errorf("%d objects suffer from gw, want its service, and 50 hosts and their services of the other shard", e.ImpactCount)
		}

		first.kill()
		third := w.schedulerBut("third", 1)
		w.owned(0)
		time.Sleep(5 * time.Minute)
		second.kill()
		fourth := w.schedulerBut("fourth", 0)
		w.owned(1)
		time.Sleep(5 * time.Minute)
		if got := told(); len(got) > 0 {
			t.Errorf("after the takeovers people are told of %q", got)
		}

		dead.Store(false)
		time.Sleep(3 * time.Minute)
		if got := told(); !slices.Equal(got, []string{"RECOVERY gw"}) {
			t.Errorf("people are told of %q, want that the parent is back", got)
		}
		for ref, st := range w.statuses(1) {
			if st.State != monitor.OK || st.Impact {
				t.Errorf("%s is %s: %s", ref, st.StateName(), st.Output)
			}
		}
		for _, d := range []*daemon{p, third, fourth} {
			d.stop()
		}
	})
}

// Nobody looks after the shard of the parent: that does not hide for ever what fails behind it.
func TestAFailureBehindAParentOfWhichNobodyTellsIsTold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var dead atomic.Bool
		w.fake.outcome = func(_ context.Context, words string) (monitor.Outcome, error) {
			if time.Sleep(20 * time.Millisecond); dead.Load() && strings.HasPrefix(words, "web3") {
				return monitor.Outcome{State: monitor.Critical, Output: "no answer"}, nil
			}
			return monitor.Outcome{Output: "fine"}, nil
		}
		w.enforce(behindGateway(10)...)
		first, second := w.schedulerBut("first", 1), w.schedulerBut("second", 0)
		p := w.poller("poller", 100)
		told := w.toldOf(t.Context())
		w.owned(0)
		w.owned(1)
		time.Sleep(5 * time.Minute)
		first.kill()
		dead.Store(true)
		time.Sleep(4 * time.Minute)
		if got := told(); !slices.Equal(got, []string{"PROBLEM web3"}) {
			t.Errorf("people are told of %q, want web3", got)
		}
		for _, d := range []*daemon{p, second} {
			d.stop()
		}
	})
}

// Commands for a host and all behind it reach those in other shards.
func TestCommandsReachTheHostsBehindAHostInOtherShards(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(behindGateway(10)...)
		s := w.scheduler("one")
		w.owned(0)
		w.owned(1)
		end := time.Now().Add(time.Hour).Unix()
		w.commandTo(0, fmt.Sprintf("SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME;gw;%d;%d;1;0;0;bob;all of it", time.Now().Unix(), end))
		w.commandTo(0, "DISABLE_ALL_NOTIFICATIONS_BEYOND_HOST;gw")
		time.Sleep(5 * time.Second)
		for ref, st := range w.statuses(1) {
			if want := uint16(1); ref.IsHost() && st.DowntimeDepth != want {
				t.Errorf("%s is in %d downtimes, want %d", ref, st.DowntimeDepth, want)
			}
			if st.Switches&monitor.Notifications != 0 {
				t.Errorf("people are told of %s", ref)
			}
		}
		if gw := w.statuses(0)[monitor.Ref{Host: "gw"}]; gw.DowntimeDepth != 1 || gw.Switches&monitor.Notifications == 0 {
			t.Errorf("gw is in %d downtimes, switches %b", gw.DowntimeDepth, gw.Switches)
		}
		s.stop()
	})
}
