package receiver

import (
	"context"
	"testing"
	"testing/synctest"
)

func TestOneSourceTakesItsShareOfTheRoomOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r room
		enter := func(source string, bytes int) chan error {
			done := make(chan error, 1)
			go func() { done <- r.enter(t.Context(), source, bytes) }()
			synctest.Wait()
			return done
		}
		entered := func(done chan error) bool {
			select {
			case err := <-done:
				return err == nil
			default:
				return false
			}
		}
		if !entered(enter("flood", roomShare)) {
			t.Fatal("a source does not get its share")
		}
		waits := enter("flood", 1)
		if entered(waits) {
			t.Error("a source gets more than its share")
		}
		if !entered(enter("other", roomShare)) {
			t.Error("a source that floods holds another one up")
		}
		r.leave("flood", roomShare)
		synctest.Wait()
		if !entered(waits) {
			t.Error("who waits does not get in when there is room")
		}
		if !entered(enter("huge", 1)) || entered(enter("huge", 2*roomBytes)) {
			t.Error("more than the room enters beside others")
		}
		if len(r.of) != 3 || r.used != roomShare+2 {
			t.Errorf("%d sources hold %d bytes", len(r.of), r.used)
		}
	})
}

func TestWhoWaitsForRoomCanGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r room
		if err := r.enter(t.Context(), "a", roomShare); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.enter(ctx, "a", 1); err == nil {
			t.Error("entered")
		}
		r.leave("a", roomShare)
		if len(r.of) != 0 || r.used != 0 {
			t.Errorf("%v is left", r.of)
		}
	})
}
