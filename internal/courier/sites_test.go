package courier_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
)

// What another site has was forgotten here; it still learns that its hosts are left out, and that the source fell silent.
func TestASiteIsToldThatASourceHasNothingForItAnyMore(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1")
		w.site("north", 1, "vm2")
		word := []string{string(bus.OutboundSource("north", "esx1", ""))}
		sent := func() {
			w.t.Helper()
			if err := w.bus.Forget(w.t.Context(), bus.PBO, bus.AllOutbound(), 1<<40); err != nil {
				w.t.Fatal(err)
			}
		}
		w.deliver("esx1", ago(3*time.Minute), "vm1", "a", "vm2", "b")
		sent()
		w.deliver("esx1", ago(2*time.Minute), "vm1", "a")
		w.want(w.stored(bus.PBO), word)
		sent()
		w.deliver("esx1", ago(time.Minute), "vm1", "a")
		w.want(w.stored(bus.PBO), nil)
		w.deliver("esx1", ago(50*time.Second), "vm2", "b")
		sent()
		w.deliver("esx1", ago(0))
		w.want(w.stored(bus.PBO), word)
	})
}
