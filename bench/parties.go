package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
)

// party is one of the processes that make up an engine.
type party struct {
	*engine
	role   string
	memory ProcessMemory
}

// peak is the most that the process had in memory so far.
func (p *party) peak() int64 {
	_, peak := memory(p.pid)
	return peak
}

// busListens is the line in the log that says where the bus is.
var busListens = regexp.MustCompile(`url=(nats://\S+)`)

// start starts the bus, alone at first, then the engine around it and a second scheduler, and waits until the two share the hosts.
func (g *guests) start(ctx context.Context) error {
	g.say("starting the bus")
	c, err := start(ctx, busListens, g.o.Program, "bus", "--listen", "127.0.0.1:0", "--state", filepath.Join(g.dir, "bus"))
	if err != nil {
		return fmt.Errorf("onbu bus: %w", err)
	}
	bus := &party{engine: &engine{child: c}, role: "bus", memory: ProcessMemory{Name: "the bus"}}
	g.parties = append(g.parties, bus)
	if g.url, err = c.said(ctx); err != nil {
		return fmt.Errorf("onbu bus: %w", err)
	}
	if !pause(ctx, 3*time.Second) { // until it has come to rest
		return ctx.Err()
	}
	g.out.Bus, _ = memory(c.pid)
	g.say("starting the daemons")
	for _, args := range [][]string{
		{"scheduler", "--name", "one"},
		{"scheduler", "--name", "two"},
		{"broker", "--event-log", ""},
		{"poller"},
		{"arbiter", g.site.path("onbu.cfg")},
	} {
		if err := g.join(ctx, args...); err != nil {
			return err
		}
	}
	return g.shared(ctx)
}

// join starts a daemon at the bus.
func (g *guests) join(ctx context.Context, args ...string) error {
	p := &party{role: args[0], memory: ProcessMemory{Name: "the " + args[0]}}
	if len(g.of(p.role)) > 0 {
		p.memory.Name = "the second " + p.role
	}
	state := filepath.Join(g.dir, fmt.Sprint("state-", len(g.parties)))
	c, err := start(ctx, onbuListens, g.o.Program, append(args, "--bus", g.url, "--state", state, "--http", "127.0.0.1:0")...)
	if err != nil {
		return fmt.Errorf("%s: %w", p.memory.Name, err)
	}
	p.engine = &engine{child: c, client: http.Client{Timeout: time.Minute}}
	g.parties = append(g.parties, p)
	if p.url, err = c.said(ctx); err != nil {
		return fmt.Errorf("%s: %w", p.memory.Name, err)
	}
	return nil
}

// of gives the processes of a role.
func (g *guests) of(role string) []*party {
	return slices.DeleteFunc(slices.Clone(g.parties), func(p *party) bool { return p.role != role })
}

// shared has each of two schedulers look after half of the shards.
// Schedulers take what is free, and the first is there before the second: so it is made free what the second is to have.
func (g *guests) shared(ctx context.Context) error {
	shards := uint16(0)
	err := g.broker().waitFor(ctx, "the schedulers to take the hosts", readyWait, func() error {
		owned, err := g.owned(ctx)
		if err != nil || owned[0]+owned[1] < compile.DefaultShards {
			return fmt.Errorf("%w: they have %v shards: %w", errNotYet, owned, err)
		}
		shards = uint16(owned[0] + owned[1])
		return nil
	})
	if err != nil {
		return err
	}
	for end := time.Now().Add(readyWait); ; {
		owned, err := g.owned(ctx)
		switch {
		case err != nil:
			return err
		case min(owned[0], owned[1]) >= int(shards)/4:
			return nil
		case time.Now().After(end):
			return fmt.Errorf("after %v one scheduler has %d shards, the other %d", readyWait, owned[0], owned[1])
		}
		if err := g.free(ctx, shards/2); err != nil {
			return err
		}
		pause(ctx, 5*time.Second)
	}
}

// owned is how many shards each scheduler has.
func (g *guests) owned(ctx context.Context) (owned [2]int, err error) {
	for i, p := range g.of("scheduler") {
		m, err := p.metrics(ctx)
		if err != nil {
			return owned, err
		}
		owned[i] = int(m.values["onbu_scheduler_shards"])
	}
	return owned, nil
}

// free takes the leases of the first shards away.
func (g *guests) free(ctx context.Context, shards uint16) error {
	conn, closeBus, err := dial.Open(ctx, g.url, dial.Options{Name: "bench", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { _ = closeBus() }()
	for shard := range shards {
		e, err := conn.Get(ctx, bus.LEASE, bus.LeaseKey(shard))
		if err == nil {
			err = conn.Delete(ctx, bus.LEASE, e.Key, e.Revision)
		}
		if err != nil && !errors.Is(err, bus.ErrConflict) && !errors.Is(err, bus.ErrNotFound) {
			return fmt.Errorf("freeing shard %d: %w", shard, err)
		}
	}
	return nil
}

// broker is the process that tells states.
func (g *guests) broker() *engine { return g.of("broker")[0].engine }

func (g *guests) busStore() string { return filepath.Join(g.dir, "bus") }

// stop ends all, the bus last.
func (g *guests) stop() {
	for i := len(g.parties) - 1; i >= 0; i-- {
		g.parties[i].stop()
	}
}

// sample notes the most memory seen, and the least since there are payloads.
func (g *guests) sample() {
	var sum int64
	for _, p := range g.parties {
		now, _ := memory(p.pid)
		sum += now
		if least := p.memory.Idle; g.seen > 0 && (least == 0 || now < least) {
			p.memory.Idle = now
		}
	}
	g.whole = max(g.whole, sum)
}

// standing is how it stands at one moment.
type standing struct {
	at                       time.Time
	checks, payloads, stored int64
	cpu, target              usage
	machine                  time.Duration
	rss                      int64
}

// look reads how it stands.
func (g *guests) look(ctx context.Context) (standing, error) {
	s := standing{at: time.Now(), machine: machineBusy()}
	for _, p := range g.parties {
		s.cpu = s.cpu.add(usageOf(p.pid))
		now, _ := memory(p.pid)
		s.rss += now
	}
	for _, t := range g.targets {
		s.target = s.target.add(usageOf(t.pid))
	}
	m, err := g.of("poller")[0].metrics(ctx)
	if err != nil {
		return s, err
	}
	s.payloads, s.stored = int64(m.values["onbu_piggyback_payloads_total"]), int64(m.values["onbu_piggyback_stored_bytes_total"])
	s.checks, err = g.checksDone(ctx)
	return s, err
}

// checksDone is how many checks all schedulers have used the results of.
func (g *guests) checksDone(ctx context.Context) (int64, error) {
	var done int64
	for _, p := range g.of("scheduler") {
		m, err := p.metrics(ctx)
		if err != nil {
			return 0, err
		}
		done += m.checks["agent"]
	}
	return done, nil
}
