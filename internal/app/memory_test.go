package app

import "testing"

func TestALargeHeapMayGatherLessGarbageThanItIsLarge(t *testing.T) {
	for live, want := range map[uint64]int{0: 100, 10 << 20: 100, 96 << 20: 100, 192 << 20: 50, 480 << 20: 20, 8 << 30: 15} {
		if got := gogc(live, heapRoom); got != want {
			t.Errorf("with %d MB live: %d, want %d", live>>20, got, want)
		}
	}
}

func TestAHeapThatIsDearToCollectGetsRoom(t *testing.T) {
	const live = 1 << 30
	room := uint64(heapRoom)
	for _, step := range []struct {
		cores float64
		want  uint64
	}{{0.5, 192 << 20}, {0.5, 384 << 20}, {0.1, 384 << 20}, {0.5, 768 << 20}, {0.5, 1 << 30}, {0.01, 512 << 20}, {0, 256 << 20}, {0, 128 << 20}, {0, 96 << 20}} {
		if room = roomFor(room, live, step.cores); room != step.want {
			t.Fatalf("after %v cores of collecting: %d MB, want %d", step.cores, room>>20, step.want>>20)
		}
	}
}

func TestOnlyMemoryThatIsNotNeededIsGivenBack(t *testing.T) {
	const mb = 1 << 20
	for _, test := range []struct {
		live, free, objects uint64
		want                bool
	}{
		{live: 20 * mb, free: 10 * mb, objects: 40 * mb},
		{live: 20 * mb, free: 40 * mb, objects: 30 * mb, want: true},
		{live: 20 * mb, free: 0, objects: 60 * mb, want: true},
		{live: 900 * mb, free: 0, objects: 990 * mb}, // the garbage of one that has much to do
		{live: 50 * mb, free: 0, objects: 40 * mb},   // after a collection
	} {
		if got := idle(test.live, test.free, test.objects); got != test.want {
			t.Errorf("%+v: got %v", test, got)
		}
	}
}
