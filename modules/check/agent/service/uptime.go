package service

import (
	"math"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// uptimeKind is for how long a host has been up.
func uptimeKind() Kind {
	return Kind{
		Name:     "uptime",
		Sections: []string{"uptime"},
		Discover: func(in *Input) []Found {
			if _, ok := uptimeOf(in.first("uptime")); !ok {
				return nil
			}
			return []Found{{Description: "Uptime"}}
		},
		Check: func(in *Input, r *Report) {
			up, ok := uptimeOf(in.first("uptime"))
			if !ok {
				r.Say(monitor.Unknown, "the agent does not say the uptime")
				return
			}
			r.Measure("Up for", Measured("uptime", up, "s").By(in.Levels(r, None())).Within(0, math.NaN()), showSpan)
			r.OK("since " + in.Now.Add(-time.Duration(up*float64(time.Second))).Truncate(time.Second).Format(time.DateTime))
		},
	}
}

// uptimeOf reads seconds.
func uptimeOf(s *section.Section) (float64, bool) {
	for _, columns := range s.Rows() {
		if up, ok := numeral(columns[0]); ok && up >= 0 && up < 1e9 {
			return up, true
		}
	}
	return 0, false
}
