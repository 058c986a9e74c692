package agent

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor"
)

// ownTakes are the options of the agent's own service.
func ownTakes() map[string]string {
	return map[string]string{"version": "the version that the agent is to have: another one is a WARNING"}
}

// own tells of the agent itself, as Checkmk's services "Check_MK" and "Check_MK Agent" do.
func (w *waiter) own(r *round) monitor.Outcome {
	var report service.Report
	if r.own != nil {
		w.ofAgent(r, &report)
	}
	w.ofPayloads(r, &report)
	w.ofHost(r, &report)
	if r.own != nil && r.own.err == nil {
		w.ofGuests(r.own, &report)
	}
	w.ofSections(r, &report)
	if r.own != nil {
		report.Judge("fetched in", r.own.took.Seconds(), w.levels, func(v float64) string { return fmt.Sprintf("%.3f s", v) })
		report.Metric(service.Metric{Name: "fetch_time", Value: r.own.took.Seconds(), Unit: "s", Levels: w.levels, Min: 0, Max: w.timeout.Seconds()})
		measured(&report, "agent_bytes", "B", float64(r.own.bytes))
	}
	measured(&report, "sections", "", float64(len(r.set.Names())))
	measured(&report, "payloads", "", float64(len(r.carried.Payloads)))
	return report.Outcome()
}

func measured(report *service.Report, name, unit string, v float64) {
	report.Metric(service.Metric{Name: name, Value: v, Unit: unit, Levels: service.None(), Min: 0, Max: math.NaN()})
}

// ofAgent says whether the agent answered, and what it is.
func (w *waiter) ofAgent(r *round, report *service.Report) {
	if f, ok := r.own.err.(*failure); ok {
		report.Say(f.state, "[agent] "+f.text)
		return
	} else if r.own.err != nil {
		report.Say(monitor.Unknown, "[agent] "+r.own.err.Error())
		return
	}
	about := w.facts(r)
	text := "[agent] Success"
	if version := about["Version"]; version != "" {
		text = "[agent] Version: " + version
		if os := about["AgentOS"]; os != "" {
			text += ", OS: " + os
		}
	}
	report.OK(text)
	if r.own.guests == 0 && !r.hasOwn() {
		report.Say(monitor.Critical, "there is no section in it: is this an agent's output?")
	}
	if want := w.options["version"]; want != "" && want != about["Version"] {
		report.Say(monitor.Warning, "expected version "+want)
	}
	if about["FailedPythonReason"] != "" {
		report.Say(monitor.Warning, "the agent cannot run its Python plugins: "+about["FailedPythonReason"])
	}
	report.Detail(fmt.Sprintf("%d bytes, %s", r.own.bytes, r.own.form))
	if over := r.at.Sub(r.own.at); over >= w.fresh {
		report.Detail("the output is " + age(over) + " old: this check was made because a payload came")
	}
	if !r.whole {
		report.Say(monitor.Warning, "the output is larger than any agent's: not all sections were read")
	}
	if d := r.own.dropped; d.Sections+d.Lines > 0 {
		report.Say(monitor.Warning, fmt.Sprintf("%d sections and %d lines were left out: no agent says so much", d.Sections, d.Lines))
	}
}

// hasOwn says whether there is any section of the host's own output.
func (r *round) hasOwn() bool {
	return slices.ContainsFunc(r.set.Names(), func(name string) bool {
		return slices.ContainsFunc(r.set.Get(name).Parts, func(p section.Part) bool { return p.Source == "" })
	})
}

// facts are the lines of section check_mk.
func (w *waiter) facts(r *round) map[string]string {
	about := map[string]string{}
	s := r.set.Get("check_mk")
	if s == nil {
		return about
	}
	for _, p := range s.Parts {
		if p.Source != "" {
			continue
		}
		for _, line := range p.Lines {
			if key, value, ok := strings.Cut(line, ":"); ok {
				about[key] = strings.TrimSpace(value)
			}
		}
	}
	return about
}

// ofPayloads says what there is from other hosts.
func (w *waiter) ofPayloads(r *round, report *service.Report) {
	switch {
	case r.carriedErr != nil:
		report.Say(monitor.Unknown, "[piggyback] payloads cannot be read: "+r.carriedErr.Error())
		return
	case r.carried.Use == monitor.UseNever:
		switch {
		case r.own != nil:
		case w.module.options.Courier == nil || w.object.Host == "":
			report.Say(monitor.Unknown, "[piggyback] payloads are for hosts of a running Onbu")
		default:
			report.Say(monitor.Unknown, "[piggyback] payloads are never used for this host, and there is nothing else")
		}
		return
	case len(r.carried.Payloads) == 0 && r.carried.Use == monitor.UseExpect:
		report.Say(monitor.Warning, "[piggyback] Missing data")
	case len(r.carried.Payloads) == 0 && r.own == nil:
		report.Say(monitor.Unknown, "[piggyback] Success (but no data found for this host)")
	}
	for i := range r.carried.Payloads {
		p := &r.carried.Payloads[i]
		report.Say(p.State, "[piggyback] "+p.Text)
		where := ""
		if p.Site != "" {
			where = " of site " + p.Site
		}
		report.Detail(fmt.Sprintf("payload of %s%s: %s old, fetched %s", p.Source, where, age(r.at.Sub(p.At.Std())), p.At.Std().Format("2006-01-02 15:04:05")))
	}
}

// ofHost says that a host is DOWN of which nothing but payloads is known, and none that may be used: as the check of a host
// a WARNING would be UP, and what is outdated OK.
func (w *waiter) ofHost(r *round, report *service.Report) {
	usable := slices.ContainsFunc(r.carried.Payloads, func(p modules.CarriedPayload) bool { return p.Usable })
	if w.object.Service == "" && w.object.Host != "" && r.own == nil && !usable && r.carriedErr == nil {
		report.Say(monitor.Critical, "[piggyback] no payload that may be used")
	}
}

// ofGuests says what became of the blocks for other hosts.
func (w *waiter) ofGuests(o *ownOutput, report *service.Report) {
	if o.deliverErr != nil {
		report.Say(monitor.Warning, "payloads for other hosts are not all stored: "+o.deliverErr.Error())
	}
	if o.guests == 0 {
		return
	}
	d := &o.delivered
	text := fmt.Sprintf("payloads for %d other names: %d stored", o.guests, d.Kept)
	for _, part := range []struct {
		n    uint64
		what string
	}{
		{uint64(d.Orphans), "for hosts that nobody knows"},
		{uint64(d.Refused), "for hosts that this one may not speak for"},
		{uint64(d.Ignored) + o.dropped.Names, "with names that are none"},
		{uint64(d.Beyond) + o.dropped.Blocks, "too many"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	report.Detail(text)
	if o.dropped.Bytes+o.dropped.Blocks+o.dropped.Names > 0 {
		report.Say(monitor.Warning, fmt.Sprintf("payloads for other hosts are larger than allowed: %d bytes and %d names were left out", o.dropped.Bytes, o.dropped.Blocks+o.dropped.Names))
	}
	for _, c := range d.Conflicts {
		report.Notice(monitor.Warning, c)
	}
}

// ofSections counts what was said, and lists what nobody reads.
func (w *waiter) ofSections(r *round, report *service.Report) {
	names := r.set.Names()
	var unknown, outdated []string
	for _, name := range names {
		if !w.module.known[name] && !isAbout(name) {
			unknown = append(unknown, name)
		}
		for _, p := range r.set.Get(name).Parts {
			if over := r.at.Sub(p.At) - p.Valid; !p.At.IsZero() && over > p.Valid {
				outdated = append(outdated, fmt.Sprintf("section %s was made %s ago and should be no older than %s", name, age(r.at.Sub(p.At)), age(p.Valid)))
				break
			}
		}
	}
	switch {
	case len(names) > 0:
		report.OK(fmt.Sprintf("%d sections", len(names)))
	case r.own != nil && r.own.err == nil && r.own.guests == 0:
		report.Say(monitor.Critical, "there is no section in it: is this the output of an agent?")
	}
	for _, text := range outdated {
		report.Detail(text)
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		report.Detail(fmt.Sprintf("%d sections that no kind of service reads: %s", len(unknown), strings.Join(unknown[:min(len(unknown), 200)], " ")))
	}
}

// isAbout says whether a section is about the agent or only carries names.
func isAbout(name string) bool {
	return slices.Contains([]string{"check_mk", "checkmk_agent_plugins_lnx", "checkmk_agent_plugins_win", "cmk_agent_ctl_status", "labels"}, name)
}
