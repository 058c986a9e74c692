package bench

import (
	"context"
	"fmt"
	"strconv"

	"github.com/onbu/onbu/bench/target"
	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

// nscaIdle is how many connections say nothing while others send.
const nscaIdle = 5000

// sendBesideIdle has senders of one result a connection send, without company and then beside connections that are greeted and say nothing. One
// that waits for the end of each connection before it begins the next shows by its rate how long a connection takes.
func (r *run) sendBesideIdle(ctx context.Context, s *server) error {
	many := oneEach(min(60_000, 20*r.o.Services))
	alone := oneEach(many.load.Results / 4)
	alone.about, alone.load.Connections = "one after the other", 1
	if err := r.sendShape(ctx, s, alone); err != nil {
		return err
	}
	before, _ := memory(s.pids[0])
	idle := target.NSCAIdle{Port: s.port(many.load.Method), Connections: nscaIdle, Sources: many.load.Sources}
	r.say("%s: %s connections that say nothing", s.name, thousands(idle.Connections))
	c, err := start(ctx, targetListens, r.o.Program, "bench", "target", idle.Name())
	if err != nil {
		return err
	}
	defer c.stop()
	if _, err := c.said(ctx); err != nil {
		return err
	}
	with, _ := memory(s.pids[0])
	for _, shape := range []shape{many, alone} {
		shape.about += fmt.Sprintf(", beside %s idle", thousands(idle.Connections))
		if err := r.sendShape(ctx, s, shape); err != nil {
			return err
		}
	}
	still, err := sentBy(ctx, c)
	if err != nil {
		return err
	}
	after, peak := memory(s.pids[0])
	r.notes = append(r.notes, fmt.Sprintf("idle connections: %s of %s held from the beginning to the end; memory %.0f MB before them, %.0f with them, %.0f after the senders beside them, %.0f at most in the whole run.",
		thousands(int(still)), thousands(idle.Connections), float64(before)/1e6, float64(with)/1e6, float64(after)/1e6, float64(peak)/1e6))
	return nil
}

// nscaFloor sends one result a connection to a server that greets, reads and closes, and does nothing else: what is between its rate and an
// engine's is the engine's, what is above it nobody reaches on this machine with this sender beside.
func (r *run) nscaFloor(ctx context.Context) error {
	c, err := start(ctx, targetListens, r.o.Program, "bench", "target", target.NSCAFloor)
	if err != nil {
		return err
	}
	defer c.stop()
	text, err := c.said(ctx)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("the port of %s: %w", target.NSCAFloor, err)
	}
	return r.sendShape(ctx, &server{
		name: "a server that does nothing else", pids: []int{c.pid}, port: func(packet.Method) int { return port },
		counted: func(ctx context.Context) (int64, int64, error) {
			n, err := sentBy(ctx, c)
			return n, n, err
		},
	}, oneEach(min(60_000, 20*r.o.Services)))
}
