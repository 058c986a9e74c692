package app

import "testing"

func TestALargeHeapMayGatherLessGarbageThanItIsLarge(t *testing.T) {
	for live, want := range map[uint64]int{0: 100, 10 << 20: 100, 128 << 20: 100, 256 << 20: 50, 640 << 20: 20, 8 << 30: 15} {
		if got := gogc(live); got != want {
			t.Errorf("with %d MB live: %d, want %d", live>>20, got, want)
		}
	}
}
