package scheduler_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/poller"
	"github.com/onbu/onbu/scheduler"
	"github.com/onbu/onbu/scheduler/recall"
)

// world is a bus with a configuration on it, and daemons that come and go, all in virtual time. A world lives inside a
// synctest bubble.
type world struct {
	t    *testing.T
	bus  *membus.Bus
	own  bus.Conn
	gen  wire.Generation
	home map[string]monitor.Shard // where each host of the generation in force lies
	fake *fakeModule
	late func() // called once what moves is read, and before the generation is in force; nil for nothing
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, bus: membus.New(), fake: &fakeModule{ran: map[string][]time.Time{}}}
	w.own = w.bus.Connect("test")
	w.must(w.own.Prepare(t.Context()))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// inventory gives hosts with services whose checks run "fake HOST SERVICE"; hosts have no check of their own.
func inventory(hosts, services int, interval time.Duration) *monitor.Inventory {
	inv := &monitor.Inventory{
		Args:     [][]string{nil},
		Commands: []monitor.Command{{Name: "fake", Line: "fake $HOSTNAME$ $SERVICEDESC$"}},
		Policies: []monitor.Policy{
			{MaxAttempts: 3, CheckPeriod: monitor.None, NotificationPeriod: monitor.None, EventHandler: monitor.Call{Command: monitor.None}, Snapshot: monitor.Call{Command: monitor.None}, MaintenancePeriod: monitor.None, SnapshotPeriod: monitor.None, Switches: everything, InitialState: monitor.Pending},
			{
				MaxAttempts: 3, CheckInterval: interval, RetryInterval: interval / 5, CheckPeriod: monitor.None, NotificationPeriod: monitor.None,
				EventHandler: monitor.Call{Command: monitor.None}, Snapshot: monitor.Call{Command: monitor.None}, MaintenancePeriod: monitor.None, SnapshotPeriod: monitor.None, Switches: everything, InitialState: monitor.Pending,
			},
		},
		Options: monitor.Options{
			Interval: time.Minute, ServiceTimeoutState: monitor.Critical, ServiceCheckTimeout: 60 * time.Second, HostCheckTimeout: 30 * time.Second, OrphanGrace: 5 * time.Second,
			Program:              monitor.Program{HostSwitches: everything, ServiceSwitches: everything},
			AcceptPassiveHost:    true,
			AcceptPassiveService: true,
			GlobalHostHandler:    monitor.None, GlobalServiceHandler: monitor.None,
		},
	}
	for h := range hosts {
		inv.Hosts = append(inv.Hosts, monitor.Host{Name: fmt.Sprint("host", h), Check: monitor.Call{Command: monitor.None}})
	}
	for h := range hosts {
		for s := range services {
			inv.Services = append(inv.Services, monitor.Service{Host: monitor.ID(h), Description: fmt.Sprint("service", s), Policy: 1})
		}
	}
	return inv
}

const everything = monitor.ActiveChecks | monitor.PassiveChecks | monitor.Notifications | monitor.EventHandlers

// enforce brings inventories into force, one for each shard, as an arbiter would.
func (w *world) enforce(inventories ...*monitor.Inventory) {
	w.t.Helper()
	ctx, before, home := w.t.Context(), w.gen, map[string]monitor.Shard{}
	w.gen.Number++
	w.gen.Shards = uint16(len(inventories))
	for shard, inv := range inventories {
		inv.Generation, inv.Shard, inv.Shards = w.gen.Number, monitor.Shard(shard), len(inventories)
		w.must(w.own.PutBlob(ctx, bus.CFG, wire.InventoryName(w.gen.Number, monitor.Shard(shard)), wire.Marshal(inv)))
		for i := range inv.Hosts {
			home[inv.Hosts[i].Name] = monitor.Shard(shard)
		}
	}
	w.must(w.own.PutBlob(ctx, bus.CFG, wire.DirectoryName(w.gen.Number), wire.Marshal(monitor.Directory{Generation: w.gen.Number, Shards: len(inventories), Hosts: home})))
	reader := recall.Reader{Bus: w.own, Log: quiet()}
	left, err := reader.Leave(ctx, inventories, func(name string) (monitor.Shard, bool) {
		was, ok := w.home[name]
		return was, ok
	}, before)
	w.must(err)
	if w.home = home; left > 0 {
		w.gen.Moved = w.gen.Number
	}
	if w.late != nil {
		w.late()
	}
	e, _ := w.own.Get(ctx, bus.CFG, "current")
	_, err = w.own.Put(ctx, bus.CFG, "current", wire.Marshal(w.gen), e.Revision)
	w.must(err)
}

// daemon is something that runs and can be stopped, politely or not.
type daemon struct {
	conn   bus.Conn
	cancel context.CancelFunc
	ended  chan struct{}
}

// stop ends it as SIGTERM does.
func (d *daemon) stop() {
	d.cancel()
	<-d.ended
}

// kill ends it as kill -9 does: whatever it wants to say does not reach the bus any more.
func (d *daemon) kill() {
	d.conn.Close()
	d.cancel()
	<-d.ended
}

func (w *world) start(conn bus.Conn, run func(context.Context) error) *daemon {
	ctx, cancel := context.WithCancel(context.Background())
	d := &daemon{conn: conn, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(d.ended)
		_ = run(ctx)
	}()
	w.t.Cleanup(cancel)
	return d
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (w *world) scheduler(name string) *daemon {
	return w.schedulerWith(scheduler.Options{Name: name})
}

// schedulerWith starts a scheduler that has more options; its boot is its name unless it is given.
func (w *world) schedulerWith(o scheduler.Options) *daemon {
	return w.schedulerOn(w.bus.Connect(o.Name), o)
}

// schedulerOn is schedulerWith over a connection of its own.
func (w *world) schedulerOn(c bus.Conn, o scheduler.Options) *daemon {
	o.Boot, o.Bus, o.Log = cmp.Or(o.Boot, o.Name), c, quiet()
	s := scheduler.New(o)
	return w.start(c, func(ctx context.Context) error {
		var beat sync.WaitGroup
		defer beat.Wait()
		beat.Go(func() { beats(ctx, c, o, s) })
		return s.Run(ctx)
	})
}

// beats is what internal/app does for every role.
func beats(ctx context.Context, c bus.Conn, o scheduler.Options, s *scheduler.Scheduler) {
	key := bus.BeatKey("scheduler", o.Name)
	for ctx.Err() == nil {
		h := wire.Heartbeat{Role: "scheduler", Name: o.Name, Boot: o.Boot, Load: s.Load()}
		if e, err := c.Get(ctx, bus.HB, key); err == nil || errors.Is(err, bus.ErrNotFound) {
			_, _ = c.Put(ctx, bus.HB, key, wire.Marshal(h), e.Revision)
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

func (w *world) poller(name string, slots int, pools ...string) *daemon {
	if len(pools) == 0 {
		pools = []string{""}
	}
	c := w.bus.Connect(name)
	return w.start(c, poller.New(poller.Options{
		Name: name, Boot: name, Pools: pools, Slots: slots, Bus: c,
		Probes: poller.NewProbes([]modules.Check{w.fake}, noFork{}), Log: quiet(),
	}).Run)
}

// ask asks the owner of a shard.
func (w *world) ask(shard uint16, q wire.Question) wire.Answer {
	w.t.Helper()
	var a wire.Answer
	data, err := w.own.Request(w.t.Context(), bus.Ask(shard), wire.Marshal(q))
	w.must(err)
	w.must(wire.Unmarshal(data, &a))
	return a
}

// statuses gives everything that the owner of a shard knows.
func (w *world) statuses(shard uint16) map[monitor.Ref]monitor.Status {
	w.t.Helper()
	out := map[monitor.Ref]monitor.Status{}
	for q := (wire.Question{Kind: wire.AskStatuses}); ; {
		a := w.ask(shard, q)
		for _, s := range a.Statuses {
			out[s.Ref] = s
		}
		if q.From = a.Next; q.From == 0 {
			return out
		}
	}
}

// owned waits until somebody answers for the shard.
func (w *world) owned(shard uint16) {
	w.t.Helper()
	for range 1000 {
		if _, err := w.own.Request(w.t.Context(), bus.Ask(shard), wire.Marshal(wire.Question{Kind: wire.AskNotes})); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.t.Fatalf("nobody takes shard %d", shard)
}

// fakeModule runs "fake …" lines; outcome decides what they find.
type fakeModule struct {
	// outcome is asked for each check, with the words behind "fake".
	outcome func(ctx context.Context, words string) (monitor.Outcome, error)

	mu  sync.Mutex
	ran map[string][]time.Time // when each check started
}

// starts gives when each check started so far, and forgets it.
func (f *fakeModule) starts() map[string][]time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	ran := f.ran
	f.ran = map[string][]time.Time{}
	return ran
}

func (f *fakeModule) Name() string       { return "fake" }
func (f *fakeModule) Programs() []string { return []string{"fake"} }

func (f *fakeModule) Parse(argv []string) (modules.Probe, error) {
	return fakeProbe{f, strings.Join(argv[1:], " ")}, nil
}

type fakeProbe struct {
	module *fakeModule
	words  string
}

func (p fakeProbe) Run(ctx context.Context) (monitor.Outcome, error) {
	p.module.mu.Lock()
	p.module.ran[p.words] = append(p.module.ran[p.words], time.Now())
	p.module.mu.Unlock()
	if p.module.outcome == nil {
		time.Sleep(time.Millisecond)
		return monitor.Outcome{Output: "fine"}, nil
	}
	return p.module.outcome(ctx, p.words)
}

// noFork stands where plugins would be forked.
type noFork struct{}

func (noFork) Name() string { return "exec" }
func (noFork) PrepareEnv(line string, _ []string) (modules.Probe, error) {
	return nil, fmt.Errorf("not forked: %s", line)
}

// inWorld runs a test in a bubble and ends its daemons.
func inWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t, newWorld(t))
	})
}
