package service

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// jobKind is what mk-job wrote down about the last run of a cron job.
func jobKind() Kind {
	return Kind{
		Name:     "job",
		Sections: []string{"job"},
		Discover: func(in *Input) []Found {
			var found []Found
			for _, j := range jobsOf(in.first("job")) {
				if _, done := j.values["exit_code"]; done {
					found = append(found, Found{Item: j.name, Description: "Job " + j.name})
				}
			}
			return found
		},
		Check: checkJob,
		Takes: map[string]string{
			"ok":      "exit codes that are fine, parted by commas (0)",
			"runtime": "WARN,CRIT for how long the last run took",
			"running": "WARN,CRIT for how long a run that is not over takes",
		},
	}
}

// job is the last run of a job, and those that are not over.
type job struct {
	name    string
	values  map[string]float64 // by their names, times in seconds; start_time since 1970
	running []float64          // when they began, the oldest first
}

// jobsOf reads "==> NAME <==" and the lines behind it. NAME.PIDrunning is a run that is not over, if it has a start and nothing
// else; with more it was killed, and counts as the last run if it began after the one that is noted.
func jobsOf(s *section.Section) []*job {
	var all named[job]
	get := func(name string) *job {
		j, fresh := all.get(name)
		if fresh {
			j.name, j.values = name, map[string]float64{}
		}
		return j
	}
	name, running, values := "", false, map[string]float64{}
	finish := func() {
		switch began, ok := values["start_time"]; {
		case name == "":
		case running && ok && len(values) == 1:
			j := get(name)
			j.running = append(j.running, began)
		case running && !(ok && began > get(name).values["start_time"]):
		default:
			get(name).values = values
		}
		values = map[string]float64{}
	}
	for _, columns := range s.Rows() {
		if columns[0] == "==>" && columns[len(columns)-1] == "<==" && len(columns) >= 3 {
			finish()
			name, running = jobName(strings.Join(columns[1:len(columns)-1], " "))
			continue
		}
		if len(columns) == 2 {
			if v, ok := jobValue(columns[0], columns[1]); ok {
				values[columns[0]] = v
			}
		}
	}
	finish()
	for _, j := range all.all {
		slices.Sort(j.running)
	}
	return all.all
}

// jobName takes .PIDrunning off.
func jobName(text string) (name string, running bool) {
	at := strings.LastIndexByte(text, '.')
	if at > 0 && strings.HasSuffix(text, "running") {
		return text[:at], true
	}
	return text, false
}

func jobValue(key, text string) (float64, bool) {
	if key != "real_time" {
		return numeral(text)
	}
	v := clock(text)
	return v, !math.IsNaN(v)
}

func checkJob(in *Input, r *Report) {
	j, ok := pick(in, r, "job", jobsOf(in.first("job")), func(j *job) string { return j.name })
	if !ok {
		return
	}
	ages, runtimes, runnings := in.Levels(r, None()), in.Pair(r, "runtime", None()), in.Pair(r, "running", None())
	code, done := j.values["exit_code"]
	switch {
	case done:
		judgeExit(in, r, code)
	case len(j.running) > 0:
		r.OK("the first run is not over")
	default:
		r.Say(monitor.Unknown, "the agent knows only a part of the last run")
	}
	if took, ok := j.values["real_time"]; ok {
		r.Measure("Real time", Measured("real_time", took, "s").By(runtimes).Within(0, math.NaN()), showSpan)
	}
	now := float64(in.Now.Unix())
	if len(j.running) > 0 {
		r.Judge(fmt.Sprintf("%d running, the oldest for", len(j.running)), max(now-j.running[0], 0), runnings, showSpan)
	}
	// A job that runs again and again though no run ends well is not old: its newest start counts.
	if began := append([]float64{j.values["start_time"]}, j.running...); slices.Max(began) > 0 {
		age := max(now-slices.Max(began), 0)
		r.Measure("Job age", Measured("job_age", age, "s").By(ages).Within(0, math.NaN()), showSpan)
	}
	jobMetrics(r, j)
}

// judgeExit says how the last run ended.
func judgeExit(in *Input, r *Report, code float64) {
	state := monitor.Critical
	fine, ok := in.Options["ok"]
	if !ok {
		fine = "0"
	}
	if slices.Contains(strings.Split(fine, ","), showCount(code)) {
		state = monitor.OK
	}
	r.Say(state, "Latest exit code: "+showCount(code))
}

func jobMetrics(r *Report, j *job) {
	for _, m := range []struct {
		key, name, unit string
		scale           float64
	}{
		{"user_time", "user_time", "s", 1},
		{"system_time", "system_time", "s", 1},
		{"reads", "reads", "", 1},
		{"writes", "writes", "", 1},
		{"max_res_kbytes", "max_res_bytes", "B", 1024},
		{"avg_mem_kbytes", "avg_mem_bytes", "B", 1024},
		{"vol_context_switches", "vol_context_switches", "", 1},
		{"invol_context_switches", "invol_context_switches", "", 1},
	} {
		if v, ok := j.values[m.key]; ok {
			r.Metric(Measured(m.name, v*m.scale, m.unit).Within(0, math.NaN()))
		}
	}
}
