package scheduler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/poller"
)

func service(host, service int) monitor.Ref {
	return monitor.Ref{Host: fmt.Sprint("host", host), Service: fmt.Sprint("service", service)}
}

func TestEveryServiceIsCheckedOnTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(50, 10, time.Minute), inventory(50, 10, time.Minute))
		s, p := w.scheduler("s1"), w.poller("p1", 1000)
		time.Sleep(10*time.Minute + 5*time.Second)
		for shard := range uint16(2) {
			for ref, st := range w.statuses(shard) {
				if ref.IsHost() {
					continue
				}
				if st.State != monitor.OK || st.Module != "fake" || st.Poller != "p1" {
					t.Errorf("%v is %+v", ref, st)
				}
				if st.Latency > 50*time.Millisecond {
					t.Errorf("%v was %s late", ref, st.Latency)
				}
			}
		}
		p.stop()
		s.stop()
		starts := w.fake.starts()
		if len(starts) != 500 {
			t.Errorf("%d services of the same names in two shards were checked, want 500", len(starts))
		}
		for words, times := range starts {
			if n := len(times); n < 20 || n > 22 {
				t.Errorf("%s was checked %d times in two shards in ten minutes, want 20 to 22", words, n)
			}
		}
	})
}

func TestAKilledPollersChecksAreIssuedAgainAndCountedOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(30, 10, time.Minute))
		hang := make(chan struct{})
		w.fake.outcome = func(ctx context.Context, _ string) (monitor.Outcome, error) {
			select {
			case <-hang:
				return monitor.Outcome{State: monitor.Critical, Output: "bad"}, nil
			case <-ctx.Done():
				return monitor.Outcome{}, ctx.Err()
			}
		}
		s, doomed := w.scheduler("s1"), w.poller("doomed", 1000)
		time.Sleep(20 * time.Second)
		inFlight := len(w.fake.starts())
		if inFlight < 80 {
			t.Fatalf("only %d checks in flight when the poller dies", inFlight)
		}
		doomed.kill()
		close(hang)
		heir := w.poller("heir", 1000)
		time.Sleep(8 * time.Second)
		again := 0
		for _, st := range w.statuses(0) {
			if st.IsHost() || st.State == monitor.Pending {
				continue
			}
			if st.Poller == "heir" {
				again++
			}
			if st.State != monitor.Critical || st.Attempt != 1 || st.Type != monitor.Soft {
				t.Errorf("%v: %s attempt %d, want the first soft CRITICAL", st.Ref, st.StateName(), st.Attempt)
			}
		}
		if again < inFlight {
			t.Errorf("%d checks answered after the poller's death, %d were in flight", again, inFlight)
		}
		heir.stop()
		s.stop()
	})
}

func TestRestartKeepsStatesAndMakesNoBurst(t *testing.T) {
	for _, how := range []string{"stopped", "killed"} {
		t.Run(how, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) { restart(t, w, how == "killed") })
		})
	}
}

func restart(t *testing.T, w *world, kill bool) {
	w.enforce(inventory(60, 10, time.Minute))
	w.fake.outcome = func(_ context.Context, words string) (monitor.Outcome, error) {
		if words == "host3 service3" {
			return monitor.Outcome{State: monitor.Warning, Output: "so so"}, nil
		}
		return monitor.Outcome{Output: "fine"}, nil
	}
	first, p := w.scheduler("s1"), w.poller("p1", 1000)
	time.Sleep(150 * time.Second)
	w.command("ACKNOWLEDGE_SVC_PROBLEM;host3;service3;2;1;1;ann;seen")
	w.command("DISABLE_SVC_CHECK;host4;service4")
	before := w.statuses(0)
	if kill {
		first.kill()
	} else {
		first.stop()
	}
	w.fake.starts()
	second := w.scheduler("s2")
	w.owned(0)
	began := time.Now()
	after := w.statuses(0)
	for ref, was := range before {
		is := after[ref]
		if is.State != was.State || is.Type != was.Type || is.Attempt != was.Attempt || is.Ack != was.Ack || is.Switches != was.Switches {
			t.Errorf("%v was %s %s %d ack %d switches %x, came back as %s %s %d ack %d switches %x", ref,
				was.StateName(), was.Type, was.Attempt, was.Ack, was.Switches, is.StateName(), is.Type, is.Attempt, is.Ack, is.Switches)
		}
	}
	if after[service(3, 3)].Ack != monitor.AckSticky || after[service(4, 4)].Switches&monitor.ActiveChecks != 0 {
		t.Error("an acknowledged command was lost")
	}
	time.Sleep(time.Minute)
	perSecond := map[int]int{}
	for _, times := range w.fake.starts() {
		for _, at := range times {
			perSecond[int(at.Sub(began)/time.Second)]++
		}
	}
	for second, n := range perSecond {
		if n > 60 { // 600 services at a minute are 10 a second; services of one host fall due together
			t.Errorf("%d checks in second %d after the restart", n, second)
		}
	}
	p.stop()
	second.stop()
}

// command gives an external command to shard 0 and waits until it is carried out.
func (w *world) command(line string) {
	w.t.Helper()
	w.commandTo(0, line)
}

func (w *world) commandTo(shard uint16, line string) {
	w.t.Helper()
	req, err := command.Parse(line, monitor.At(time.Now()))
	w.must(err)
	req.ID = line
	said := make(chan wire.Verdict, 1)
	stop, err := w.own.Subscribe(bus.Verdict(req.ID), func(m bus.Msg) {
		var v wire.Verdict
		_ = wire.Unmarshal(m.Data, &v)
		said <- v
	})
	w.must(err)
	defer stop()
	w.must(w.own.Append(w.t.Context(), bus.Commands(shard), wire.Marshal(req), ""))
	if v := <-said; v.Refused != "" {
		w.t.Fatalf("%s: %s", line, v.Refused)
	}
}

func TestAnOwnerThatLostItsShardRecordsNothingMore(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(10, 10, time.Minute))
		w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
			return monitor.Outcome{State: monitor.State(time.Now().Unix() % 4), Output: "restless"}, nil
		}
		s, p := w.scheduler("s1"), w.poller("p1", 1000)
		time.Sleep(2 * time.Minute)
		fence, err := w.own.Claim(t.Context(), 0, []byte("thief"))
		w.must(err)
		time.Sleep(30 * time.Second)
		stale := 0
		_, err = w.own.Replay(t.Context(), 0, fence.Seq, func(msgs []bus.Msg) error {
			stale += len(msgs)
			return nil
		})
		w.must(err)
		// The scheduler takes the shard again with a new claim; what it records then is behind that claim.
		if a := w.ask(0, wire.Question{Kind: wire.AskNotes}); uint64(a.Epoch) <= fence.Seq && stale > 0 {
			t.Errorf("%d records written under a fence that was taken away", stale)
		}
		p.stop()
		s.stop()
	})
}

func TestReloadKeepsStatesAndChecksWhatIsNew(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(10, 5, time.Minute))
		w.fake.outcome = func(_ context.Context, words string) (monitor.Outcome, error) {
			return monitor.Outcome{State: monitor.Critical, Output: words}, nil
		}
		s, p := w.scheduler("s1"), w.poller("p1", 1000)
		time.Sleep(90 * time.Second)
		before := w.statuses(0)
		w.enforce(inventory(12, 5, time.Minute))
		time.Sleep(time.Second)
		after := w.statuses(0)
		for ref, was := range before {
			if is := after[ref]; is.State != was.State || is.Attempt < was.Attempt && is.Type != monitor.Hard {
				t.Errorf("%v was %s %d, is %s %d after the reload", ref, was.StateName(), was.Attempt, is.StateName(), is.Attempt)
			}
		}
		time.Sleep(75 * time.Second)
		for ref, st := range w.statuses(0) {
			if !ref.IsHost() && st.State != monitor.Critical {
				t.Errorf("%v is %s after the reload", ref, st.StateName())
			}
			if !ref.IsHost() && st.Output != ref.Host+" "+ref.Service {
				t.Errorf("%v got the result of %q", ref, st.Output)
			}
		}
		p.stop()
		s.stop()
	})
}

func TestHangingTargetsDoNotDelayOthers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(300, 10, 10*time.Second))
		w.fake.outcome = func(ctx context.Context, words string) (monitor.Outcome, error) {
			if words >= "host1" && words < "host2" { // host1, host10…, host100…: a third of them
				<-ctx.Done()
				return monitor.Outcome{}, ctx.Err()
			}
			return monitor.Outcome{Output: "fine"}, nil
		}
		s, p := w.scheduler("s1"), w.poller("p1", 5000)
		time.Sleep(2 * time.Minute)
		for ref, st := range w.statuses(0) {
			hangs := ref.Host >= "host1" && ref.Host < "host2"
			switch {
			case ref.IsHost():
			case hangs && st.State != monitor.Critical:
				t.Errorf("%v hangs and is %s", ref, st.StateName())
			case !hangs && (st.State != monitor.OK || st.Latency > 50*time.Millisecond):
				t.Errorf("%v is %s and was %s late", ref, st.StateName(), st.Latency)
			}
		}
		p.stop()
		s.stop()
	})
}

func TestPollersGetOnlyTheirTagsChecks(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		inv := inventory(20, 5, time.Minute)
		eu := inv.Policies[1]
		eu.Pool = "EU"
		inv.Policies = append(inv.Policies, eu)
		for i := range inv.Services {
			if inv.Services[i].Host%2 == 0 {
				inv.Services[i].Policy = 2
			}
		}
		w.enforce(inv)
		s, plain, tagged := w.scheduler("s1"), w.poller("plain", 100), w.poller("eu", 100, "EU")
		time.Sleep(70 * time.Second)
		for ref, st := range w.statuses(0) {
			if ref.IsHost() {
				continue
			}
			want := "plain"
			var host int
			if _, err := fmt.Sscanf(ref.Host, "host%d", &host); err != nil || host%2 == 0 {
				want = "eu"
			}
			if st.Poller != want {
				t.Errorf("%v was checked by %q, want %q", ref, st.Poller, want)
			}
		}
		plain.stop()
		tagged.stop()
		s.stop()
	})
}

func TestJobsWithoutRoomGoToAnotherPoller(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(40, 10, time.Minute))
		w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
			time.Sleep(5 * time.Second)
			return monitor.Outcome{Output: "slow"}, nil
		}
		s, small, large := w.scheduler("s1"), w.poller("small", 3), w.poller("large", 500)
		time.Sleep(3 * time.Minute)
		by := map[string]int{}
		for ref, st := range w.statuses(0) {
			if !ref.IsHost() {
				by[st.Poller]++
			}
			if st.Latency > time.Second {
				t.Errorf("%v was %s late", ref, st.Latency)
			}
		}
		if by["large"] < 300 || by[""] > 0 {
			t.Errorf("checks by poller: %v", by)
		}
		small.stop()
		large.stop()
		s.stop()
	})
}

func TestExplainSaysThatNobodyServesATag(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		inv := inventory(2, 2, time.Minute)
		inv.Policies[1].Pool = "MARS"
		w.enforce(inv)
		s, p := w.scheduler("s1"), w.poller("plain", 100)
		time.Sleep(5 * time.Second)
		a := w.ask(0, wire.Question{Kind: wire.AskExplain, Ref: service(1, 1)})
		if why := strings.Join(a.Explanation.Why, "\n"); !strings.Contains(why, "no poller serves the tag MARS") {
			t.Errorf("explained as %q", why)
		}
		heir := w.poller("martian", 100, "MARS")
		time.Sleep(5 * time.Second)
		if st := w.statuses(0)[service(1, 1)]; st.State != monitor.OK || st.Poller != "martian" {
			t.Errorf("after a poller came: %s by %q", st.StateName(), st.Poller)
		}
		heir.stop()
		p.stop()
		s.stop()
	})
}

func TestAChecksLengthDoesNotDoubleItsInterval(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(5, 1, 10*time.Second))
		w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
			time.Sleep(10*time.Second + 200*time.Millisecond) // as a timeout of 10 s
			return monitor.Outcome{Output: "slow"}, nil
		}
		s, p := w.scheduler("s1"), w.poller("p1", 100)
		time.Sleep(30 * time.Second)
		w.fake.starts()
		time.Sleep(2 * time.Minute)
		for words, times := range w.fake.starts() {
			if len(times) < 11 {
				t.Errorf("%s was checked %d times in two minutes, want at least 11", words, len(times))
			}
		}
		p.stop()
		s.stop()
	})
}

func TestARestartKeepsPromisesOfTheNextCheckAndPassiveResults(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(3, 2, time.Minute))
		w.fake.outcome = func(_ context.Context, words string) (monitor.Outcome, error) {
			if words == "host1 service1" {
				return monitor.Outcome{State: monitor.Critical, Output: "bad"}, nil
			}
			return monitor.Outcome{Output: "fine"}, nil
		}
		first, p := w.scheduler("s1"), w.poller("p1", 100)
		for !w.soft(service(1, 1)) {
			time.Sleep(time.Second)
		}
		demanded := time.Now().Add(30 * time.Second).Truncate(time.Second)
		w.command(fmt.Sprintf("SCHEDULE_FORCED_SVC_CHECK;host2;service0;%d", demanded.Unix()))
		w.command("PROCESS_SERVICE_CHECK_RESULT;host0;service0;0;first")
		time.Sleep(time.Second)
		w.command("PROCESS_SERVICE_CHECK_RESULT;host0;service0;0;second")
		retry := w.statuses(0)[service(1, 1)].NextCheck
		first.kill()
		second := w.scheduler("s2")
		w.owned(0)
		after := w.statuses(0)
		if got := after[service(0, 0)].Output; got != "second" {
			t.Errorf("the last passive result was %q after the restart, want the second", got)
		}
		if got := after[service(1, 1)].NextCheck; got != retry && retry > monitor.At(time.Now()) {
			t.Errorf("the retry is at %v after the restart, was promised for %v", got.Std(), retry.Std())
		}
		if got := after[service(2, 0)].NextCheck; got != monitor.At(demanded) {
			t.Errorf("the demanded check is at %v after the restart, want %v", got.Std(), demanded)
		}
		p.stop()
		second.stop()
	})
}

// soft says whether an object has a problem that is being confirmed.
func (w *world) soft(ref monitor.Ref) bool {
	if _, err := w.own.Request(w.t.Context(), bus.Ask(0), wire.Marshal(wire.Question{Kind: wire.AskNotes})); err != nil {
		return false
	}
	s := w.statuses(0)[ref]
	return s.Type == monitor.Soft && s.IsProblem()
}

func TestOfTwoPollersWithOneNameTheNewerGetsTheChecks(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(10, 5, 10*time.Second))
		s := w.scheduler("s1")
		twin := func(boot string) *daemon {
			c := w.bus.Connect(boot)
			return w.start(c, poller.New(poller.Options{
				Name: "twin", Boot: boot, Pools: []string{""}, Slots: 100, Bus: c,
				Probes: poller.NewProbes([]modules.Check{w.fake}, noFork{}), Log: quiet(),
			}).Run)
		}
		first := twin("1")
		time.Sleep(15 * time.Second)
		second := twin("2")
		time.Sleep(5 * time.Second)
		w.fake.starts()
		time.Sleep(time.Minute)
		for words, times := range w.fake.starts() {
			if n := len(times); n < 5 || n > 14 { // both hear the jobs for their name
				t.Errorf("%s was checked %d times in a minute", words, n)
			}
		}
		for ref, st := range w.statuses(0) {
			if !ref.IsHost() && st.State != monitor.OK {
				t.Errorf("%v is %s", ref, st.StateName())
			}
		}
		first.stop()
		second.stop()
		s.stop()
	})
}
