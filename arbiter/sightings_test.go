package arbiter_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

func TestOnlyTheSourceItselfTakesDynamicHostsAway(t *testing.T) {
	inDynamicWorld(t, guests("remove_after 1h"), func(w *dynamicWorld) {
		w.orphan("esx", time.Now(), "", "vm1")
		time.Sleep(3 * time.Second)
		w.payload("esx", time.Now(), "", "vm1")
		time.Sleep(5 * time.Hour)
		now := monitor.At(time.Now())
		for subject, s := range map[bus.Subject]monitor.Source{
			bus.SourceOf(bus.SourceAt("rome", "esx"), ""): {Name: "esx", Site: "rome", At: now},
			bus.SourceOf("esx", "another output"):         {Name: "esx", Origin: "another output", At: now},
		} {
			if _, err := w.started.bus.Post(t.Context(), []bus.Letter{{Subject: subject, Data: wire.Marshal(s)}}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		w.want("a", "vm1")
		ahead := monitor.Source{Name: "esx", At: now.Add(24 * time.Hour)}
		if _, err := w.started.bus.Post(t.Context(), []bus.Letter{{Subject: bus.SourceOf("esx", ""), Data: wire.Marshal(ahead)}}); err != nil {
			t.Fatal(err)
		}
		if err := w.started.bus.Forget(t.Context(), bus.PB, bus.SourceOf("esx", "another output"), 1<<40); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		w.want("a", "vm1")
	})
}
