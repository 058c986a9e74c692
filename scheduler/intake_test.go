package scheduler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// hand stores results of hosts for a shard in one message; each says "HOST NUMBER".
func (w *world) hand(shard uint16, id string, number int, hosts ...string) {
	w.t.Helper()
	var all []monitor.Submission
	for _, host := range hosts {
		all = append(all, monitor.Submission{
			Ref: monitor.Ref{Host: host, Service: "service0"}, Source: "test", Outcome: monitor.Outcome{Output: fmt.Sprint(host, " ", number)},
		})
	}
	w.must(w.own.Append(w.t.Context(), bus.Passive(shard, "r"), wire.AppendBatch(nil, all), id))
}

// applied gives what passive results said, host by host, in the order in which they were applied.
func (w *world) applied() map[string][]string {
	w.t.Helper()
	got := map[string][]string{}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Second)
	defer cancel()
	_ = w.own.Read(ctx, bus.Cursor{Stream: bus.PERF}, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			var d wire.Decoder
			checks, err := wire.DecodeBatch(&d, m.Data, []monitor.Check(nil))
			w.must(err)
			for _, c := range checks {
				if c.Service == "" {
					continue
				}
				got[c.Host] = append(got[c.Host], strings.TrimPrefix(c.Output, c.Host+" "))
			}
		}
		return nil
	})
	return got
}

// passiveOnly turns active checks off.
func passiveOnly(all []*monitor.Inventory) []*monitor.Inventory {
	for _, inv := range all {
		inv.Policies[1].Switches &^= monitor.ActiveChecks
	}
	return all
}

func (w *world) wants(want map[string][]string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.applied()); diff != "" {
		w.t.Error(diff)
	}
}

func TestWhatWaitsForAHostThatMovesFollowsIt(t *testing.T) {
	for _, moves := range [][]int{{0}, {0, 2}, {0, 1}} {
		inWorld(t, func(t *testing.T, w *world) {
			w.enforce(passiveOnly(placed(1, 0))...)
			s := w.scheduler("s1")
			w.owned(1)
			w.hand(1, "boot.1", 0, "mover", "h1-0")
			time.Sleep(time.Second)
			s.stop()
			for n := range 5 {
				w.hand(1, bus.MessageID("boot", uint64(n+2)), n+1, "h1-0", "mover", "h1-1")
			}
			req, err := command.Parse("DISABLE_SVC_NOTIFICATIONS;mover;service1", 0)
			w.must(err)
			w.must(w.own.Append(t.Context(), bus.Commands(1), wire.Marshal(req), "boot.9"))
			for i, to := range moves {
				w.enforce(passiveOnly(placed(to, i))...)
			}
			s = w.scheduler("s2")
			time.Sleep(20 * time.Second)
			w.wants(map[string][]string{
				"mover": {"0", "1", "2", "3", "4", "5"}, "h1-0": {"0", "1", "2", "3", "4", "5"}, "h1-1": {"1", "2", "3", "4", "5"},
			})
			home := uint16(moves[len(moves)-1])
			if st, ok := w.statuses(home)[mine(1)]; !ok || st.Switches&monitor.Notifications != 0 {
				t.Errorf("%+v: the command did not follow its host to shard %d", st, home)
			}
			s.stop()
		})
	}
}

// What goes along with a host is read some time before its new shard has it.
func TestAResultThatIsAppliedWhileAHostMovesFollowsIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(passiveOnly(placed(1, 0))...)
		s := w.scheduler("s1")
		w.owned(1)
		w.hand(1, "boot.1", 0, "mover", "h1-0")
		time.Sleep(time.Second)
		w.late = func() {
			w.hand(1, "boot.2", 1, "mover")
			time.Sleep(time.Second) // it is applied where the host was
		}
		w.enforce(passiveOnly(placed(0, 0))...)
		time.Sleep(20 * time.Second)
		for _, name := range []string{"s2", "s3"} {
			if got := w.statuses(0)[mine(0)].Output; got != "mover 1" {
				t.Errorf("its last result in its new shard is %q", got)
			}
			s.kill()
			s = w.scheduler(name)
			w.owned(0)
		}
		w.wants(map[string][]string{"mover": {"0", "1", "1"}, "h1-0": {"0"}}) // each shard tells of its checks
		s.stop()
	})
}

// The receivers know where a host is before what waited where it was has been handed on.
func TestWhatIsHandedOnBehindSomethingNewerIsPassedOver(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(passiveOnly(placed(1, 0))...)
		s := w.scheduler("s1")
		w.owned(1)
		began := time.Now()
		for n, message := range []struct {
			id   string
			made time.Duration
		}{
			{"on1-0-1-1.3", 10 * time.Second},
			{"boot.1", 20 * time.Second},
			{"on1-0-1-1.4", 19 * time.Second},
			{"on1-0-1-1.5", 20 * time.Second},
			{"boot.2", 5 * time.Second}, // its sender says so
		} {
			time.Sleep(time.Minute)
			result := monitor.Submission{Ref: mine(0), Time: monitor.At(began.Add(message.made)), Outcome: monitor.Outcome{Output: fmt.Sprint("mover ", n)}}
			w.must(w.own.Append(t.Context(), bus.Passive(1, "r"), wire.AppendBatch(nil, []monitor.Submission{result}), message.id))
		}
		time.Sleep(5 * time.Second)
		w.wants(map[string][]string{"mover": {"0", "1", "3", "4"}})
		s.stop()
	})
}

func TestAResultThatIsThereBeforeItsHostWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(passiveOnly(placed(1, 0))...)
		s := w.scheduler("s1")
		w.owned(0)
		w.enforce(passiveOnly(placed(0, 0))...)
		// The receivers know the new configuration before the shards have it.
		w.hand(0, "boot.1", 1, "mover", "h0-0")
		time.Sleep(20 * time.Second)
		w.wants(map[string][]string{"mover": {"1"}, "h0-0": {"1"}})
		s.stop()
	})
}

func TestWhatIsHandedOnAndOnIsDropped(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(passiveOnly(placed(1, 0))...)
		s := w.scheduler("s1")
		w.owned(0)
		w.hand(0, "on2-2-0-1.5", 2, "mover")
		w.hand(0, "on3-2-0-1.6", 3, "mover")
		w.hand(0, "boot.7", 4, "nobody", "mover")
		time.Sleep(5 * time.Second)
		w.wants(map[string][]string{"mover": {"2", "4"}})
		s.stop()
	})
}

// The bus forgets ids after two minutes; the shard does not, and its heirs do not either.
func TestWhatIsStoredTwiceCountsOnce(t *testing.T) {
	for name, between := range map[string]func(w *world, s *daemon) *daemon{
		"the owner stays":      func(_ *world, s *daemon) *daemon { return s },
		"the owner is stopped": func(w *world, s *daemon) *daemon { s.stop(); return w.scheduler("s2") },
		"the owner is killed":  func(w *world, s *daemon) *daemon { s.kill(); return w.scheduler("s2") },
		"two owners are killed": func(w *world, s *daemon) *daemon {
			s.kill()
			s = w.scheduler("s2")
			w.owned(1)
			s.kill()
			return w.scheduler("s3")
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.enforce(passiveOnly(placed(1, 0))...)
				s := w.scheduler("s1")
				w.owned(1)
				ids := []string{"boot.1", "boot.2-4", "8d1name", "boot.5", "other.1"}
				for i, id := range ids {
					w.hand(1, id, i, "mover")
				}
				time.Sleep(5 * time.Second)
				s = between(w, s)
				time.Sleep(3 * time.Minute)
				for i, id := range ids {
					w.hand(1, id, i, "mover")
				}
				time.Sleep(3 * time.Minute)
				w.hand(1, "8d1name", 5, "mover") // its sender has something new to say
				w.hand(1, "boot.6", 6, "mover")
				time.Sleep(5 * time.Second)
				w.wants(map[string][]string{"mover": {"0", "1", "2", "3", "4", "5", "6"}})
				s.stop()
			})
		})
	}
}

// Two receivers may have one result, when its sender gave up the first. Each gives it the time at which it came there, and one may keep it
// in its spool for long.
func TestAResultOfTwoReceiversCountsOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(passiveOnly(placed(1, 0))...)
		s := w.scheduler("s1")
		w.owned(1)
		first := time.Now()
		bring := func(receiver string, arrived time.Duration) {
			one := []monitor.Submission{{
				Ref: monitor.Ref{Host: "mover", Service: "service0"}, Source: "http shop", ID: "key/0", Time: monitor.At(first.Add(arrived)),
				Outcome: monitor.Outcome{Output: "mover 1"},
			}}
			w.must(w.own.Append(w.t.Context(), bus.Passive(1, receiver), wire.AppendBatch(nil, one), "8d1name"))
			time.Sleep(3 * time.Minute) // the bus forgets ids after two
		}
		bring("left", 0)
		bring("right", 40*time.Second)
		w.wants(map[string][]string{"mover": {"1"}})
		bring("left", 24*time.Hour) // a name that is used every night
		w.wants(map[string][]string{"mover": {"1", "1"}})
		s.stop()
	})
}
