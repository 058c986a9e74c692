package service

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// checkMKKind is the agent itself: its version, and what it says of its own troubles.
func checkMKKind() Kind {
	return Kind{
		Name:     "check_mk",
		Sections: []string{"check_mk"},
		Discover: func(*Input) []Found { return []Found{{Description: "Check_MK Agent"}} },
		Check:    checkAgent,
		Takes: map[string]string{
			"version": "the version that the agent should have: 2.3.0p10, >=2.2 or ~REGEX",
			"python":  "STATE when plugins need a Python that is not there (warning)",
		},
	}
}

func checkAgent(in *Input, r *Report) {
	fields := map[string]string{}
	for _, columns := range in.first("check_mk").Rows() {
		line := strings.Join(columns, " ")
		if key, value, ok := strings.Cut(line, ":"); ok {
			fields[key] = strings.TrimSpace(value)
		}
	}
	version := fields["Version"]
	judgeVersion(in, r, version)
	for _, f := range []struct{ key, label string }{{"AgentOS", "OS"}, {"OSName", "system"}, {"OSVersion", "release"}} {
		if fields[f.key] != "" {
			r.OK(f.label + ": " + fields[f.key])
		}
	}
	python := in.StateOf(r, "python", monitor.Warning)
	if reason := fields["FailedPythonReason"]; reason != "" {
		r.Say(python, "plugins cannot run: "+reason)
	}
	for _, key := range []string{"Hostname", "OnlyFrom", "AgentController", "AgentControllerStatus"} {
		if fields[key] != "" {
			r.Detail(key + ": " + fields[key])
		}
	}
}

func judgeVersion(in *Input, r *Report, version string) {
	if version == "" {
		r.Say(monitor.Unknown, "the agent does not say its version")
		return
	}
	want, given := in.Options["version"]
	fits := true
	if least, ok := strings.CutPrefix(want, ">="); ok {
		fits = !older(version, least)
	} else if given {
		p, _ := in.matching(r, "version")
		fits = p.matches(version)
	}
	if !fits {
		r.Say(monitor.Warning, "Version: "+version+" (expected "+want+")")
		return
	}
	r.OK("Version: " + version)
}

// older compares versions as Checkmk writes them: 2.3.0i1 is before 2.3.0b1, that before 2.3.0, and that before 2.3.0p1. A date
// behind a dash is not looked at.
func older(a, b string) bool { return slices.Compare(versionParts(a), versionParts(b)) < 0 }

// versionParts gives numbers that compare as the version does.
func versionParts(version string) []int {
	version, _, _ = strings.Cut(version, "-")
	var parts []int
	stage := 2
	for version != "" {
		n, digits := 0, 0
		for digits < len(version) && digits < 9 && version[digits] >= '0' && version[digits] <= '9' {
			n = n*10 + int(version[digits]-'0')
			digits++
		}
		if digits > 0 {
			parts = append(parts, n)
			version = version[digits:]
			continue
		}
		if at := strings.IndexByte("ib.p", version[0]); version[0] != '.' && at >= 0 {
			stage = at
			// What follows is the number of an innovation, a beta or a patch; the numbers before it are three.
			for len(parts) < 3 {
				parts = append(parts, 0)
			}
			parts = append(parts, stage)
		}
		version = version[1:]
	}
	for len(parts) < 3 {
		parts = append(parts, 0)
	}
	if stage == 2 {
		parts = append(parts[:3:3], 2)
	}
	return parts
}
