package courier_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

func TestPayloadsOutliveARestart(t *testing.T) {
	dir := t.TempDir()
	t.Run("before", func(t *testing.T) {
		c, _ := started(t, dir, 2000)
		d := modules.Delivery{Source: "esx1", At: monitor.At(time.Now())}
		for _, name := range []string{"vm1", "vm1999", "stranger"} {
			d.Blocks = append(d.Blocks, modules.Block{Name: []byte(name), Data: guest(1, 1, 4<<10)})
		}
		if out, err := c.Deliver(t.Context(), d); err != nil || out.Kept != 2 || out.Orphans != 1 {
			t.Fatal(out, err)
		}
	})
	t.Run("after", func(t *testing.T) {
		c, b := started(t, dir, 2000)
		for _, host := range []string{"vm1", "vm1999"} {
			out, err := c.Payloads(t.Context(), host, "", 0)
			if err != nil || len(out.Payloads) != 1 || string(out.Payloads[0].Data) != string(guest(1, 1, 4<<10)) || out.Payloads[0].Text != fine+"'esx1'" {
				t.Errorf("%s: got %+v, %v", host, out, err)
			}
		}
		if all, err := b.Subjects(t.Context(), bus.PBX, bus.AllOrphans()); err != nil || len(all) != 1 {
			t.Errorf("got %q, %v", all, err)
		}
	})
}

func TestPayloadsFollowTheirHostsOnARealBus(t *testing.T) {
	c, b := started(t, t.TempDir(), 1)
	d := modules.Delivery{Source: "esx1", At: monitor.At(time.Now())}
	for i := range 300 {
		d.Blocks = append(d.Blocks, modules.Block{Name: fmt.Append(nil, "late", i), Data: guest(i, 1, 100)})
	}
	if out, err := c.Deliver(t.Context(), d); err != nil || out.Orphans != 300 {
		t.Fatal(out, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	hosts := map[string]monitor.Shard{}
	for i := range 300 {
		hosts[fmt.Sprint("late", i)] = 0
	}
	e, err := b.Get(ctx, bus.CFG, "current")
	if err == nil {
		err = b.PutBlob(ctx, bus.CFG, wire.DirectoryName(2), wire.Marshal(monitor.Directory{Generation: 2, Shards: 16, Hosts: hosts}))
	}
	if err == nil {
		_, err = b.Put(ctx, bus.CFG, "current", wire.Marshal(wire.Generation{Number: 2, Shards: 16}), e.Revision)
	}
	if err != nil {
		t.Fatal(err)
	}
	for orphans := []bus.Subject{""}; len(orphans) > 0; {
		if orphans, err = b.Subjects(ctx, bus.PBX, bus.AllOrphans()); err != nil {
			t.Fatalf("%d orphans are left: %v", len(orphans), err)
		}
	}
	for _, host := range []string{"late0", "late299"} {
		if out, err := c.Payloads(ctx, host, "", 0); err != nil || len(out.Payloads) != 1 {
			t.Errorf("%s: got %+v, %v", host, out, err)
		}
	}
}
