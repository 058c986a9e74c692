// Package icmp knows how to ping: check_icmp, check_host, check_rta_multi and check_ping of the monitoring plugins 2.3,
// their options, their rules and their words. All checks of a module share two sockets per address family, which is what
// makes thousands of them at once cheap: with a raw socket each, every check would be woken by every reply.
package icmp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path"
	"sync"

	"github.com/onbu/onbu/modules"
)

// Options say how a module works.
type Options struct {
	// Lookup finds the addresses of a name, in the order in which they should be used; network is "ip", "ip4" or "ip6".
	// nil asks net.DefaultResolver. It is called at each run: whoever wants a cache puts it here.
	Lookup func(ctx context.Context, network, name string) ([]netip.Addr, error)
}

// Module pings. Any number of goroutines may use it.
type Module struct {
	lookup func(ctx context.Context, network, name string) ([]netip.Addr, error)

	errands *errands

	mu     sync.RWMutex
	conns  map[family]*conns
	closed bool
}

// New gives a module. The sockets are opened when they are first needed.
func New(opts Options) *Module {
	if opts.Lookup == nil {
		opts.Lookup = net.DefaultResolver.LookupNetIP
	}
	return &Module{lookup: opts.Lookup, errands: newErrands(), conns: map[family]*conns{}}
}

// Name is "icmp".
func (*Module) Name() string { return "icmp" }

// Programs are the plugins that ping.
func (*Module) Programs() []string {
	return []string{"check_icmp", "check_host", "check_rta_multi", "check_ping"}
}

// Parse reads a command line of one of Programs.
func (m *Module) Parse(argv []string) (modules.Probe, error) {
	if len(argv) == 0 {
		return nil, modules.ErrNotMine
	}
	switch program := path.Base(argv[0]); program {
	case "check_icmp", "check_host", "check_rta_multi":
		p, err := parseICMP(program, argv[1:])
		if err != nil {
			return nil, err
		}
		p.module = m
		return p, nil
	case "check_ping":
		p, err := parsePing(argv[1:])
		if err != nil {
			return nil, err
		}
		p.module = m
		return p, nil
	}
	return nil, modules.ErrNotMine
}

// Close ends the checks under way with an error and closes the sockets. Later checks fail.
func (m *Module) Close() error {
	m.mu.Lock()
	conns := m.conns
	m.conns, m.closed = nil, true
	m.mu.Unlock()
	m.errands.close()
	var err error
	for _, c := range conns {
		err = errors.Join(err, c.close())
	}
	return err
}

// Count implements modules.Counting.
func (m *Module) Count(each func(name string, n uint64)) {
	c := m.Counters()
	each("sent", c.Sent)
	each("replies", c.Replies)
	each("duplicates", c.Duplicates)
	each("late", c.Late)
	each("reports", c.Reports)
	each("foreign", c.Foreign)
	each("misplaced", c.Misplaced)
	each("malformed", c.Malformed)
}

// Counters gives how many packets of each kind the module has seen since it was made.
func (m *Module) Counters() Counters {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var sum Counters
	for _, both := range m.conns {
		for _, c := range both {
			sum.add(c.engine.counters())
		}
	}
	return sum
}

// conn gives the shared socket for an address. Sockets that could not be opened are tried again next time: the right to
// open them may have been given since.
func (m *Module) conn(a netip.Addr) (*conn, error) {
	f := familyOf(a)
	m.mu.RLock()
	all := m.conns[f]
	m.mu.RUnlock()
	if all != nil {
		return all.of(a), nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errClosed
	}
	if m.conns[f] == nil {
		opened, err := dial(f)
		if err != nil {
			return nil, err
		}
		m.conns[f] = opened
	}
	return m.conns[f].of(a), nil
}
