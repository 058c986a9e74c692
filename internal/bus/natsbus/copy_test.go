package natsbus_test

import (
	"context"
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

func TestAClusterGoesOnWithWhatAServerAloneHad(t *testing.T) {
	t.Parallel()
	alone := connect(t, startServer(t, t.TempDir()), "from")
	fence := writeAll(t, alone)
	ctx, cancel := context.WithCancel(t.Context())
	err := alone.Read(ctx, bus.Cursor{Stream: bus.EV, Filter: bus.EventsOf(1), Durable: "half", Batch: 100}, func([]bus.Msg) error {
		cancel() // one batch of 301 records is used
		return nil
	})
	if ctx.Err() == nil {
		t.Fatal(err)
	}
	trio := startTrio(t)
	c := trio.connect(t, 1, "to")
	streams := 0
	if err := natsbus.Copy(t.Context(), alone, c, func(string, uint64) { streams++ }); err != nil || streams < 8 {
		t.Fatalf("copied %d streams: %v", streams, err)
	}
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	replayed := 0
	if _, err := c.Replay(t.Context(), 1, 0, func(batch []bus.Msg) error { replayed += len(batch); return nil }); err != nil || replayed != 301 {
		t.Errorf("replayed %d records, %v", replayed, err)
	}
	if last, err := c.Commit(t.Context(), fence, "next", records(1, 2)); err != nil || last != fence.Seq+303 {
		t.Errorf("committing with the fence of before: %d, %v", last, err)
	}
	if data, err := c.Blob(t.Context(), bus.SNAP, "s"); err != nil || len(data) != 2<<20 {
		t.Errorf("got a blob of %d bytes, %v", len(data), err)
	}
	rest := make(chan int, 1)
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	got := 0
	_ = c.Read(ctx, bus.Cursor{Stream: bus.EV, Filter: bus.EventsOf(1), Durable: "half", Batch: 100}, func(batch []bus.Msg) error {
		if got += len(batch); got >= 203 { // 301 less the first 100, and the two that were added
			cancel()
			rest <- got
		}
		return nil
	})
	if n := <-rest; n != 203 {
		t.Errorf("the durable reader got %d records more, want 203", n)
	}
	if err := natsbus.Copy(t.Context(), alone, c, func(string, uint64) {}); err == nil {
		t.Error("what is there already was copied over")
	}
}

func TestAStoreStaysWhatItWas(t *testing.T) {
	t.Parallel()
	o := natsbus.ServerOptions{Dir: t.TempDir(), Name: "n"}
	s, err := natsbus.StartServer(o)
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, s, "c")
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Close()
	s.Close()
	o.Cluster = &natsbus.Cluster{Listen: "127.0.0.1:0", Join: []string{"127.0.0.1:1"}}
	if s, err := natsbus.StartServer(o); err == nil {
		s.Close()
		t.Error("a cluster took the store of a server alone, and would remove what is in it")
	}
}
