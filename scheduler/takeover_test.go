package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/recall"
)

// remembered gives what is stored of a shard's memory, as its next owner will know it.
func (w *world) remembered(inv *monitor.Inventory) core.Snapshot {
	w.t.Helper()
	c, err := core.New(inv, 1, core.Seed{})
	w.must(err)
	reader := recall.Reader{Bus: w.own, Log: quiet()}
	_, err = reader.Shard(w.t.Context(), inv.Shard, w.gen, c, 0, &core.Decisions{})
	w.must(err)
	return c.Snapshot()
}

// eventful gives a shard to which things happen: problems in every stage, downtimes, comments, acknowledgements.
func (w *world) eventful() *monitor.Inventory {
	inv := told(inventory(5, 6, 10*time.Second))
	w.enforce(inv)
	w.fake.outcome = func(_ context.Context, words string) (monitor.Outcome, error) {
		n := int(words[4]-'0') + int(words[len(words)-1]-'0')
		return monitor.Outcome{State: monitor.State(n % 4), Output: words, Perfdata: fmt.Sprintf("n=%d", n)}, nil
	}
	return inv
}

// told has a contact be told of all problems of an inventory.
func told(inv *monitor.Inventory) *monitor.Inventory {
	way := monitor.Way{Enabled: true, Period: monitor.None, Options: ^monitor.Option(0), Commands: []monitor.Call{{Command: 0}}}
	inv.Contacts = []monitor.Contact{{Name: "ada", Host: way, Service: way}}
	for n := range inv.Policies {
		inv.Policies[n].Contacts, inv.Policies[n].NotificationOptions = []uint32{0}, ^monitor.Option(0)
		inv.Policies[n].NotificationInterval = time.Minute
	}
	return inv
}

func (w *world) events() {
	w.t.Helper()
	at := time.Now().Unix()
	for _, line := range []string{
		"ACKNOWLEDGE_SVC_PROBLEM;host0;service1;2;1;1;ann;seen",
		fmt.Sprintf("ACKNOWLEDGE_SVC_PROBLEM_EXPIRE;host0;service2;1;0;1;%d;ann;seen", at+3000),
		fmt.Sprintf("SCHEDULE_SVC_DOWNTIME;host1;service1;%d;%d;1;0;0;bob;works", at, at+7200),
		fmt.Sprintf("SCHEDULE_SVC_DOWNTIME;host1;service2;%d;%d;0;0;600;bob;flexible", at, at+7200),
		fmt.Sprintf("SCHEDULE_HOST_DOWNTIME;host2;%d;%d;1;0;0;bob;later", at+600, at+7200),
		"ADD_SVC_COMMENT;host3;service3;1;bob;a note",
		"DISABLE_SVC_CHECK;host4;service4", "DISABLE_HOST_NOTIFICATIONS;host4", "DISABLE_FLAP_DETECTION",
		"CHANGE_CUSTOM_SVC_VAR;host3;service1;_ROOM;12",
		"SET_SVC_NOTIFICATION_NUMBER;host2;service1;7",
		fmt.Sprintf("SCHEDULE_FORCED_SVC_CHECK;host3;service4;%d", at+900),
		fmt.Sprintf("DELAY_SVC_NOTIFICATION;host2;service3;%d", at+900),
		"PROCESS_SERVICE_CHECK_RESULT;host4;service4;2;told from outside|a=1",
	} {
		w.command(line)
	}
}

// What the next owner remembers is what the one before him knew, field by field; and what the one after him gets is still that.
func TestAWholeShardSurvivesHandOvers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		inv := w.eventful()
		a, p := w.scheduler("a"), w.poller("p", 100)
		time.Sleep(35 * time.Second)
		w.events()
		time.Sleep(3 * time.Second) // some problems are being confirmed
		p.stop()
		time.Sleep(time.Second)
		statuses := w.statuses(0)
		b := w.scheduler("b")
		time.Sleep(time.Second)
		a.stop()
		first := w.remembered(inv)
		w.shared(time.Second, map[string]int{"b": 1})
		for ref, is := range w.statuses(0) {
			was := statuses[ref]
			was.NextCheck, is.NextCheck = 0, 0 // those under way when the poller went are issued again
			if diff := cmp.Diff(was, is); diff != "" {
				t.Errorf("%s as its next owner shows it (-was +is):\n%s", ref, diff)
			}
		}
		b.stop()
		second := w.remembered(inv)
		if n := len(first.Downtimes); n != 3 || len(first.Told) == 0 || len(first.Comments) < 4 {
			t.Fatalf("there are %d downtimes, %d comments and %d people told, too little to compare", n, len(first.Comments), len(first.Told))
		}
		first.Time, second.Time = 0, 0
		for i := range first.Statuses {
			was, is := &first.Statuses[i], &second.Statuses[i]
			if was.NextCheck > monitor.At(time.Now().Add(5*time.Second)) && was.NextCheck != is.NextCheck {
				t.Errorf("%s was to be checked at %v and is at %v", was.Ref, was.NextCheck.Std(), is.NextCheck.Std())
			}
			was.NextCheck, is.NextCheck = 0, 0
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("what a second hand-over leaves (-first +second):\n%s", diff)
		}
	})
}

// Without any snapshot, everything that lasts is in the journal.
func TestATakeOverFromTheJournalAlone(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		inv := w.eventful()
		a, p := w.scheduler("a"), w.poller("p", 100)
		time.Sleep(35 * time.Second)
		w.events()
		time.Sleep(3 * time.Second)
		p.stop()
		time.Sleep(time.Second)
		before := w.statuses(0)
		notes := w.ask(0, wire.Question{Kind: wire.AskNotes})
		a.kill()
		w.must(w.own.DeleteBlob(t.Context(), bus.SNAP, recall.SnapshotName(0)))
		b := w.scheduler("b")
		w.shared(3*time.Second, map[string]int{"b": 1})
		after := w.statuses(0)
		for ref, was := range before {
			is := after[ref]
			for _, s := range []*monitor.Status{&was, &is} { // what only the latest check said, and did not change
				s.LastCheck, s.NextCheck, s.LastUpdate, s.Latency, s.Execution, s.History, s.PercentChange = 0, 0, 0, 0, 0, 0, 0
				s.LastTimeOK, s.LastTimeWarning, s.LastTimeCritical, s.LastTimeUnknown = 0, 0, 0, 0
				s.Output, s.Perfdata, s.Module, s.Poller = "", "", "", ""
			}
			if diff := cmp.Diff(was, is); diff != "" {
				t.Errorf("%s (-was +is):\n%s", ref, diff)
			}
		}
		again := w.ask(0, wire.Question{Kind: wire.AskNotes})
		if diff := cmp.Diff([]any{notes.Downtimes, notes.Comments, notes.Program}, []any{again.Downtimes, again.Comments, again.Program}); diff != "" {
			t.Errorf("downtimes, comments and program (-was +is):\n%s", diff)
		}
		if got := w.remembered(inv).Told; len(got) == 0 {
			t.Error("nobody is known to have been told of anything")
		}
		b.stop()
	})
}

// unrenewed is a connection over which leases cannot be written while cut, although all else goes well.
type unrenewed struct {
	bus.Conn
	cut atomic.Bool
}

func (c *unrenewed) Put(ctx context.Context, b bus.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	if b == bus.LEASE && c.cut.Load() {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	return c.Conn.Put(ctx, b, key, value, revision)
}

func TestNothingIsToldTenSecondsAfterTheLastRenewal(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(10, 5, 2*time.Second))
		w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
			return monitor.Outcome{State: monitor.State(time.Now().Unix() / 2 % 4), Output: "restless"}, nil
		}
		p, c := w.poller("p", 1000), &unrenewed{Conn: w.bus.Connect("z")}
		z := w.schedulerOn(c, scheduler.Options{Name: "z"})
		w.shared(time.Second, map[string]int{"z": 1})
		b := w.scheduler("b")
		time.Sleep(time.Minute)
		if w.leases(1)[0] != "z" {
			t.Fatal("z does not have the shard")
		}
		cut := time.Now()
		c.cut.Store(true)
		time.Sleep(9500*time.Millisecond - 2*time.Second)
		last, perf := w.newest(bus.EV), w.newest(bus.PERF)
		if time.Since(last) > time.Second || time.Since(perf) > time.Second {
			t.Errorf("7.5 s after the last renewal the last record is of %s ago, the last check of %s ago", time.Since(last), time.Since(perf))
		}
		time.Sleep(12*time.Second - time.Since(cut))
		for stream, at := range map[bus.Stream]time.Time{bus.EV: w.newest(bus.EV), bus.PERF: w.newest(bus.PERF)} {
			if after := at.Sub(cut); after > 10*time.Second {
				t.Errorf("%s was written to %s after leases could be renewed no more", stream, after)
			}
		}
		checked := 0
		w.fake.starts()
		time.Sleep(time.Second)
		for range w.fake.starts() {
			checked++
		}
		if checked == 0 {
			t.Error("checks rest although nobody else has the shard")
		}
		w.shared(16*time.Second-time.Since(cut)+time.Second, map[string]int{"b": 1})
		p.stop()
		c.cut.Store(false)
		z.stop()
		b.stop()
	})
}

// newest gives when a stream was last written to.
func (w *world) newest(stream bus.Stream) (at time.Time) {
	w.t.Helper()
	extent, err := w.own.Extent(w.t.Context(), stream, 0)
	w.must(err)
	_ = w.own.Read(w.t.Context(), bus.Cursor{Stream: stream, After: extent.Last - 1}, func(msgs []bus.Msg) error {
		at = msgs[len(msgs)-1].Time
		return errors.New("that is all")
	})
	return at
}

func TestAStuckLoopLosesItsShardAndNothingElse(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(many(4, 10*time.Second)...)
		var stuck atomic.Int32
		stuck.Store(-1)
		goOn, log := make(chan struct{}), w.chronicle()
		a := w.schedulerWith(scheduler.Options{Name: "a", Chronicle: log.tell, BeforeStep: func(id monitor.Shard) {
			if stuck.Load() == int32(id) {
				<-goOn
			}
		}})
		w.shared(time.Second, map[string]int{"a": 4})
		b := w.scheduler("b")
		w.shared(20*time.Second, map[string]int{"a": 2, "b": 2})
		shard := uint16(0)
		for w.leases(4)[shard] != "a" {
			shard++
		}
		began := time.Now()
		stuck.Store(int32(shard))
		for w.leases(4)[shard] != "b" {
			if time.Sleep(100 * time.Millisecond); time.Since(began) > 18*time.Second {
				t.Fatal("a stuck loop keeps its shard")
			}
		}
		t.Logf("the shard of a stuck loop was taken over in %s", time.Since(began))
		m := w.watchMoves(t.Context())
		time.Sleep(time.Minute)
		if got := w.leases(4); got[shard] != "b" || len(got) != 4 {
			t.Errorf("while the loop of shard %d is stuck the shards are %v", shard, got)
		}
		if count, _, longest := m.take(); count > 1 || longest > 4*time.Second {
			t.Errorf("while the loop is stuck %d shards move, for up to %s", count, longest)
		}
		stuck.Store(-1)
		close(goOn)
		time.Sleep(5 * time.Second)
		if log.count(monitor.ShardLost) != 1 {
			t.Errorf("cluster log of the one that was stuck:\n%s", log)
		}
		a.stop()
		b.stop()
	})
}

func TestALeaseThatVanishesIsPutBackByItsOwner(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(many(4, time.Minute)...)
		a, b := w.scheduler("a"), w.scheduler("b")
		time.Sleep(30 * time.Second)
		before := w.leases(4)
		claims := w.claims()
		for shard := range uint16(4) { // a bucket in memory, and its server began anew
			e, err := w.own.Get(t.Context(), bus.LEASE, bus.LeaseKey(shard))
			w.must(err)
			w.must(w.own.Delete(t.Context(), bus.LEASE, e.Key, e.Revision))
		}
		time.Sleep(4 * time.Second)
		if got := w.leases(4); !maps.Equal(got, before) || w.claims() != claims {
			t.Errorf("shards were of %v and are of %v; %d were claimed again", before, got, w.claims()-claims)
		}
		a.stop()
		b.stop()
	})
}

// claims counts the claims in the journal.
func (w *world) claims() (n int) {
	w.t.Helper()
	extent, err := w.own.Extent(w.t.Context(), bus.EV, 0)
	w.must(err)
	_ = w.own.Read(w.t.Context(), bus.Cursor{Stream: bus.EV}, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			if strings.HasPrefix(string(m.Subject), "own.") {
				n++
			}
			if m.Seq == extent.Last {
				return errors.New("that is all")
			}
		}
		return nil
	})
	return n
}

// The journal's claim of a shard goes when the journal has grown by all that it may be: its owner claims again at once.
func TestAnOwnerWhoseClaimIsGoneClaimsAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(2, 5, 10*time.Second))
		w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
			return monitor.Outcome{State: monitor.State(time.Now().Unix() / 5 % 4), Output: "restless"}, nil
		}
		a, p := w.scheduler("a"), w.poller("p", 100)
		time.Sleep(time.Minute)
		fence, err := w.own.Claim(t.Context(), 0, []byte("what stands for no claim at all"))
		w.must(err)
		for a := w.ask(0, wire.Question{Kind: wire.AskNotes}); uint64(a.Epoch) <= fence.Seq; a = w.ask(0, wire.Question{Kind: wire.AskNotes}) {
			if time.Sleep(50 * time.Millisecond); time.Since(w.newest(bus.EV)) > 12*time.Second {
				t.Fatal("nothing is recorded any more")
			}
			w.owned(0)
		}
		p.stop()
		a.stop()
	})
}

func TestATakeOverMakesNoCrowdOfChecks(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var all []*monitor.Inventory
		for shard := range 8 {
			inv := inventory(30, 10, time.Minute)
			for i := range inv.Hosts {
				inv.Hosts[i].Name = fmt.Sprintf("h%d-%d", shard, i)
			}
			all = append(all, inv)
		}
		w.enforce(all...) // 2,400 services: 40 checks a second
		a, b, p := w.scheduler("a"), w.scheduler("b"), w.poller("p", 2000)
		time.Sleep(3 * time.Minute)
		w.fake.starts()
		began := time.Now()
		b.kill()
		w.shared(3*time.Second, map[string]int{"a": 8})
		time.Sleep(2*time.Minute - time.Since(began))
		perSecond, twice := map[int]int{}, 0
		for _, times := range w.fake.starts() {
			if len(times) < 2 {
				twice++
			}
			for _, at := range times {
				perSecond[int(at.Sub(began)/time.Second)]++
			}
		}
		if most := slices.Max(slices.Collect(maps.Values(perSecond))); most > 120 { // services of a host fall due together
			t.Errorf("%d checks in a second after the take-over; on average there are 40: %v", most, perSecond)
		}
		if twice > 24 {
			t.Errorf("%d of 2,400 services were checked less than twice in two minutes", twice)
		}
		p.stop()
		a.stop()
	})
}
