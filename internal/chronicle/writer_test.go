package chronicle_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/wire"
)

// pen is a writer at work on a bus in memory.
type pen struct {
	*chronicle.Writer
	bus bus.Conn
	log strings.Builder
	// lift ends the writer and waits for it.
	lift func()
}

func write(t *testing.T, node string, on *membus.Bus) *pen {
	p := &pen{bus: on.Connect(node)}
	p.Writer = chronicle.NewWriter(chronicle.Options{Bus: p.bus, Node: node, Boot: "boot-" + node, Log: slog.New(slog.NewTextHandler(&p.log, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Run(ctx)
	}()
	p.lift = func() {
		cancel()
		<-ended
	}
	return p
}

// stored gives every entry in the stream as text.
func stored(t *testing.T, c bus.Conn) (all []string) {
	t.Helper()
	extent, err := c.Extent(t.Context(), bus.LOG, 0)
	if err != nil {
		t.Fatal(err)
	}
	if extent.Last == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var d wire.Decoder
	_ = c.Read(ctx, bus.Cursor{Stream: bus.LOG}, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			batch, err := wire.DecodeBatch[wire.Deed](&d, m.Data, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range batch {
				all = append(all, fmt.Sprintf("%s/%s %s: %s: %s", e.Node, e.Role, e.Kind, e.About, e.Why))
			}
			if m.Seq == extent.Last {
				cancel()
			}
		}
		return nil
	})
	return all
}

func TestEveryEntryIsStoredInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := membus.New()
		p := write(t, "one", on)
		if err := p.bus.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.For("scheduler").Tell("shard-taken", "shard 3", "its owner two is dead")
		p.For("").Tell("bus-back", "bus", "after 3s")
		synctest.Wait()
		p.For("poller").Tell("log\n\xff", "a", "b")
		p.lift()
		want := []string{"one/scheduler shard-taken: shard 3: its owner two is dead", "one/ bus-back: bus: after 3s", "one/poller log\n\xff: a: b"}
		if diff := cmp.Diff(want, stored(t, p.bus)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhileTheBusIsAwayTheMiddleGoesAndItIsSaidHowMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		on := membus.New()
		p := write(t, "one", on)
		synctest.Wait()
		tell := p.For("scheduler")
		tell("begin", "", "") // this one is on its way already, and waits for its stream
		synctest.Wait()
		for i := range 2000 {
			tell("k", "", fmt.Sprint(i))
		}
		if err := p.bus.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.lift()
		got := stored(t, p.bus)
		if len(got) != 1+1024+1 {
			t.Fatalf("got %d entries", len(got))
		}
		at := func(i int, want string) {
			if !strings.Contains(got[i], want) {
				t.Errorf("entry %d: got %q, want %q", i, got[i], want)
			}
		}
		at(0, "begin")
		at(1, ": 0")
		at(512, ": 511")
		at(513, "log-gap: cluster log: 976 entries are missing here")
		at(514, ": 1488")
		at(1025, ": 1999")
	})
}

func TestWhatCannotBeStoredBeforeTheEndIsInTheProcessesLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := write(t, "one", membus.New()) // nobody prepares it
		p.For("arbiter").Tell("lead-taken", "arbiter", "nobody led")
		began := time.Now()
		p.lift()
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("the end took %s", took)
		}
		if got := p.log.String(); !strings.Contains(got, "role=arbiter kind=lead-taken about=arbiter why=\"nobody led\"") {
			t.Errorf("the log has %q", got)
		}
	})
}
