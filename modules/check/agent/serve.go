package agent

import (
	"fmt"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor"
)

// serve evaluates one service.
func (w *waiter) serve(r *round) monitor.Outcome {
	var report service.Report
	if !w.kind.Present(&r.set) {
		report.Say(monitor.Unknown, w.missing(r))
		return report.Outcome()
	}
	now := r.at
	if r.own != nil && r.own.err == nil {
		now = r.own.at
	}
	w.kind.Check(&service.Input{
		Sections: &r.set, Item: w.item, Warn: w.warn, Crit: w.crit, Options: w.options, Now: now, Counters: &w.host.counters,
	}, &report)
	if source, at := w.source(r); source != "" {
		report.Detail(fmt.Sprintf("from the output of %s, %s old", source, age(r.at.Sub(at))))
	} else if r.own != nil && r.own.err == nil && r.at.Sub(r.own.at) >= w.fresh {
		report.Detail("from the agent's output, " + age(r.at.Sub(r.own.at)) + " old: this check was made because a payload came")
	}
	return report.Outcome()
}

// source is whose output brought the section that matters; empty for the host's own.
func (w *waiter) source(r *round) (string, time.Time) {
	for _, name := range w.kind.Sections {
		if s := r.set.Get(name); s != nil {
			for i := range s.Parts {
				if s.Parts[i].Source != "" {
					return s.Parts[i].Source, s.Parts[i].Fetched
				}
			}
			return "", time.Time{}
		}
	}
	return "", time.Time{}
}

// missing says why a section is not there.
func (w *waiter) missing(r *round) string {
	text := "section " + w.kind.Sections[0] + " is not in the agent's output"
	if len(w.kind.Sections) > 1 {
		text = "none of the sections " + strings.Join(w.kind.Sections, ", ") + " is in the agent's output"
	}
	var why []string
	switch {
	case r.own != nil && r.own.err != nil:
		text = strings.Replace(text, "the agent's output", "what there is", 1)
		why = append(why, "[agent] "+r.own.err.Error())
	case r.own == nil:
		text = strings.Replace(text, "the agent's output", "the payloads", 1)
	}
	if r.carriedErr != nil {
		why = append(why, "[piggyback] "+r.carriedErr.Error())
	}
	unusable := false
	for i := range r.carried.Payloads {
		if p := &r.carried.Payloads[i]; !p.Usable {
			why, unusable = append(why, "[piggyback] "+p.Source+": "+p.Text), true
		}
	}
	if r.own == nil && r.carriedErr == nil && !unusable && len(r.carried.Payloads) == 0 {
		why = append(why, "[piggyback] there is no payload for this host")
	}
	if !r.whole {
		why = append(why, "the output is larger than any agent's, and not all of it was read")
	}
	if why != nil {
		text += ": " + strings.Join(why, ", ")
	}
	return text
}

// age writes a span in seconds, minutes or more.
func age(d time.Duration) string {
	switch d = max(d, 0); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
}
