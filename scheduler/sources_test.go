package scheduler_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/poller"
	"github.com/onbu/onbu/scheduler"
)

// limited is a connection of a scheduler that cannot get one shard.
type limited struct {
	bus.Conn
	not string
}

func (c limited) Put(ctx context.Context, b bus.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	if b == bus.LEASE && key == c.not {
		return 0, bus.ErrClosed
	}
	return c.Conn.Put(ctx, b, key, value, revision)
}

// schedulerBut starts a scheduler that never gets a shard.
func (w *world) schedulerBut(name string, shard int) *daemon {
	c := limited{w.bus.Connect(name), fmt.Sprint("shard.", shard)}
	return w.start(c, scheduler.New(scheduler.Options{Name: name, Boot: name, Bus: c, Log: quiet()}).Run)
}

// agents stands for a network with agents and for the courier of their payloads: the agent of esx1 delivers one for each guest,
// and what a guest's services say depends on the age of the newest.
type agents struct {
	bus    bus.Conn
	guests []string
	dead   atomic.Bool

	mu     sync.Mutex
	newest time.Time
	seq    uint64
	jobs   []modules.Object // of guests
}

func (a *agents) Name() string       { return "agent" }
func (a *agents) Programs() []string { return []string{"onbu-agent"} }

func (a *agents) Parse(argv []string) (modules.Probe, error) {
	return agentProbe{agents: a, guest: slices.Contains(argv, "--piggyback-only")}, nil
}

type agentProbe struct {
	agents *agents
	guest  bool
	object modules.Object
}

func (p agentProbe) For(o modules.Object) modules.Probe {
	p.object = o
	return p
}

func (p agentProbe) Run(context.Context) (monitor.Outcome, error) {
	a := p.agents
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case p.guest:
		a.jobs = append(a.jobs, p.object)
		if time.Since(a.newest) > 90*time.Second {
			return monitor.Outcome{State: monitor.Unknown, Output: "no data"}, nil
		}
		return monitor.Outcome{Output: "fine"}, nil
	case a.dead.Load():
		return monitor.Outcome{State: monitor.Critical, Output: "connection refused"}, nil
	}
	a.newest = time.Now()
	var found []monitor.Arrival
	for _, guest := range a.guests {
		a.seq++
		found = append(found, monitor.Arrival{Host: guest, Source: "esx1", At: monitor.At(a.newest), Seq: a.seq})
	}
	return monitor.Outcome{Output: "fine"}, a.bus.Publish(bus.Arrived(1), wire.AppendBatch(nil, found))
}

// hypervisor gives two shards: the host esx1 in one, and its guests in the other, with two services each.
func hypervisor(guests []string) (both []*monitor.Inventory) {
	const agent, guest, notify = "onbu-agent -H $HOSTADDRESS$", "onbu-agent --piggyback-only -s $SERVICEDESC$", "tell $HOSTNAME$"
	for i, hosts := range [][]string{{"esx1"}, guests} {
		inv := inventory(len(hosts), 1+i, time.Minute)
		inv.Commands = []monitor.Command{{Name: "agent", Line: agent}, {Name: "guest", Line: guest}, {Name: "notify", Line: notify}}
		way := monitor.Way{Enabled: true, Period: monitor.None, Options: ^monitor.Option(0), Commands: []monitor.Call{{Command: 2}}}
		inv.Contacts = []monitor.Contact{{Name: "ada", Host: way, Service: way}}
		inv.Options.ParentWait = time.Minute
		for n := range inv.Policies {
			inv.Policies[n].Contacts, inv.Policies[n].NotificationOptions = []uint32{0}, ^monitor.Option(0)
		}
		for n := range inv.Hosts {
			inv.Hosts[n].Name = hosts[n]
		}
		for n := range inv.Services {
			inv.Services[n].Check.Command = int32(i)
		}
		both = append(both, inv)
	}
	return both
}

// toldOf gathers what contacts are told of.
func (w *world) toldOf(ctx context.Context) func() []string {
	var mu sync.Mutex
	var told []string
	go func() {
		_ = w.own.Read(ctx, bus.Cursor{Stream: bus.EV, Filter: bus.ActionsOf("")}, func(msgs []bus.Msg) error {
			mu.Lock()
			defer mu.Unlock()
			for _, m := range msgs {
				var b monitor.Brok
				if err := wire.Unmarshal(m.Data, &b); err != nil {
					return err
				}
				told = append(told, b.NotificationType+" "+b.Action.Ref.String())
			}
			return nil
		})
	}()
	return func() []string {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		some := told
		told = nil
		return some
	}
}

// The source lives in a shard of one scheduler, and what leans on it in a shard of another one, which dies in between.
func TestASourceElsewhereIsOneProblemAndItsPayloadsAreReadAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var guests []string
		for i := range 50 {
			guests = append(guests, fmt.Sprint("vm", i))
		}
		a := &agents{bus: w.own, guests: guests}
		w.enforce(hypervisor(guests)...)
		first := w.schedulerBut("first", 1)
		second := w.schedulerBut("second", 0)
		c := w.bus.Connect("poller")
		p := w.start(c, poller.New(poller.Options{
			Name: "poller", Boot: "poller", Pools: []string{""}, Slots: 100, Bus: c,
			Probes: poller.NewProbes([]modules.Check{a}, noFork{}), Log: quiet(),
		}).Run)
		told := w.toldOf(t.Context())
		w.owned(0)
		w.owned(1)
		time.Sleep(6 * time.Minute)
		if got := told(); len(got) > 0 {
			t.Fatalf("people are told of %q", got)
		}
		a.checkRhythm(t)

		a.dead.Store(true)
		time.Sleep(10 * time.Minute)
		if got := told(); !slices.Equal(got, []string{"PROBLEM esx1/service0"}) {
			t.Errorf("people are told of %q, want the source alone", got)
		}
		answer := w.ask(1, wire.Question{Kind: wire.AskExplain, Ref: monitor.Ref{Host: "vm7", Service: "service1"}})
		if why := strings.Join(answer.Explanation.Why, "\n"); !strings.Contains(why, "it suffers from esx1/service0 CRITICAL") || !strings.Contains(why, "data come from esx1") {
			t.Errorf("vm7/service1: %s", why)
		}

		second.kill()
		third := w.schedulerBut("third", 0)
		w.owned(1)
		time.Sleep(10 * time.Minute)
		if got := told(); len(got) > 0 {
			t.Errorf("after the takeover people are told of %q", got)
		}

		a.dead.Store(false)
		time.Sleep(5 * time.Minute)
		if got := told(); !slices.Equal(got, []string{"RECOVERY esx1/service0"}) {
			t.Errorf("people are told of %q, want that the source is back", got)
		}
		for ref, st := range w.statuses(1) {
			if st.State != monitor.OK || st.Impact {
				t.Errorf("%s is %s: %s", ref, st.StateName(), st.Output)
			}
		}
		for _, d := range []*daemon{p, first, third} {
			d.stop()
		}
	})
}

// checkRhythm looks at the checks of guests: one with each payload, each minute, and the place of that payload in the job.
func (a *agents) checkRhythm(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	a.jobs = nil
	a.mu.Unlock()
	time.Sleep(5 * time.Minute)
	a.mu.Lock()
	defer a.mu.Unlock()
	if want := 5 * 2 * len(a.guests); len(a.jobs) != want {
		t.Errorf("%d checks of guests in 5 minutes, want %d", len(a.jobs), want)
	}
	newest := map[string]uint64{}
	for _, j := range a.jobs {
		if j.Payload < newest[j.Host] || j.Payload == 0 {
			t.Fatalf("%s is read up to %d after %d", j.Host, j.Payload, newest[j.Host])
		}
		newest[j.Host] = j.Payload
	}
	for i, guest := range a.guests {
		if want := a.seq - uint64(len(a.guests)-1-i); newest[guest] != want {
			t.Errorf("%s was read up to %d of %d", guest, newest[guest], want)
		}
	}
}
