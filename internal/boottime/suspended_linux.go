package boottime

import (
	"time"

	"golang.org/x/sys/unix"
)

const (
	// grain is how finely a suspension is measured: two clocks cannot be read at one moment.
	grain = 100 * time.Millisecond
	// near is how far apart two readings of one clock may be for the one between them to be of the same moment.
	near  = time.Millisecond
	tries = 3
)

// suspended is how far CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC, which is the one that package time uses.
func suspended() time.Duration {
	var ahead time.Duration
	for range tries {
		before, boot, after := read(unix.CLOCK_MONOTONIC), read(unix.CLOCK_BOOTTIME), read(unix.CLOCK_MONOTONIC)
		ahead = boot - before
		if after-before < near {
			break
		}
	}
	return ahead.Round(grain)
}

// read reads a clock; both of these are there on every Linux that Go runs on.
func read(clock int32) time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(clock, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
