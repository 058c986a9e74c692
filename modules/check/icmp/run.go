package icmp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// run is one check on its way. It belongs to the goroutine that called Run.
type run struct {
	conn    *conn
	wake    chan struct{}
	timer   *time.Timer
	flights []*flight
}

// newRun starts the pinging of addrs, all of one family. end must be called.
func (m *Module) newRun(addrs []netip.Addr, oob []byte) (*run, error) {
	c, err := m.conn(familyOf(addrs[0]))
	if err != nil {
		return nil, err
	}
	r := &run{conn: c, wake: make(chan struct{}, 1), flights: make([]*flight, len(addrs))}
	for i, addr := range addrs {
		r.flights[i] = c.board(addr, oob, r.wake)
	}
	return r, nil
}

func (r *run) end() {
	r.conn.leave(r.flights)
	if r.timer != nil {
		r.timer.Stop()
	}
}

// wait returns when enough is true, when the moment until has come, or when ctx ends. enough is asked with the
// connection's mu held, at first and whenever something has arrived.
func (r *run) wait(ctx context.Context, until time.Duration, enough func() bool) {
	for !r.look(enough) {
		left := until - r.conn.now()
		if left <= 0 {
			return
		}
		if r.timer == nil {
			r.timer = time.NewTimer(left)
		} else {
			r.timer.Reset(left)
		}
		select {
		case <-r.wake:
		case <-r.timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// look calls f with the connection's mu held.
func (r *run) look(f func() bool) bool {
	r.conn.mu.Lock()
	defer r.conn.mu.Unlock()
	return f()
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
