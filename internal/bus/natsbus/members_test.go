package natsbus_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/internal/logtest"
)

// stands asks how a bus is until that holds.
func stands(ctx context.Context, t *testing.T, c *natsbus.Conn, when string, holds func(bus.Standing) bool) {
	t.Helper()
	for {
		s := c.Standing(ctx)
		if holds(s) {
			return
		}
		if !slept(ctx) {
			t.Fatalf("%s: %+v", when, s)
		}
	}
}

func slept(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(20 * time.Millisecond):
		return true
	}
}

// Who updates a cluster stops its servers one after the other: at the first look each has to see which is away.
func TestAServerThatHasEndedIsAwayAtOnceAndOneThatBeginsHasNotEverything(t *testing.T) {
	t.Parallel()
	p := startTrio(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var conns []*natsbus.Conn
	for i := range 2 {
		conns = append(conns, p.connect(t, i, "test"))
	}
	if err := conns[0].Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	all := func(s bus.Standing) bool { return len(s.Servers) == 3 && len(s.Behind) == 0 }
	for _, c := range conns {
		stands(ctx, t, c, "at first", all)
	}
	p.stop(2)
	for _, c := range conns {
		stands(ctx, t, c, "with two", func(s bus.Standing) bool {
			if s.Leader != "" && s.Leader != "n2" && len(s.Behind) == 0 {
				t.Errorf("nobody is missed: %+v", s)
			}
			return slices.ContainsFunc(s.Behind, func(r bus.Replica) bool { return r.Server == "n2" && r.Away })
		})
	}
	p.start(t, 2)
	back := p.connect(t, 2, "test")
	stands(ctx, t, back, "back", func(s bus.Standing) bool {
		return s.Leader != "" && !slices.ContainsFunc(s.Behind, func(r bus.Replica) bool { return r.Begins })
	})
	for _, c := range append(conns, back) {
		stands(ctx, t, c, "at the end", all)
	}
}

// Nothing is wrong with servers that have keys, and that are ended in order.
func TestServersThatBeginAndEndInOrderWarnOfNothing(t *testing.T) {
	t.Parallel()
	v, err := keys.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	g := &guarded{t: t, vault: v}
	var heard logtest.Log
	p := startTrioWith(t, func(i int, o *natsbus.ServerOptions) {
		dir := filepath.Join(t.TempDir(), o.Name)
		g.hand(dir, o.Name, []string{"127.0.0.1"}, keys.Server)
		o.Keys, o.Log = g.open(dir), slog.New(slog.NewTextHandler(&heard, &slog.HandlerOptions{Level: slog.LevelWarn}))
	})
	c := p.connect(t, 0, "test")
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for shard := range uint16(8) {
		if err := c.Append(t.Context(), bus.Commands(shard), []byte("x"), ""); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		p.stop(i)
	}
	for line := range strings.Lines(heard.String()) {
		if strings.Contains(line, "assword") || strings.Contains(line, "install snapshot") {
			t.Error(line)
		}
	}
}
