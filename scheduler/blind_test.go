package scheduler

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// chronicled is a dispatcher with what it told the cluster log.
func chronicled(box mailbox, orphaned func(monitor.Shard, []core.JobKey)) (d *dispatcher, told *[]string) {
	told = &[]string{}
	d = newDispatcher("s1", box, slog.New(slog.DiscardHandler), orphaned)
	d.chronicle = func(kind, about, why string) { *told = append(*told, kind+": "+about+": "+why) }
	return d, told
}

func (d *dispatcher) hears(w wire.Want) {
	w.Boot = "1"
	d.want(bus.Msg{Data: wire.Marshal(w)})
}

func alert(text string) *monitor.Brok {
	return &monitor.Brok{Kind: monitor.BrokLog, Text: "POLLER ALERT: " + text}
}

func TestAPollerThatOneShardFindsBlindIsPutAsideByAll(t *testing.T) {
	box := mailbox{}
	d, told := chronicled(box, nil)
	d.hears(wire.Want{Poller: "p;1", Window: 1000})
	d.hears(wire.Want{Poller: "p2", Window: 500})
	d.sighted(3, alert("p;1;ISOLATED;5 hosts failed"))
	d.sighted(4, alert("p;1;ISOLATED;6 hosts failed"))
	d.sighted(4, alert("rubbish"))
	d.sighted(4, &monitor.Brok{Kind: monitor.BrokAlert, Text: "POLLER ALERT: p2;ISOLATED;x"})
	var jobs []monitor.Job
	for i := range 80 {
		jobs = append(jobs, monitor.Job{Shard: 7, Object: monitor.ID(i), Seq: 1})
	}
	d.offer(jobs)
	if one, two := len(box[bus.Jobs("p;1")]), len(box[bus.Jobs("p2")]); one != 10 || two != 70 {
		t.Errorf("the blind one got %d, the other %d, want 10 and 70", one, two)
	}
	d.sighted(4, alert("p;1;BACK;it has good answers again, after 30s"))
	d.sighted(3, alert("p;1;BACK;it has good answers again, after 31s"))
	for i := range jobs {
		jobs[i].Seq, jobs[i].Avoid = 2, ""
	}
	d.offer(jobs)
	if one := len(box[bus.Jobs("p;1")]); one <= 20 {
		t.Errorf("it got %d after it was back, so few as before", one)
	}
	want := []string{
		"poller-blind: poller p;1: of shard 3 5 hosts failed; it is put aside and gets one check in 8",
		"poller-sees: poller p;1: it has good answers again, after 30s; it is used as before",
	}
	if diff := cmp.Diff(want, *told); diff != "" {
		t.Error(diff)
	}
}

func TestABlindPollerWithNobodyBesideItGetsEverything(t *testing.T) {
	box := mailbox{}
	d, _ := chronicled(box, nil)
	d.hears(wire.Want{Poller: "p1", Window: 1000})
	d.sighted(3, alert("p1;ISOLATED;x"))
	for i := range 16 {
		d.offer([]monitor.Job{{Object: monitor.ID(i), Seq: 1}})
	}
	if got := len(box[bus.Jobs("p1")]); got != 16 {
		t.Errorf("it got %d of 16", got)
	}
}

func TestWhatIsNotOwnedAnyMoreMakesNobodyBlind(t *testing.T) {
	d, _ := chronicled(mailbox{}, nil)
	d.sighted(3, alert("p1;ISOLATED;x"))
	d.drop(3)
	if len(d.blind) != 0 {
		t.Errorf("blind: %v", d.blind)
	}
}

func TestAPollerThatLeavesGivesBackWhatItHasAtOnce(t *testing.T) {
	var lost []string
	d, told := chronicled(mailbox{}, func(s monitor.Shard, keys []core.JobKey) { lost = append(lost, fmt.Sprint(s, len(keys))) })
	d.hears(wire.Want{Poller: "p1", Window: 10})
	d.hears(wire.Want{Poller: "p1", Pool: "EU", Window: 10})
	d.offer([]monitor.Job{{Shard: 2, Object: 1, Seq: 1}, {Shard: 2, Object: 2, Seq: 1}})
	d.want(bus.Msg{Data: wire.Marshal(wire.Want{Poller: "p1", Boot: "an older one", Left: true})})
	if len(lost) != 0 {
		t.Errorf("an older one of its name left, and it lost %q", lost)
	}
	d.hears(wire.Want{Poller: "p1", Left: true})
	d.hears(wire.Want{Poller: "p1", Pool: "EU", Left: true})
	if diff := cmp.Diff([]string{"2 2"}, lost); diff != "" || len(d.pollers) != 0 || len(*told) != 0 {
		t.Error(diff, len(d.pollers), *told)
	}
}

func TestAPollerThatFallsSilentAndSpeaksAgainIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, told := chronicled(mailbox{}, func(monitor.Shard, []core.JobKey) {})
		d.hears(wire.Want{Poller: "p1", Window: 10})
		d.offer([]monitor.Job{{Object: 1, Seq: 1}})
		time.Sleep(6 * time.Second)
		d.sweep()
		time.Sleep(10 * time.Second)
		d.hears(wire.Want{Poller: "p1", Window: 10})
		want := []string{"poller-silent: poller p1: silent for 5s; its 1 checks are issued again", "poller-back: poller p1: it speaks again after 10s"}
		if diff := cmp.Diff(want, *told); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAPollerThatRestsGetsTheNextJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := mailbox{}
		d, _ := chronicled(box, nil)
		d.hears(wire.Want{Poller: "small", Window: 500})
		d.hears(wire.Want{Poller: "large", Window: 5000})
		for round := range 10 {
			for i := range 4 {
				d.offer([]monitor.Job{{Object: monitor.ID(i), Seq: uint32(round + 1)}})
				d.answered([]monitor.Result{{Object: monitor.ID(i), Seq: uint32(round + 1)}})
			}
			time.Sleep(time.Second)
		}
		if small, large := len(box[bus.Jobs("small")]), len(box[bus.Jobs("large")]); small != 10 || large != 30 {
			t.Errorf("small got %d, large %d, want one of four in each second and the rest", small, large)
		}
	})
}
