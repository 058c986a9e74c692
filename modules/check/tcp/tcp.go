// Package tcp knows how to look at services that speak over TCP or a unix socket: it connects, says something, and
// compares what comes back. It runs the command lines of check_tcp and of the programs that are check_tcp under another
// name, and of check_ssh, as of Monitoring Plugins 2.3.3: same options, states, texts and performance data.
//
// Differences that are meant: what a target sends is read up to 256 KiB and quoted without control characters; verbose
// output is left to the plugin.
package tcp

import (
	"fmt"
	"maps"
	"net"
	"path"
	"slices"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/modules"
)

// Options are what a module needs from outside.
type Options struct {
	// Resolver looks names up; nil is the system's.
	Resolver *net.Resolver
}

// Module is the check module. It holds no connections; any number of goroutines may use it.
type Module struct {
	opts     Options
	sessions *probe.Sessions
	doors    *probe.Doors
}

var _ modules.Check = (*Module)(nil)

// New builds the module.
func New(opts Options) *Module {
	return &Module{opts: opts, sessions: probe.NewSessions(probe.SessionsKept), doors: probe.NewDoors()}
}

// Name is "tcp".
func (m *Module) Name() string { return "tcp" }

// Programs lists check_tcp under all its names, and check_ssh.
func (m *Module) Programs() []string {
	return append(slices.Sorted(maps.Keys(services())), "check_ssh")
}

// Parse reads a command line.
func (m *Module) Parse(argv []string) (modules.Probe, error) {
	if len(argv) == 0 {
		return nil, fmt.Errorf("empty command line: %w", modules.ErrNotMine)
	}
	name := path.Base(argv[0])
	if len(argv) == 1 {
		return nil, fmt.Errorf("%s: no arguments", name)
	}
	if name == "check_ssh" {
		return m.parseSSH(argv[1:])
	}
	s, ok := services()[name]
	if !ok {
		return nil, fmt.Errorf("%.64q: %w", name, modules.ErrNotMine)
	}
	return m.parse(s, argv[1:])
}
