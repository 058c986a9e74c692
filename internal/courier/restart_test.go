package courier_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
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
