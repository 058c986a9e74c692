package poller_test

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/poller"
)

// remembering is a module that knows what one host said.
type remembering struct {
	doing
	host string
	raw  []byte
}

func (r remembering) Remembered(host string) ([]byte, time.Time, bool) {
	return bytes.Clone(r.raw), time.Unix(7, 0), host == r.host
}

func TestAPollerTellsWhatAHostSaidLastPieceByPiece(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		said := bytes.Repeat([]byte("0123456789"), 100_000)
		native := []modules.Check{doing{}, remembering{host: "web", raw: said}}
		r := openAs(t, poller.Options{Slots: 1, Probes: poller.NewProbes(native, noFork{}), Remembering: poller.Remembers(native)})
		defer r.stop()
		ask := func(host string, from int) (a wire.Recalled) {
			data, err := r.bus.Request(context.Background(), bus.Remembered("p"), wire.Marshal(wire.Recall{Host: host, From: uint64(from)}))
			r.must(err)
			r.must(wire.Unmarshal(data, &a))
			return a
		}
		var got []byte
		for len(got) < len(said) {
			a := ask("web", len(got))
			if !a.Known || a.At != monitor.At(time.Unix(7, 0)) || a.Whole != uint64(len(said)) || len(a.Data) == 0 || len(a.Data) > bus.MaxMessage/2+4096 {
				t.Fatalf("from %d: known %v, at %v, %d of %d bytes", len(got), a.Known, a.At, len(a.Data), a.Whole)
			}
			got = append(got, a.Data...)
		}
		if !bytes.Equal(got, said) {
			t.Error("the pieces are not what was said")
		}
		if a := ask("web", 5_000_000); !a.Known || len(a.Data) > 0 {
			t.Errorf("behind the end: %d bytes", len(a.Data))
		}
		if a := ask("db", 0); a.Known {
			t.Error("it knows what a host said that said nothing")
		}
	})
}
