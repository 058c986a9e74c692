package natsbus

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/keys"
)

// AnswerWithin is how long a daemon may take to answer what it was asked.
const AnswerWithin = time.Minute

// guard lets daemons in by their certificates, each with the rights of its roles. It is the server's
// CustomClientAuthentication; any goroutine may use it.
type guard struct {
	ring   *keys.Ring
	inside User // the connections of this process
	log    *slog.Logger

	mu sync.Mutex
	in map[uint64]guest // by connection, who was let in; some may have left since
}

// guest is a connection that was let in.
type guest struct {
	c   server.ClientAuthentication
	who keys.Identity
}

// closed is an error where whoever reaches a port of the server may do everything, and nobody said that this is wanted.
func (o *ServerOptions) closed() error {
	var wide []string
	if len(o.Users) == 0 && (o.TLS == nil || o.TLS.ClientCAs == nil) && o.Listen != "" && !loopback(o.Listen) {
		wide = append(wide, o.Listen)
	}
	if o.Cluster != nil && o.Cluster.TLS == nil && !loopback(o.Cluster.Listen) {
		wide = append(wide, o.Cluster.Listen)
	}
	if o.Open || o.Keys != nil || len(wide) == 0 {
		return nil
	}
	return fmt.Errorf("whoever reaches %s could do everything: give it --keys (see docs/keys.md), or say --open if only its daemons reach it",
		strings.Join(wide, " or "))
}

// loopback says whether an address is one of this machine alone.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// guarded has the server let in whom its keys say.
func (o *ServerOptions) guarded() error {
	if o.Keys == nil || o.Listen == "" && o.Cluster == nil {
		return nil
	}
	if who := o.Keys.Identity(); !who.Has(keys.Server) {
		return fmt.Errorf("its certificate is for %s, which is no server of the bus: `onbu keys server` makes one", who)
	}
	if o.Cluster != nil {
		joined := *o.Cluster
		joined.TLS = o.Keys.Route()
		o.Cluster = &joined
	}
	if o.Listen == "" {
		return nil
	}
	inside := User{Name: "inside", Password: rand.Text()}
	o.guard = &guard{ring: o.Keys, inside: inside, log: o.Log, in: map[uint64]guest{}}
	o.TLS, o.Users = o.Keys.Server(), []User{inside}
	return nil
}

// watchOver begins what the guard has to do as long as the server runs.
func (s *Server) watchOver(ctx context.Context) {
	if g := s.o.guard; g != nil {
		s.mending.Go(func() { g.sweep(ctx, s.current) })
	}
}

// Check implements server.Authentication.
func (g *guard) Check(c server.ClientAuthentication) bool {
	if g.isInside(c.GetOpts()) {
		c.RegisterUser(&server.User{Username: g.inside.Name})
		return true
	}
	state := c.GetTLSConnectionState()
	who, err := g.ring.Peer(state)
	if err == nil && len(who.Daemon()) == 0 {
		err = fmt.Errorf("%s is no daemon: `onbu keys daemon` makes certificates for those", who)
	}
	if err != nil {
		g.log.Warn("a connection was refused", "from", c.RemoteAddress(), "error", err)
		return false
	}
	c.RegisterUser(user(who, state.VerifiedChains[0][0].NotAfter))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.in[c.GetID()] = guest{c, who}
	return true
}

func (g *guard) isInside(o *server.ClientOpts) bool {
	name := subtle.ConstantTimeCompare([]byte(o.Username), []byte(g.inside.Name))
	return name&subtle.ConstantTimeCompare([]byte(o.Password), []byte(g.inside.Password)) == 1
}

// user gives a daemon's rights until its certificate ends. No inbox but its own is open to it, and it answers only what it
// was asked.
func user(who keys.Identity, until time.Time) *server.User {
	p := Permit(who.Name, bus.Allowed(who.Name, who.Daemon()...))
	perms := &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: p.Publish},
		Subscribe: &server.SubjectPermission{Allow: p.Subscribe},
	}
	if p.Answer {
		perms.Response = &server.ResponsePermission{MaxMsgs: 1, Expires: AnswerWithin}
	}
	return &server.User{Username: who.Name, Permissions: perms, ConnectionDeadline: until}
}

// sweepEvery is how soon a daemon whose certificate was revoked loses its connection.
const sweepEvery = 2 * time.Second

// sweep ends the connections of those whose certificates were revoked, until ctx ends.
func (g *guard) sweep(ctx context.Context, current func() *server.Server) {
	for wait(ctx, sweepEvery) {
		n := current()
		if n == nil {
			continue
		}
		for id, who := range g.unwanted(n) {
			g.log.Warn("a daemon is put out: its certificate was revoked", "daemon", who.String())
			_ = n.DisconnectClientByID(id) // it may have gone by itself
		}
	}
}

// unwanted gives who must go, and forgets who has gone.
func (g *guard) unwanted(n *server.Server) map[uint64]keys.Identity {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := map[uint64]keys.Identity{}
	for id, one := range g.in {
		switch state := one.c.GetTLSConnectionState(); {
		case n.GetClient(id) == nil:
			delete(g.in, id)
		case state != nil && len(state.PeerCertificates) > 0 && g.ring.Revoked(state.PeerCertificates[0]):
			out[id] = one.who
			delete(g.in, id)
		}
	}
	return out
}
