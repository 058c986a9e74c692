// Package nrpe knows the client's side of NRPE (Nagios Remote Plugin Executor), protocol versions 2, 3 and 4: it runs the
// command lines of check_nrpe 2.15 to 4.1 without forking, over plain TCP, TLS with certificates, and TLS with anonymous
// Diffie-Hellman as every nrpe server has it before somebody configures it.
//
// State and texts are check_nrpe's, with these differences:
//   - connect and name errors are in the output, as with -E, and the cause is added where check_nrpe hides it in syslog;
//   - the time limit is for the whole check; check_nrpe starts it anew for the answer and for each packet version;
//   - 3.x servers are asked with version 3 packets before version 2, which gives 64 KiB of output instead of 1 KiB;
//   - with -A a server without a certificate is refused; check_nrpe takes it unless anonymous suites are ruled out too;
//   - nothing is logged: -g, -s and -D change nothing.
package nrpe

import (
	"fmt"
	"net"
	"path/filepath"
	"sync"

	"github.com/onbu/onbu/internal/adh"
	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/modules"
)

// Options are the module's settings; the zero value is good.
type Options struct {
	// Resolver looks up host names; nil means net.DefaultResolver.
	Resolver *net.Resolver
	// Remember is of how many servers the packet version and the kind of TLS are kept, and, of anonymous ones, the TLS
	// session, which makes the next handshake twenty times cheaper for both sides; 0 means 131072. A server takes up
	// to 500 bytes.
	Remember int
	// Sessions is how many TLS sessions with certificates are kept for each set of certificate files; 0 means 16384,
	// less than 0 none. A session takes about 3 KiB.
	Sessions int
	// MinPrimeBits is the smallest Diffie-Hellman group that an anonymous server may use; 0 means 512, that of NRPE
	// 2.x. There is no authentication, so a larger one only keeps listeners out for longer.
	MinPrimeBits int
}

// Module is the nrpe check module. It keeps no connections; any number of goroutines may use it.
type Module struct {
	opts  Options
	known memory
	// sessions are those of anonymous servers.
	sessions *adh.Sessions
	shares   *adh.Shares
	trust    trust
	doors    *probe.Doors
	buffers  sync.Pool // of *[]byte, for packets
}

// New gives a module. It opens nothing.
func New(opts Options) *Module {
	if opts.Resolver == nil {
		opts.Resolver = net.DefaultResolver
	}
	if opts.Remember == 0 {
		opts.Remember = 1 << 17
	}
	if opts.Sessions == 0 {
		opts.Sessions = probe.SessionsKept
	}
	m := &Module{
		opts: opts, known: memory{limit: opts.Remember}, trust: newTrust(opts.Sessions),
		sessions: adh.NewSessions(opts.Remember), shares: adh.NewShares(), doors: probe.NewDoors(),
	}
	m.buffers.New = func() any {
		b := make([]byte, 0, bufferSize)
		return &b
	}
	return m
}

// bufferSize holds any query, and most answers.
const bufferSize = 2560

// Name gives "nrpe".
func (m *Module) Name() string { return "nrpe" }

// Programs gives "check_nrpe".
func (m *Module) Programs() []string { return []string{"check_nrpe"} }

// Parse reads a command line of check_nrpe, as modules.Check says.
func (m *Module) Parse(argv []string) (modules.Probe, error) {
	if len(argv) == 0 || filepath.Base(argv[0]) != "check_nrpe" {
		return nil, modules.ErrNotMine
	}
	s, err := parse(argv[1:])
	if err != nil {
		return nil, fmt.Errorf("check_nrpe: %w", err)
	}
	return &check{settings: s, module: m}, nil
}

// check is a parsed command line.
type check struct {
	settings
	module *Module
}
