package service

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// showBytes writes a size with the unit that leaves at most four digits before the point.
func showBytes(v float64) string {
	const names = "KMGTPE"
	if math.Abs(v) < 1024 {
		return strconv.FormatFloat(v, 'f', 0, 64) + " B"
	}
	i := -1
	for math.Abs(v) >= 1023.995 && i < len(names)-1 {
		v /= 1024
		i++
	}
	return fmt.Sprintf("%.2f %ciB", v, names[i])
}

// showByteRate writes bytes in a second.
func showByteRate(v float64) string { return showBytes(v) + "/s" }

// showPercent writes percents with two places.
func showPercent(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + "%" }

// showCount writes a number without places.
func showCount(v float64) string { return strconv.FormatFloat(v, 'f', 0, 64) }

// showPerSecond writes how often something happens in a second.
func showPerSecond(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + "/s" }

// showSpan writes seconds in the two largest units that matter.
func showSpan(v float64) string {
	switch {
	case v == 0:
		return "0 s"
	case math.Abs(v) < 1e-3:
		return fmt.Sprintf("%.0f µs", v*1e6)
	case math.Abs(v) < 1:
		return fmt.Sprintf("%.2f ms", v*1e3)
	case math.Abs(v) < 60:
		return fmt.Sprintf("%.1f s", v)
	case math.Abs(v) > math.MaxInt64/float64(time.Second):
		return fmt.Sprintf("%.0f s", v)
	}
	s := int64(v)
	for _, u := range []struct {
		of, rest         int64
		name, restNaming string
	}{{86400, 3600, "d", "h"}, {3600, 60, "h", "min"}} {
		if s >= u.of || s <= -u.of {
			return fmt.Sprintf("%d %s %d %s", s/u.of, u.name, max(s, -s)%u.of/u.rest, u.restNaming)
		}
	}
	return fmt.Sprintf("%d min %d s", s/60, max(s, -s)%60)
}

// showTwo writes a number with two places.
func showTwo(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
