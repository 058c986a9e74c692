package service

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// cpuKind is the load of a host, by /proc/loadavg.
func cpuKind() Kind {
	return Kind{
		Name:     "cpu",
		Sections: []string{"cpu"},
		Discover: func(in *Input) []Found {
			if _, ok := loadOf(in.first("cpu")); !ok {
				return nil
			}
			return []Found{{Description: "CPU load"}}
		},
		Check: checkLoad,
		Takes: map[string]string{
			"percore": "yes: the levels are for each core (no; the built-in ones are)",
			"load1":   "WARN,CRIT for the load of one minute",
			"load5":   "WARN,CRIT for the load of five minutes",
		},
	}
}

// threadsKind is how many threads a host has.
func threadsKind() Kind {
	return Kind{
		Name:     "threads",
		Sections: []string{"cpu"},
		Discover: func(in *Input) []Found {
			if l, ok := loadOf(in.first("cpu")); !ok || l.threads <= 0 {
				return nil
			}
			return []Found{{Description: "Number of threads"}}
		},
		Check: checkThreads,
		Takes: map[string]string{"max": "WARN,CRIT in percent of as many threads as there can be"},
	}
}

// load is the section cpu.
type load struct {
	averages      [3]float64 // of 1, 5 and 15 minutes
	cores         float64    // at least 1
	threads, most float64    // 0 if the agent does not say
}

// loadOf reads LOAD1 LOAD5 LOAD15 RUNNING/THREADS LASTPID CORES, and a second line with as many threads as there can be.
func loadOf(s *section.Section) (load, bool) {
	l := load{cores: 1}
	found := false
	for _, columns := range s.Rows() {
		if len(columns) == 1 && found {
			l.most, _ = numeral(columns[0])
			continue
		}
		if len(columns) < 3 || found {
			continue
		}
		found = true
		for i := range l.averages {
			v, ok := numeral(columns[i])
			found = found && ok
			l.averages[i] = v
		}
		if len(columns) >= 4 {
			_, threads, _ := strings.Cut(columns[3], "/")
			l.threads, _ = numeral(threads)
		}
		if len(columns) >= 6 {
			if cores, ok := numeral(columns[5]); ok && cores >= 1 {
				l.cores = cores
			}
		}
	}
	return l, found
}

func checkLoad(in *Input, r *Report) {
	l, ok := loadOf(in.first("cpu"))
	if !ok {
		r.Say(monitor.Unknown, "the agent does not say the load")
		return
	}
	// As in Checkmk: five waiting processes for each core are a warning, ten are critical.
	levels, scale := in.Levels(r, None()), 1.0
	if in.flag(r, "percore", false) {
		scale = l.cores
	}
	if levels = levels.Scale(scale); levels.Empty() {
		levels = Upper(5, 10).Scale(l.cores)
	}
	show := func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }
	for i, name := range []string{"load1", "load5"} {
		own := in.Pair(r, name, None()).Scale(scale)
		r.Metric(Measured(name, l.averages[i], "").By(own).Within(0, math.NaN()))
		r.Watch(fmt.Sprintf("%d min load", []int{1, 5}[i]), l.averages[i], own, show)
	}
	r.Measure("15 min load", Measured("load15", l.averages[2], "").By(levels).Within(0, math.NaN()), show)
	r.OK(fmt.Sprintf("%s a core (%s)", show(l.averages[2]/l.cores), cores(l.cores)))
}

func cores(n float64) string {
	if n == 1 {
		return "1 core"
	}
	return showCount(n) + " cores"
}

func checkThreads(in *Input, r *Report) {
	l, ok := loadOf(in.first("cpu"))
	if !ok || l.threads <= 0 {
		r.Say(monitor.Unknown, "the agent does not say how many threads there are")
		return
	}
	r.Measure("Threads", Measured("threads", l.threads, "").By(in.Levels(r, Upper(2000, 4000))).Within(0, math.NaN()), showCount)
	if most := in.Pair(r, "max", None()); l.most > 0 {
		r.Watch("Of as many as there can be", 100*l.threads/l.most, most, showPercent)
		r.Metric(Measured("thread_usage", 100*l.threads/l.most, "%").By(most).Within(0, 100))
	}
}
