//go:build !linux

package boottime

import "time"

// suspended is not known here: a suspension does not count.
func suspended() time.Duration { return 0 }
