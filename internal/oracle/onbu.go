package oracle

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
)

// Replay drives the core through the events of a sequence and gives what came of them, in the form of a recording. dir
// is an empty folder for the object files.
func Replay(s *Sequence, dir string) (*Sequence, error) {
	o, err := newOnbu(s, dir)
	if err != nil {
		return nil, fmt.Errorf("sequence %d: %w", s.Seed, err)
	}
	r := *s
	r.Seconds = make([]Second, len(s.Seconds))
	for i := range s.Seconds {
		r.Seconds[i] = o.second(&s.Seconds[i])
	}
	return &r, nil
}

// onbu is the core living through one sequence.
type onbu struct {
	s         *Sequence
	core      *core.Core
	inv       *monitor.Inventory
	now       int // the second to come
	clock     monitor.Time
	d         core.Decisions
	last      map[string]string
	comments  map[monitor.Ref]int
	downtimes map[string]uint64
	answers   map[string]monitor.State // of checks, by object; OK where there is none
}

func newOnbu(s *Sequence, dir string) (*onbu, error) {
	inv, err := inventory(s, dir)
	if err != nil {
		return nil, err
	}
	start := s.time(0).Add(-lead)
	c, err := core.New(inv, 1, core.Seed{Start: start})
	if err != nil {
		return nil, err
	}
	c.Begin(start)
	return &onbu{
		s: s, core: c, inv: inv, last: make(map[string]string), comments: make(map[monitor.Ref]int),
		downtimes: make(map[string]uint64), answers: make(map[string]monitor.State),
	}, nil
}

// time gives the beginning of a second.
func (s *Sequence) time(at int) monitor.Time { return monitor.Time(s.Start+int64(at)) * 1e9 }

// inventory compiles the world of a sequence, with Nagios' ways where Onbu has others by default.
func inventory(s *Sequence, dir string) (*monitor.Inventory, error) {
	main := filepath.Join(dir, "nagios.cfg")
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "objects.cfg"), []byte(base+s.objects("")), 0o644),
		os.WriteFile(filepath.Join(dir, "resource.cfg"), []byte("$USER1$=/nowhere\n"), 0o644),
		os.WriteFile(main, []byte(strings.Join(mainFile(dir, s.Options), "\n")+"\n"), 0o644),
	)
	if err != nil {
		return nil, err
	}
	config, report := arbiter.Load(main)
	if !report.OK() {
		return nil, fmt.Errorf("the world is refused: %s", arbiter.Line(report.Problems[0]))
	}
	inv := compile.Compile(config, 1, 1, nil).Inventories[0]
	inv.Options.ImpactStates, inv.Options.TellImpacts, inv.Options.ParentWait = false, true, 0
	return inv, nil
}

// second lets time pass until the end of a second: first what is due, then the event, then what it made due.
func (o *onbu) second(recorded *Second) Second {
	second := Second{At: recorded.At, Event: recorded.Event}
	for ; o.now <= recorded.At; o.now++ {
		o.clock = o.s.time(o.now)
		o.core.Tick(o.clock, &o.d)
		o.take(&second)
	}
	if second.Event != "" {
		// What is refused has nothing in the log and changes nothing, as with Nagios: that is what is compared.
		line := o.s.command(second.Event, "", func(key string) uint64 { return o.downtime(key) })
		if name, state, ok := answer(second.Event); ok {
			o.answers[name] = monitor.State(state[0] - '0')
		} else if req, err := command.Parse(line, o.clock); err == nil {
			_ = o.core.Obey(o.clock, req, &o.d)
		}
		o.take(&second)
		o.core.Tick(o.clock, &o.d)
		o.take(&second)
	}
	slices.Sort(second.Log)
	second.Present = o.present()
	return second
}

func (o *onbu) downtime(key string) uint64 {
	if id, ok := o.downtimes[key]; ok {
		return id
	}
	return nowhere
}

// take takes in what was decided.
func (o *onbu) take(second *Second) {
	for i := range o.d.Broks {
		b := &o.d.Broks[i]
		switch b.Kind {
		case monitor.BrokDowntime:
			o.downtimes[b.Downtime.Ref.String()+":"+b.Downtime.Comment] = b.Downtime.ID
		case monitor.BrokComment:
			o.comments[b.Comment.Ref]++
		case monitor.BrokCommentGone:
			o.comments[b.Comment.Ref]--
		}
		if entry := logged(b.Text, ""); entry != "" && b.Kind != monitor.BrokActionDone {
			second.Log = append(second.Log, entry)
		}
	}
	jobs := slices.Clone(o.d.Jobs)
	o.d.Reset()
	for _, job := range jobs {
		o.check(second, job)
	}
}

// check answers a job at once.
func (o *onbu) check(second *Second, job monitor.Job) {
	o.core.Observe(o.clock, []monitor.Result{{
		Shard: job.Shard, Epoch: job.Epoch, Object: job.Object, Seq: job.Seq, Started: o.clock, Finished: o.clock,
		Outcome: monitor.Outcome{State: o.answers[o.inv.Ref(job.Object).String()], Output: "x"},
	}}, &o.d)
	o.take(second)
}

// present gives the objects whose present has changed since the second before.
func (o *onbu) present() map[string]string {
	changed := make(map[string]string)
	for id := range monitor.ID(o.inv.Objects()) {
		s := o.core.Status(id)
		p := present{
			state: s.StateName(), kind: s.Type.String(), attempt: fmt.Sprint(s.Attempt), flapping: s.Flapping,
			percent: fmt.Sprintf("%.2f", s.PercentChange), depth: int(s.DowntimeDepth), ack: s.Ack,
			notification: fmt.Sprint(s.NotificationNumber), comments: o.comments[s.Ref],
		}
		name, text := s.Ref.String(), p.String()
		if o.last[name] != text {
			changed[name], o.last[name] = text, text
		}
	}
	return changed
}
