// Package http knows how to look at web servers: it asks for a page as a plain HTTP/1 client and judges status, headers,
// content, size, age, time and certificate. It runs the command lines of check_http and check_curl of Monitoring Plugins
// 2.3.3: same options, states, texts and performance data.
//
// It writes its requests and reads the answers itself, byte by byte as the two programs do, because both give the size of
// the whole answer with its headers, and check_http takes whatever comes until the server hangs up. A page is kept only
// when its content is asked for, at most 8 MiB of it; otherwise it is counted.
//
// Differences that are meant: check_curl offers HTTP/2 to TLS servers, this module HTTP/1.1 only; certificates that Go
// cannot parse and servers that offer nothing but finite-field DHE cannot be talked to; regular expressions that Go and
// the C library would read differently are left to the plugin, and so is verbose output.
package http

import (
	"fmt"
	"net"
	"path"

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
	buffers  buffers
	sessions *probe.Sessions
	doors    *probe.Doors
}

var _ modules.Check = (*Module)(nil)

// New builds the module.
func New(opts Options) *Module {
	return &Module{opts: opts, sessions: probe.NewSessions(probe.SessionsKept), doors: probe.NewDoors()}
}

// Name is "http".
func (m *Module) Name() string { return "http" }

// Programs lists check_http and check_curl.
func (m *Module) Programs() []string { return []string{"check_http", "check_curl"} }

// Parse reads a command line.
func (m *Module) Parse(argv []string) (modules.Probe, error) {
	if len(argv) == 0 {
		return nil, fmt.Errorf("empty command line: %w", modules.ErrNotMine)
	}
	name := path.Base(argv[0])
	if name != "check_http" && name != "check_curl" {
		return nil, fmt.Errorf("%.64q: %w", name, modules.ErrNotMine)
	}
	c := newCheck(name == "check_curl", m)
	rest, err := c.syntax().Parse(argv[1:], c.set)
	if err == nil {
		err = c.complete(rest)
	}
	if err != nil {
		return nil, err
	}
	if !c.certificate && c.certFile == "" {
		c.sessions = m.sessions
	}
	return c, nil
}
