package courier_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/courier"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

func TestWhatAnotherSiteSaysOfASourceTouchesNoneOfThisSite(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1")
		w.deliver("esx1", ago(0), "vm1", "a")
		if _, err := w.courier.Keep(w.t.Context(), nil, []monitor.Source{{Name: "esx1", Site: "north", At: ago(0), Newest: ago(-100 * 365 * 24 * time.Hour)}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		w.want(w.read("vm1", ""), []string{"esx1 a: " + fine + "'esx1'"})
		w.deliver("esx1", ago(0), "vm1", "b")
		time.Sleep(3 * time.Second)
		w.want(w.read("vm1", ""), []string{"esx1 b: " + fine + "'esx1'"})
		if _, err := w.courier.Keep(w.t.Context(), nil, []monitor.Source{{Name: "esx1", At: ago(0)}}); err == nil {
			t.Error("a source of this site came from another one")
		}
	})
}

func TestPayloadsOfTwoSourcesOfOneNameAreKeptApart(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1")
		w.deliver("localhost", ago(0), "vm1", "here")
		time.Sleep(10 * time.Second)
		at := ago(0)
		keep := func(payloads ...monitor.Payload) {
			t.Helper()
			if _, err := w.courier.Keep(w.t.Context(), payloads, []monitor.Source{{Name: "localhost", Site: "paris", At: at}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
		}
		keep()
		w.want(w.read("vm1", ""), []string{"localhost here: " + fine + "'localhost'"})
		keep(monitor.Payload{Target: "vm1", Source: "localhost", Site: "paris", At: at, Data: []byte("there")})
		w.want(w.read("vm1", ""), []string{"localhost here: " + fine + "'localhost'", "localhost there: " + fine + "'localhost'"})
		w.want(w.told(), []string{"vm1", "vm1"})
	})
}

func TestPayloadsOfAnotherSiteGoToNoThird(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1")
		p := monitor.Payload{Target: "vm1", Source: "esx1", Site: "paris", At: ago(0), Data: []byte("a")}
		if _, err := w.courier.Keep(w.t.Context(), []monitor.Payload{p}, nil); err != nil {
			t.Fatal(err)
		}
		w.site("rome", 1, "vm1")
		w.configure(monitor.Piggyback{})
		w.want(w.stored(bus.PBO), nil)
		w.configure(monitor.Piggyback{}, "vm1")
		w.want(w.read("vm1", ""), []string{"esx1 a: Piggyback data not updated by source 'esx1'"})
	})
}

// The clock of a poller was a day ahead for one output: the bus holds what it wrote then.
func TestAClockThatWasAheadHoldsNothingUp(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1", "vm2")
		w.fromTheFuture("esx1", 24*time.Hour, "vm1", "vm2")
		const ahead = "Piggyback data from source 'esx1' are of a time yet to come (in 1 day, 0:00:00): compare the clocks of the pollers"
		w.want(w.read("vm1", ""), []string{"esx1 ahead: " + ahead})
		w.deliver("esx1", ago(0), "vm1", "true")
		w.want(w.read("vm1", ""), []string{"esx1 true: " + fine + "'esx1'"})
		w.want(w.read("vm2", ""), []string{"esx1 ahead: " + ahead})
		time.Sleep(time.Minute)
		w.deliver("esx1", ago(0))
		time.Sleep(3 * time.Second)
		w.want(w.read("vm1", ""), []string{"esx1 true: Piggyback data not updated by source 'esx1'"})
	})
}

// fromTheFuture leaves on the bus what a poller stores whose clock is ahead.
func (w *world) fromTheFuture(source string, ahead time.Duration, targets ...string) {
	w.t.Helper()
	at := ago(-ahead)
	letters := []bus.Letter{{Subject: bus.SourceOf(source, ""), Data: wire.Marshal(monitor.Source{Name: source, At: at, Newest: at, Targets: uint32(len(targets))})}}
	for _, target := range targets {
		p := monitor.Payload{Target: target, Source: source, At: at, Data: []byte("ahead")}
		letters = append(letters, bus.Letter{Subject: bus.PayloadFor(target, source), Data: wire.AppendPayload(nil, &p)})
	}
	_, err := w.bus.Post(w.t.Context(), letters)
	w.must(err)
}

func TestNothingIsStoredWithATimeThatIsYetToCome(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1")
		w.deliver("esx1", ago(-time.Hour), "vm1", "a")
		w.want(w.read("vm1", ""), []string{"esx1 a: " + fine + "'esx1'"})
		at := ago(-30 * time.Minute)
		_, err := w.courier.Keep(w.t.Context(),
			[]monitor.Payload{{Target: "vm1", Source: "esx2", Site: "paris", At: at, Data: []byte("b")}}, []monitor.Source{{Name: "esx2", Site: "paris", At: at}})
		w.must(err)
		w.want(w.read("vm1", ""), []string{"esx1 a: " + fine + "'esx1'", "esx2 b: " + fine + "'esx2'"})
	})
}

func TestAnOutputThatCameTooLateIsToldOnceAMinute(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1")
		var log bytes.Buffer
		c := courier.New(courier.Options{Bus: w.bus, Metrics: metrics.NewSet(), Log: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, cancel := context.WithCancel(w.t.Context())
		ended := make(chan error)
		go func() { ended <- c.Run(ctx) }()
		w.deliver("esx1", ago(0), "vm1", "new")
		for range 10 {
			_, err := c.Deliver(w.t.Context(), modules.Delivery{Source: "esx1", At: ago(time.Hour), Blocks: []modules.Block{{Name: []byte("vm1"), Data: []byte("old")}}})
			w.must(err)
			time.Sleep(10 * time.Second)
		}
		cancel()
		w.must(<-ended)
		if got := strings.Count(log.String(), "source=esx1"); got != 2 {
			t.Errorf("told %d times in 100 s:\n%s", got, log.String())
		}
	})
}

func TestTwoOutputsOfAHostSayNothingOfEachOther(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1", "vm2")
		deliver := func(origin, target, data string) {
			t.Helper()
			d := modules.Delivery{Source: "esx1", Origin: origin, At: ago(0)}
			if target != "" {
				d.Blocks = []modules.Block{{Name: []byte(target), Data: []byte(data)}}
			}
			_, err := w.courier.Deliver(w.t.Context(), d)
			w.must(err)
			time.Sleep(3 * time.Second)
		}
		deliver("tcp", "vm1", "a")
		deliver("vsphere", "vm2", "b")
		w.want(w.read("vm1", ""), []string{"esx1 a: " + fine + "'esx1'"})
		deliver("tcp", "", "")
		w.want(w.read("vm1", ""), []string{"esx1 a: Piggyback data not updated by source 'esx1'"})
		w.want(w.read("vm2", ""), []string{"esx1 b: " + fine + "'esx1'"})
		deliver("tcp", "vm2", "c") // there is one payload for each pair
		w.want(w.read("vm2", ""), []string{"esx1 c: " + fine + "'esx1'"})
	})
}
