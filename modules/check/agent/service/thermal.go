package service

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// thermalKind is the temperatures that the kernel of a Linux host knows.
func thermalKind() Kind {
	return Kind{
		Name:     "lnx_thermal",
		Sections: []string{"lnx_thermal"},
		Discover: func(in *Input) []Found {
			var found []Found
			for _, z := range zonesOf(in.first("lnx_thermal")) {
				// A zone that is exactly at nought is one that does not work.
				if z.celsius != 0 {
					found = append(found, Found{Item: z.name, Description: "Temperature " + z.name})
				}
			}
			return found
		},
		Check: checkThermal,
	}
}

// zone is a thermal zone.
type zone struct {
	name    string
	celsius float64
	trips   Levels // the kernel's own
}

// zonesOf reads ZONE|MODE|TYPE|TEMPERATURE|TRIP|KIND|…, of which MODE is missing with some kernels.
func zonesOf(s *section.Section) []zone {
	var all []zone
	for _, columns := range s.Rows() {
		at := slices.IndexFunc(columns[1:], func(c string) bool { _, ok := numeral(c); return ok }) + 1
		if at < 2 {
			continue
		}
		v, _ := numeral(columns[at])
		z := zone{name: zoneName(columns[0]), celsius: degrees(v), trips: None()}
		for i := at + 1; i+1 < len(columns); i += 2 {
			trip, ok := numeral(columns[i])
			trip = degrees(trip)
			switch {
			case !ok || trip <= 0:
			case columns[i+1] == "hot" || columns[i+1] == "passive" || columns[i+1] == "active":
				if !(z.trips.Warn.Upper <= trip) {
					z.trips.Warn.Upper = trip
				}
			case columns[i+1] == "critical":
				z.trips.Crit.Upper = trip
			}
		}
		all = append(all, z)
	}
	return all
}

func zoneName(name string) string {
	if n, ok := strings.CutPrefix(name, "thermal_zone"); ok {
		return "Zone " + n
	}
	return name
}

// degrees turns thousandths into degrees; old kernels say degrees.
func degrees(v float64) float64 {
	if v >= 1000 || v <= -1000 {
		return v / 1000
	}
	return v
}

func checkThermal(in *Input, r *Report) {
	z, ok := pick(in, r, "thermal zone", zonesOf(in.first("lnx_thermal")), func(z zone) string { return z.name })
	if !ok {
		return
	}
	show := func(v float64) string { return string(appendNumber(nil, v)) + " °C" }
	// 70 and 80 °C are Checkmk's; what the hardware says of itself is better.
	levels := in.Levels(r, z.trips.Or(Upper(70, 80)))
	r.Measure("Temperature", Measured("temp", z.celsius, "").By(levels), show)
	if z.celsius == 0 {
		r.Say(monitor.Unknown, "the sensor does not work")
	}
}
