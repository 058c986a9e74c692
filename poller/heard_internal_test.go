package poller

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/wire"
)

func TestAPollerTellsWhichBatchesItNeverGot(t *testing.T) {
	var h heard
	now := time.Now()
	base := uint64(now.UnixNano())
	for _, n := range []uint64{3, 4, 7, 8, 10} {
		h.note(base+n, now)
	}
	h.note(0, now)      // of a scheduler that counts none
	h.note(base+4, now) // late
	want := wire.Heard{First: base + 3, Last: base + 10, Missed: []wire.Span{{From: base + 5, To: base + 6}, {From: base + 9, To: base + 9}}}
	if diff := cmp.Diff(want, h.tell(now)); diff != "" {
		t.Error(diff)
	}
	if got := h.tell(now.Add(missedFor + 1)); got.Missed != nil {
		t.Errorf("what was missed long ago is still told: %v", got)
	}
	for n := range uint64(3 * mostMissed) {
		h.note(base+100+2*n, now)
	}
	if got := h.tell(now); len(got.Missed) != mostMissed {
		t.Errorf("%d gaps are told, want %d at most", len(got.Missed), mostMissed)
	}
	for _, begun := range []uint64{base + 2*restarted, base + 5} {
		h.note(begun, now)
		if diff := cmp.Diff(wire.Heard{First: begun, Last: begun}, h.tell(now)); diff != "" {
			t.Error("of a scheduler that counts from elsewhere: ", diff)
		}
	}
}
