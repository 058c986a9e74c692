package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxServices keeps the addresses of the hosts inside 127.0.0.0/8.
const maxServices = 10_000_000

// scenario is a kind of load.
type scenario struct {
	name, about string
	services    int // 0: half of the most that the engine holds
	interval    time.Duration
	window      time.Duration // 0 for a minute
	// loads has what is measured. Those that are meant to fail are company that should not matter to the others, which are
	// then measured alone too.
	loads []load
	// beside is what happens besides while the engine is measured; nil for nothing.
	beside func(r *run, e *engine, s *site) sideshow
	// sized gives the loads of a scenario whose loads depend on the options; nil for others.
	sized func(o *Options) []load
	// apart measures in a way of its own; nil for others.
	apart func(r *run, ctx context.Context) (*Figures, error)
	// fixed scenarios are about something else than the highest rate. Those without a plugin are no peer's.
	fixed, noPlugin bool
	// ownPeer is the peer that apart measures too; empty for none.
	ownPeer string
}

// measured gives the loads that the figures are about.
func (s *scenario) measured() []load {
	return slices.DeleteFunc(slices.Clone(s.loads), func(l load) bool { return l.fails })
}

// compares is whether what is measured is also measured without company.
func (s *scenario) compares() bool { return len(s.measured()) < len(s.loads) }

// load is a set of services with one command.
type load struct {
	name    string
	parts   int // of the scenario's services
	command string
	// target is the kind of fake target that the checks talk to; empty for none. PORT in command is its port.
	target string
	// module is the check module that has to run the command.
	module string
	// prepare writes the files that the command needs, besides the configuration, into a folder: DIR in command. port is the
	// target's. It may be nil.
	prepare func(dir string, port int) error
	// perHost is how many services a host has, if not servicesOfHost.
	perHost int
	// each are the arguments of the command, $ARG1$, for one service of a host after the other; empty for none.
	each []string
	// eachOfAll gives the arguments to all services in turn instead, whatever their hosts.
	eachOfAll bool
	// fails is whether the checks are meant to fail.
	fails bool
}

// Scenarios gives every scenario's name with a line about it.
func Scenarios() [][2]string {
	var out [][2]string
	for _, s := range scenarios() {
		out = append(out, [2]string{s.name, s.about})
	}
	return out
}

func find(name string) (scenario, error) {
	var names []string
	for _, s := range scenarios() {
		if s.name == name {
			s.window = cmp.Or(s.window, time.Minute)
			return s, nil
		}
		names = append(names, s.name)
	}
	return scenario{}, fmt.Errorf("no scenario is called %q; there are %s", name, strings.Join(names, ", "))
}

// share is how many of so many services a load of the scenario gets; at least one.
func (s *scenario) share(l load, services int) int {
	all := 0
	for _, each := range s.loads {
		all += each.parts
	}
	return max(1, services*l.parts/all)
}
