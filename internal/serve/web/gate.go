package web

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// gate lets in connections of those who may connect, and only so many at once: an address that has its share is turned away,
// and when all have as many as there may be, further ones wait to be accepted.
type gate struct {
	net.Listener
	s    *Server
	free chan struct{}
	over <-chan struct{}

	mu   sync.Mutex
	open map[netip.Addr]int
}

func (s *Server) gate(ctx context.Context, l net.Listener) *gate {
	return &gate{Listener: l, s: s, free: make(chan struct{}, s.most), over: ctx.Done(), open: map[netip.Addr]int{}}
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case g.free <- struct{}{}:
	case <-g.over:
		return nil, net.ErrClosed
	}
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			<-g.free
			return nil, err
		}
		from := address(c.RemoteAddr())
		if reason := g.refusal(from); reason != "" {
			g.s.Tally.Refused(reason)
			c.Close()
			continue
		}
		return &counted{Conn: c, gate: g, from: from}, nil
	}
}

// refusal counts the connection of an address, unless it says why not.
func (g *gate) refusal(from netip.Addr) string {
	if a := g.s.allowed; len(a) > 0 && !slices.ContainsFunc(a, func(p netip.Prefix) bool { return p.Contains(from) }) {
		return "address"
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[from] >= g.s.mostEach {
		return "connections"
	}
	g.open[from]++
	return ""
}

func (g *gate) leave(from netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[from]--; g.open[from] == 0 {
		delete(g.open, from)
	}
	<-g.free
}

// counted is a connection that leaves the gate once.
type counted struct {
	net.Conn
	gate *gate
	from netip.Addr
	once sync.Once
}

// Close implements net.Conn.
func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.gate.leave(c.from) })
	return err
}

func address(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
