package perfdata

// scale is what a unit comes to in its base unit.
type scale struct {
	factor float64
	base   string
}

// Base gives the base unit of a unit, seconds or bytes or bits, and what to multiply values by; a unit that is none of theirs is its
// own. Plugins mean powers of 1024 by KB as by KiB: check_disk has printed MB for MiB since it was written.
func Base(unit string) (factor float64, base string) {
	if s := scaleOf(unit); s.factor != 0 {
		return s.factor, s.base
	}
	return 1, unit
}

func scaleOf(unit string) scale {
	const k = 1024.0
	switch unit {
	case "ns":
		return scale{1e-9, "s"}
	case "us", "µs", "μs":
		return scale{1e-6, "s"}
	case "ms":
		return scale{1e-3, "s"}
	case "min":
		return scale{60, "s"}
	case "h":
		return scale{3600, "s"}
	case "d":
		return scale{86400, "s"}
	case "KB", "kB", "KiB":
		return scale{k, "B"}
	case "MB", "MiB":
		return scale{k * k, "B"}
	case "GB", "GiB":
		return scale{k * k * k, "B"}
	case "TB", "TiB":
		return scale{k * k * k * k, "B"}
	case "PB", "PiB":
		return scale{k * k * k * k * k, "B"}
	case "Kb", "kb", "Kbit", "kbit":
		return scale{1e3, "b"}
	case "Mb", "Mbit":
		return scale{1e6, "b"}
	case "Gb", "Gbit":
		return scale{1e9, "b"}
	case "bit":
		return scale{1, "b"}
	}
	return scale{}
}
