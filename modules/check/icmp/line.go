package icmp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// line is what all parsed command lines have. There may be millions of them, so what many have in common is elsewhere,
// once.
type line struct {
	module *Module
	host   target
	// good says that the last answer was OK and that nothing was lost.
	good atomic.Bool
}

// target is a host as the command line has it; addr is invalid for a name. The name is empty if it is the address as
// netip writes it.
type target struct {
	name string
	addr netip.Addr
}

// parseTarget reads a host. Addresses that say something else than one host's are the plugin's affair.
func parseTarget(s string) (target, error) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		if s == "" || len(s) > 253 || strings.ContainsAny(s, " \t\n\r\x00/%:") {
			return target{}, fmt.Errorf("%q is neither an address nor a host name", s)
		}
		return target{name: strings.Clone(s)}, nil
	}
	if addr.Zone() != "" || addr.Is4In6() || addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return target{}, fmt.Errorf("address %s: zones, IPv4 in IPv6 and addresses of many hosts are not supported", s)
	}
	if addr.String() == s {
		return target{addr: addr}, nil
	}
	return target{strings.Clone(s), addr}, nil
}

// appendTo appends the target as the command line has it.
func (t target) appendTo(b []byte) []byte {
	if t.name == "" {
		return t.addr.AppendTo(b)
	}
	return append(b, t.name...)
}

func (t target) String() string { return string(t.appendTo(nil)) }

// aimed is a command line whose targets are still to be found.
type aimed interface {
	rules
	// aim gives the targets with their addresses, all of one family; none, but an outcome, if it cannot be.
	aim(ctx context.Context) ([]target, monitor.Outcome)
}

// launch starts pinging. If that cannot be, it tells w at once and gives no check.
func (m *Module) launch(r rules, hosts []target, brief bool, until time.Time, w modules.Waiter) (*conn, *check) {
	c, err := m.conn(hosts[0].addr)
	if err != nil {
		w.Done(monitor.Outcome{}, err)
		return nil, nil
	}
	return c, c.begin(r, hosts, brief, until, w)
}

// start is Start of lines that have to ask somebody where their targets are.
func (m *Module) start(a aimed, brief bool, until time.Time, w modules.Waiter) {
	m.errands.run(until, func(ctx context.Context) {
		hosts, o := a.aim(ctx)
		if hosts == nil {
			w.Done(o, cancelled(ctx))
			return
		}
		m.launch(a, hosts, brief, until, w)
	})
}

// run is Run: ctx's deadline ends a check like its own limit, packets still under way being lost.
func (m *Module) run(ctx context.Context, a aimed, brief bool) (monitor.Outcome, error) {
	hosts, o := a.aim(ctx)
	if hosts == nil {
		return o, cancelled(ctx)
	}
	until, _ := ctx.Deadline()
	w := &runner{done: make(chan struct{})}
	conn, check := m.launch(a, hosts, brief, until, w)
	select {
	case <-w.done:
	case <-ctx.Done():
		if err := cancelled(ctx); err != nil && check != nil {
			conn.cancel(check, w, err)
		}
		<-w.done
	}
	return w.outcome, w.err
}

// runner waits for a check that has a goroutine of its own.
type runner struct {
	done    chan struct{}
	outcome monitor.Outcome
	err     error
}

// Done implements modules.Waiter.
func (w *runner) Done(o monitor.Outcome, err error) {
	o.Output, o.LongOutput, o.Perfdata = strings.Clone(o.Output), strings.Clone(o.LongOutput), strings.Clone(o.Perfdata)
	w.outcome, w.err = o, err
	close(w.done)
}

// cancelled gives ctx's cause unless it ended by its deadline: then what was measured until then is the result, packets
// still under way being lost.
func cancelled(ctx context.Context) error {
	if err := ctx.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	return nil
}

// resolve gives the addresses of a target in a family, or in any (0).
func (m *Module) resolve(ctx context.Context, t target, f family) ([]netip.Addr, error) {
	if t.addr.IsValid() {
		return []netip.Addr{t.addr}, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found, err := m.lookup(ctx, f.network(), t.name)
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	for _, a := range found {
		if a = a.Unmap().WithZone(""); a.IsValid() && (f == 0 || familyOf(a) == f) {
			addrs = append(addrs, a)
		}
	}
	if len(addrs) == 0 {
		return nil, &net.DNSError{Err: "no address", Name: t.name, IsNotFound: true}
	}
	return addrs, nil
}

// resolverSays gives the words of getaddrinfo(3) for a failed lookup.
func resolverSays(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "Name or service not known"
	}
	return "Temporary failure in name resolution"
}

// local says whether an address is one of this machine's.
func local(addr netip.Addr) bool {
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	return err == nil && socket.Close() == nil
}

// failed is the outcome of a plugin that gives up with a sentence.
func failed(sentence string) monitor.Outcome {
	return monitor.Outcome{State: monitor.Unknown, Output: sentence}
}
