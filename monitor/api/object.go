// Package api is the nouns of the API that a broker's process serves: what is in its JSON. Who answers and who asks use the same ones. What is in it keeps
// its name and meaning, and more may come. Moments are Unix seconds, 0 for never; durations are seconds.
package api

import "github.com/onbu/onbu/monitor"

// Object is a host or service as the API gives it. Times are Unix seconds, 0 for never; durations are seconds.
type Object struct {
	Host          string  `json:"host"`
	Service       string  `json:"service,omitempty"`
	State         string  `json:"state"`
	StateType     string  `json:"state_type"`
	Attempt       uint16  `json:"attempt"`
	MaxAttempts   uint16  `json:"max_attempts"`
	Output        string  `json:"output"`
	LongOutput    string  `json:"long_output"`
	Perfdata      string  `json:"perfdata"`
	LastCheck     float64 `json:"last_check"`
	NextCheck     float64 `json:"next_check"`
	LastChange    float64 `json:"last_state_change"`
	Latency       float64 `json:"latency"`
	Execution     float64 `json:"execution_time"`
	CheckType     string  `json:"check_type"`
	Module        string  `json:"module"`
	Poller        string  `json:"poller"`
	Acknowledged  bool    `json:"acknowledged"`
	DowntimeDepth uint16  `json:"downtime_depth"`
	Flapping      bool    `json:"flapping"`
	Notifications bool    `json:"notifications_enabled"`
	ActiveChecks  bool    `json:"active_checks_enabled"`
	Passive       bool    `json:"passive_checks_enabled"`
	// AckUntil is when the acknowledgement ends by itself; left out if it does not.
	AckUntil float64 `json:"acknowledged_until,omitempty"`
}

// ObjectOf gives a status as the API shows it.
func ObjectOf(s *monitor.Status) Object {
	checkType := "active"
	if s.CheckType == monitor.Passive {
		checkType = "passive"
	}
	return Object{
		Host: s.Host, Service: s.Service, State: s.StateName(), StateType: s.Type.String(),
		Attempt: s.Attempt, MaxAttempts: s.MaxAttempts,
		Output: s.Output, LongOutput: s.LongOutput, Perfdata: s.Perfdata,
		LastCheck: s.LastCheck.Unix(), NextCheck: s.NextCheck.Unix(), LastChange: s.Since().Unix(),
		Latency: s.Latency.Seconds(), Execution: s.Execution.Seconds(), CheckType: checkType,
		Module: s.Module, Poller: s.Poller,
		Acknowledged: s.Ack != monitor.AckNone, DowntimeDepth: s.DowntimeDepth, Flapping: s.Flapping,
		Notifications: s.Switches&monitor.Notifications != 0, ActiveChecks: s.Switches&monitor.ActiveChecks != 0,
		Passive: s.Switches&monitor.PassiveChecks != 0, AckUntil: s.AckUntil.Unix(),
	}
}

// Summary is how all is, as the API gives it.
type Summary struct {
	Tally
	// Warnings are sentences about what is shown: shards without an owner, notifications turned off.
	Warnings []string `json:"warnings"`
	// Piggyback is how it stands with payloads, as seen some seconds ago.
	Piggyback Mail `json:"piggyback"`
}

// Tally counts objects by the name of their state.
type Tally struct {
	Hosts    map[string]int `json:"hosts"`
	Services map[string]int `json:"services"`
}

// Unknown is a host or service that passive results came for and that is not configured.
type Unknown struct {
	Host    string `json:"host"`
	Service string `json:"service"`
	// Source sent the newest result, Output is what that said, cut short. Receiver took it.
	Source   string  `json:"source"`
	Output   string  `json:"output"`
	Count    uint64  `json:"count"`
	First    float64 `json:"first"`
	Last     float64 `json:"last"`
	Receiver string  `json:"receiver"`
}
