package sites

import (
	"errors"
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
)

// What has the places of payloads that a bus lost is not to be forgotten when the other side has stored those.
func TestADrainBreaksOffWhereTheStreamGivesPlacesAgain(t *testing.T) {
	r := &room{s: New(Options{Name: "r", Boot: "b"}), m: membus.New().Connect("test")}
	d := &drain{p: newRemote(r, "paris", func() {}), room: roomStart}
	letters := func(seqs ...uint64) (batch []bus.Msg) {
		for _, seq := range seqs {
			batch = append(batch, bus.Msg{Subject: "pbo.a.b.c", Seq: seq})
		}
		return batch
	}
	for _, batch := range [][]bus.Msg{letters(97, 98), letters(99, 100)} {
		if err := d.take(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.take(t.Context(), letters(90, 91)); !errors.Is(err, errBackward) {
		t.Errorf("it goes on: %v", err)
	}
	if last := d.out[len(d.out)-1].last; last != 100 {
		t.Errorf("the last parcel has what was stored up to %d", last)
	}
}
