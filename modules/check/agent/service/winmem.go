package service

import "github.com/onbu/onbu/monitor"

// checkWindowsMem judges the memory of Windows: the RAM, and what is promised to programs, which RAM and page file must hold.
func checkWindowsMem(in *Input, r *Report, m map[string]float64) {
	total, commit := m["MemTotal"], m["PageTotal"]
	levels := in.Levels(r, Upper(80, 90))
	if total <= 0 {
		r.Say(monitor.Unknown, "the agent does not say how much memory there is")
		return
	}
	used := max(total-m["MemFree"], 0)
	ram := in.Pair(r, "ram", levels)
	r.Say(judgePart("RAM", used, total, ram))
	r.Metric(Measured("mem_used", used, "B").By(ram.Of(total, true)).Within(0, total))
	if commit <= 0 {
		return
	}
	promised := max(commit-m["PageFree"], 0)
	committed := in.Pair(r, "committed", levels)
	r.Say(judgePart("Commit charge", promised, commit, committed))
	r.Metric(Measured("mem_committed", promised, "B").By(committed.Of(commit, true)).Within(0, commit))
}
