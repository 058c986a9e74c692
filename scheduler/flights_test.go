package scheduler

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// flaky takes messages as long as it is not broken, and keeps the jobs in them by poller.
type flaky struct {
	mailbox
	broken bool
	jobs   map[bus.Subject][]monitor.Job
	sizes  []int
}

func (f *flaky) Publish(subject bus.Subject, data []byte) error {
	if f.broken {
		return errors.New("no bus")
	}
	var jobs wire.Jobs
	err := wire.Unmarshal(slices.Clone(data), &jobs)
	f.jobs[subject] = append(f.jobs[subject], jobs.Jobs...)
	f.sizes = append(f.sizes, len(jobs.Jobs))
	return err
}

func newFlaky(lost func(monitor.Shard, []core.JobKey)) (*flaky, *dispatcher) {
	f := &flaky{jobs: map[bus.Subject][]monitor.Job{}}
	return f, newDispatcher("s1", f, slog.New(slog.DiscardHandler), lost)
}

func says(d *dispatcher, poller string, boot string, window uint32) {
	d.want(bus.Msg{Data: wire.Marshal(wire.Want{Poller: poller, Boot: boot, Window: window})})
}

func job(object int, seq uint32) monitor.Job {
	return monitor.Job{Shard: 3, Epoch: 9, Object: monitor.ID(object), Seq: seq, Host: "h", Line: fmt.Appendf(nil, "check %d.%d", object, seq)}
}

func lines(jobs []monitor.Job) []string {
	var out []string
	for _, j := range jobs {
		out = append(out, string(j.Line))
	}
	return out
}

func TestJobsThatCannotBeSentWaitInOrder(t *testing.T) {
	f, d := newFlaky(nil)
	says(d, "p", "1", 100)
	f.broken = true
	d.offer([]monitor.Job{job(2, 1), job(1, 1)})
	d.offer([]monitor.Job{job(3, 1), job(1, 2)}) // the second replaces the one that waits
	if l := d.load(); l.waiting[""] != 3 || l.running != 0 {
		t.Errorf("%+v, want 3 waiting and none running", l)
	}
	if got := d.standing(3, 1); got != "its check waits until a poller of the tag None has room" {
		t.Error(got)
	}
	f.broken = false
	says(d, "p", "1", 100)
	if diff := cmp.Diff([]string{"check 2.1", "check 1.2", "check 3.1"}, lines(f.jobs[bus.Jobs("p")])); diff != "" {
		t.Error(diff)
	}
	if got := d.standing(3, 1); got != "its check is with poller p" {
		t.Error(got)
	}
}

func TestJobsGivenBackGoOutAgainWhole(t *testing.T) {
	f, d := newFlaky(nil)
	says(d, "p", "1", 100)
	first := job(1, 7)
	first.Env, first.Service = []string{"A=1"}, "s"
	d.offer([]monitor.Job{first, job(2, 1)})
	d.refused(bus.Msg{Data: wire.Marshal(wire.Jobs{From: "s1", Jobs: []monitor.Job{first, job(2, 8)}})}) // the other is not the one that is out
	if l := d.load(); l.running != 1 || l.waiting[""] != 1 {
		t.Errorf("%+v, want one running and one waiting", l)
	}
	says(d, "p", "1", 100)
	got := f.jobs[bus.Jobs("p")]
	if diff := cmp.Diff(first, got[len(got)-1]); diff != "" {
		t.Error(diff)
	}
}

func TestADeadPollersJobsAreToldAndItsNumberIsUsedAgain(t *testing.T) {
	var lost []core.JobKey
	_, d := newFlaky(func(shard monitor.Shard, keys []core.JobKey) { lost = append(lost, keys...) })
	says(d, "p", "1", 100)
	d.offer([]monitor.Job{job(1, 7), job(5, 2)})
	says(d, "p", "2", 100) // a new boot
	if diff := cmp.Diff([]core.JobKey{{Object: 1, Seq: 7}, {Object: 5, Seq: 2}}, lost); diff != "" {
		t.Error(diff)
	}
	d.answered([]monitor.Result{{Shard: 3, Epoch: 9, Object: 1, Seq: 7}}) // late, and of nobody any more
	if l := d.load(); l.running != 0 || len(d.numbers) != 2 {
		t.Errorf("%d running, %d numbers", l.running, len(d.numbers))
	}
}

// Whatever comes in whatever order, the room that is taken is that of the jobs that are out.
func TestRoomIsCountedRight(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	f, d := newFlaky(func(monitor.Shard, []core.JobKey) {})
	seq := uint32(0)
	for range 20_000 {
		f.broken = r.IntN(20) == 0
		object := r.IntN(50)
		switch r.IntN(8) {
		case 0:
			says(d, fmt.Sprint("p", r.IntN(3)), fmt.Sprint(r.IntN(2)+int(seq)/1000), uint32(r.IntN(20)))
		case 1, 2, 3:
			seq++
			j := job(object, seq)
			if r.IntN(10) == 0 {
				j.Avoid = "p1"
			}
			d.offer([]monitor.Job{j, job(object+50, seq)})
		case 4:
			d.refused(bus.Msg{Data: wire.Marshal(wire.Jobs{Jobs: []monitor.Job{job(object, d.seqOf(object))}})})
		case 5:
			switch r.IntN(50) {
			case 0:
				d.drop(3)
			case 1:
				d.recall(3)
			}
		default:
			d.answered([]monitor.Result{{Shard: 3, Epoch: 9, Object: monitor.ID(object), Seq: d.seqOf(object)}})
		}
		out, parked := map[uint32]int{}, 0
		d.flights.each(3, func(s *slot) {
			if s.poller != 0 {
				out[s.poller]++
			}
			if s.waiting != 0 {
				parked++
			}
			if s.poller != 0 && s.waiting != 0 {
				t.Fatal("a job is out and waits at once")
			}
		})
		for _, p := range d.pollers {
			if p.running != out[p.number] {
				t.Fatalf("poller %s has %d jobs and %d are counted", p.name, out[p.number], p.running)
			}
		}
		if used := len(d.flights.parked) - len(d.flights.free); used != parked {
			t.Fatalf("%d jobs wait, %d places are used", parked, used)
		}
	}
	for _, n := range f.sizes {
		if n > batchJobs {
			t.Errorf("a message of %d jobs", n)
		}
	}
}

func (d *dispatcher) seqOf(object int) uint32 {
	if s := d.flights.find(flightKey{3, monitor.ID(object)}); s != nil {
		return s.seq
	}
	return 0
}

// BenchmarkDispatch offers a step's jobs and takes their answers, one poller having room for all.
func BenchmarkDispatch(b *testing.B) {
	const jobs, objects = 128, 60_000
	d := newDispatcher("s1", silent{}, slog.New(slog.DiscardHandler), nil)
	says(d, "p", "1", 1<<20)
	due, results := make([]monitor.Job, jobs), make([]monitor.Result, jobs)
	b.ReportAllocs()
	seq, at, line := uint32(0), 0, []byte("/usr/lib/nagios/plugins/check_ping -H 127.0.0.1")
	for b.Loop() {
		seq++
		for i := range due {
			at = (at + 7) % objects
			due[i] = monitor.Job{
				Epoch: 9, Object: monitor.ID(at), Seq: seq, Host: "host", Service: "service",
				Line: line, Timeout: 1e9, Due: 1e18,
			}
			results[i] = monitor.Result{Epoch: 9, Object: due[i].Object, Seq: seq}
		}
		d.offer(due)
		d.answered(results)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/jobs, "ns/job")
}

type silent struct{ mailbox }

func (silent) Publish(bus.Subject, []byte) error { return nil }
