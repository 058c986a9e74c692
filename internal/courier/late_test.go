package courier_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/courier"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// halting is a bus whose Post halts once before its nth call, as a poller does whose machine was paused.
type halting struct {
	bus.Conn
	calls, before int
	meanwhile     func()
}

func (h *halting) Post(ctx context.Context, letters []bus.Letter) (uint64, error) {
	if h.calls++; h.calls == h.before {
		h.meanwhile()
	}
	return h.Conn.Post(ctx, letters)
}

func TestAPollerThatGoesOnLateBringsNothingOldBack(t *testing.T) {
	// Post is called for the claim, the payloads, those of unknown hosts and the source.
	for before := 1; before <= 4; before++ {
		in(t, func(w *world) {
			w.configure(monitor.Piggyback{}, "vm1", "vm2")
			h := &halting{Conn: w.bus, before: before, meanwhile: func() { w.deliver("esx1", ago(0), "vm1", "new", "vm3", "new") }}
			late := courier.New(courier.Options{Bus: h})
			ctx, cancel := context.WithCancel(w.t.Context())
			ended := make(chan error)
			go func() { ended <- late.Run(ctx) }()
			_, err := late.Deliver(w.t.Context(), modules.Delivery{Source: "esx1", At: ago(time.Minute), Blocks: []modules.Block{
				{Name: []byte("vm1"), Data: []byte("old")}, {Name: []byte("vm2"), Data: []byte("old")}, {Name: []byte("vm3"), Data: []byte("old")},
			}})
			w.must(err)
			cancel()
			w.must(<-ended)
			if h.calls < before {
				w.t.Errorf("Post was called %d times", h.calls)
			}
			w.want(w.read("vm1", ""), []string{"esx1 new: " + fine + "'esx1'"})
			if got := w.read("vm2", ""); len(got) > 0 && got[0] != "esx1 old: Piggyback data not updated by source 'esx1'" {
				w.t.Errorf("vm2, before call %d: got %q", before, got)
			}
		})
	}
}

func TestAnUnpreparedBusHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := courier.New(courier.Options{Bus: membus.New().Connect("test"), Metrics: metrics.NewSet()})
		began := time.Now()
		_, err := c.Deliver(t.Context(), modules.Delivery{Source: "esx1"})
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != 10*time.Second {
			t.Errorf("Deliver: %v after %s", err, took)
		}
		began = time.Now()
		_, err = c.Payloads(t.Context(), "vm1", "", 0)
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != 3*time.Second {
			t.Errorf("Payloads: %v after %s", err, took)
		}
	})
}

func TestWhatIsTooLargeOrBrokenIsLeftOut(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1", "vm2")
		noise := make([]byte, 2<<20)
		_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
		out := w.deliver("esx1", ago(0), "vm1", string(bytes.Repeat([]byte("a"), wire.MaxPayload+1)), "vm2", string(noise))
		if out.Beyond != 2 || out.Kept != 0 {
			t.Errorf("got %+v", out)
		}
		_, err := w.bus.Post(w.t.Context(), []bus.Letter{{Subject: bus.PayloadFor("vm1", "x"), Data: []byte("rubbish")}})
		w.must(err)
		w.post(bus.PayloadFor("vm1", "esx1"), &monitor.Payload{Target: "vm2", Source: "esx1", Data: []byte("not mine")})
		w.want(w.read("vm1", ""), nil)
	})
}

func TestAHostWithTooManySourcesCostsNoMore(t *testing.T) {
	in(t, func(w *world) {
		w.configure(monitor.Piggyback{}, "vm1")
		for i := range 600 {
			w.post(bus.PayloadFor("vm1", fmt.Sprint("s", i)), &monitor.Payload{Target: "vm1", Source: fmt.Sprint("s", i), At: ago(0), Data: []byte("a")})
		}
		if got := w.read("vm1", ""); len(got) != 512 {
			t.Errorf("%d payloads", len(got))
		}
		big := bytes.Repeat([]byte("a"), wire.MaxPayload)
		for i := range 6 {
			w.post(bus.PayloadFor("vm2", fmt.Sprint("s", i)), &monitor.Payload{Target: "vm2", Source: fmt.Sprint("s", i), At: ago(0), Data: big})
		}
		if got := w.read("vm2", ""); len(got) != 4 {
			t.Errorf("%d payloads of 4 MiB", len(got))
		}
	})
}
