package service

import (
	"math"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// chronyKind is how far a clock is from NTP time, by `chronyc tracking`.
func chronyKind() Kind {
	return Kind{
		Name:     "chrony",
		Sections: []string{"chrony"},
		Discover: func(in *Input) []Found {
			c := chronyOf(in.first("chrony"))
			if len(c.fields) == 0 && (c.trouble == "" || in.Sections.Get("ntp") != nil) {
				return nil
			}
			return []Found{{Description: "NTP Time"}}
		},
		Check: checkChrony,
		Takes: map[string]string{
			"stratum": "WARN,CRIT for the stratum (10,10)",
			"sync":    "WARN,CRIT for the time since the last synchronisation (30m,60m)",
			"stale":   staleHelp,
		},
	}
}

// chronyData is "Key : value" lines, or a sentence of trouble.
type chronyData struct {
	fields  map[string]string
	trouble string
	at      time.Time
	valid   time.Duration
}

func chronyOf(s *section.Section) chronyData {
	c := chronyData{fields: map[string]string{}}
	for part, columns := range s.Rows() {
		line := strings.Join(columns, " ")
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			c.trouble = line
			continue
		}
		c.fields[strings.TrimSpace(key)] = strings.TrimSpace(value)
		c.at, c.valid = part.At, part.Valid
	}
	return c
}

func checkChrony(in *Input, r *Report) {
	c := chronyOf(in.first("chrony"))
	offset, stratum, sync := in.Levels(r, Upper(0.2, 0.5)), in.Pair(r, "stratum", Upper(10, 10)), in.Pair(r, "sync", Upper(1800, 3600))
	if len(c.fields) == 0 {
		if c.trouble == "" {
			r.Say(monitor.Unknown, "the agent shows nothing of chrony")
			return
		}
		r.Say(monitor.Critical, c.trouble)
		return
	}
	_, server, _ := strings.Cut(c.fields["Reference ID"], " ")
	if server = strings.Trim(server, "() "); server == "" {
		r.Say(monitor.Warning, "no NTP server can be reached")
	} else {
		r.OK("Server: " + server)
	}
	if v, rest, ok := leading(c.fields["System time"]); ok && strings.HasPrefix(rest, " seconds") {
		judgeOffset(r, math.Abs(v), offset)
	}
	if v, ok := numeral(c.fields["Stratum"]); ok {
		r.Measure("Stratum", Measured("stratum", v, "").By(stratum), showCount)
	}
	if at, err := time.Parse(time.ANSIC, strings.Join(strings.Fields(c.fields["Ref time (UTC)"]), " ")); err == nil && at.Unix() > 0 {
		judgeSync(in, r, at, sync)
	}
	if leap := c.fields["Leap status"]; leap == "Not synchronised" {
		r.Say(monitor.Warning, "not synchronised")
	}
	in.age(r, "chrony", c.at, c.valid)
}

// judgeOffset says how far a clock is off, in seconds.
func judgeOffset(r *Report, off float64, levels Levels) {
	r.Measure("Offset", Measured("offset", off, "s").By(levels), showSpan)
}

// judgeSync says when a clock was synchronised.
func judgeSync(in *Input, r *Report, at time.Time, levels Levels) {
	passed := in.Now.Sub(at).Seconds()
	if passed < 0 {
		r.OK("last synchronised " + showSpan(-passed) + " in the future, as it seems")
		passed = 0
	}
	r.Watch("Time since last sync", passed, levels, showSpan)
	r.Metric(Measured("last_sync_time", passed, "s").By(levels).Within(0, math.NaN()))
}

// judgeNoSync says for how long nothing was heard of a synchronisation: since the first look that saw none.
func judgeNoSync(in *Input, r *Report, key string, synced bool, levels Levels) {
	value := 0.0
	if synced {
		value = 1
	}
	lasts := in.Counters.Since(key, value, in.Now)
	if synced {
		return
	}
	r.Judge("not synchronised for", lasts.Seconds(), levels, showSpan)
}
