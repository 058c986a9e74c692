package bus_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/onbu/onbu/internal/bus"
)

var errElection = errors.New("JetStream system temporarily unavailable")

// voting is a bus that knows which of its errors pass.
type voting struct{}

func (voting) Passing(err error) bool { return errors.Is(err, errElection) }

func TestWhatPassesIsToldWithoutTheWordsOfTheBus(t *testing.T) {
	for _, c := range []struct {
		err  error
		away bool
	}{
		{fmt.Errorf("listing HB: %w", context.DeadlineExceeded), true},
		{fmt.Errorf("listing HB: %w", errElection), true},
		{context.Canceled, false},
		{bus.ErrUnprepared, false},
		{nil, false},
	} {
		got := bus.Plain(voting{}, c.err)
		if _, away := errors.AsType[*bus.Away](got); away != c.away || !errors.Is(got, c.err) {
			t.Errorf("%v: got %v", c.err, got)
		}
		if again := bus.Plain(voting{}, got); !errors.Is(again, got) {
			t.Errorf("%v: a second time %v", c.err, again)
		}
	}
}
