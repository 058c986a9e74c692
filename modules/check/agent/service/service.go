// Package service knows how sections of agent output become services: which ones there are, and in what state.
package service

import (
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
)

// Kind is one kind of service.
type Kind struct {
	// Name is what -s calls it; that of its section where that has one kind only.
	Name string
	// Sections are those that it reads. The first that is there is the one that matters; a host with none of them does not
	// have the service.
	Sections []string
	// Discover gives the services that the sections offer, in a fixed order.
	Discover func(in *Input) []Found
	// Check gives the state of one of them.
	Check func(in *Input, r *Report)
	// Takes are the names of the options that it understands besides -w and -c, each with a word on its value, for help and
	// for `onbu verify`.
	Takes map[string]string
}

// Found is a service that a host offers.
type Found struct {
	Item        string // as -i wants it; empty for kinds with one service a host
	Description string // what the service is called: "Filesystem /"
	// Warn, Crit and Options are sensible arguments to begin with; mostly empty.
	Warn, Crit string
	Options    map[string]string
}

// Input is what a service is computed from.
type Input struct {
	Sections *section.Set
	Item     string
	// Warn and Crit are the arguments of -w and -c as written, Options those of -o NAME=VALUE.
	Warn, Crit string
	Options    map[string]string
	// Now is when the output was fetched; Counters holds what the services of the host remember between two checks.
	Now      time.Time
	Counters *Counters
}
