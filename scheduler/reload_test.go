package scheduler_test

import (
	"testing"
	"time"
)

// Checks that wait for room when the configuration changes are not forgotten until they are overdue.
func TestChecksThatWaitDuringAReloadAreMadeAsSoonAsThereIsRoom(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(10, 5, time.Minute))
		s := w.scheduler("s1")
		time.Sleep(90 * time.Second) // all is due, and nobody is there
		w.enforce(inventory(10, 5, time.Minute))
		time.Sleep(time.Second)
		p := w.poller("p1", 1000)
		time.Sleep(5 * time.Second)
		if ran := w.fake.starts(); len(ran) < 50 {
			t.Errorf("%d of 50 services that were due before the reload have been checked", len(ran))
		}
		p.stop()
		s.stop()
	})
}
