package natsbus

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
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

// guard lets in whom the gate has met, each with the rights of its roles, and the connections of this process. It is the
// server's CustomClientAuthentication; any goroutine may use it.
type guard struct {
	inside User // the connections of this process
	log    *slog.Logger

	mu      sync.Mutex
	tickets map[string]guest // who comes next, by the secret that the gate has given it
}

// guest is a daemon that the gate has met.
type guest struct {
	who   keys.Identity
	until time.Time // the end of its certificate
	at    time.Time
}

// hidden says that the server itself listens for nobody: there are no other processes, or the gate listens.
func (o *ServerOptions) hidden() bool { return o.Listen == "" || o.guard != nil }

// hide has a hidden server of a cluster listen where nobody finds it and with a password that nobody knows: it joins the others only
// once it listens (nats-server 2.15, StartRouting). Nobody is told of that address.
func (o *ServerOptions) hide(opts *server.Options) {
	opts.Host, opts.Port, opts.Cluster.NoAdvertise = "127.0.0.1", server.RANDOM_PORT, true
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
	inside := User{Name: "inside", Password: rand.Text()}
	if o.Cluster != nil && o.Listen == "" {
		o.Users, o.madeUp = []User{inside}, true
	}
	if o.Keys == nil || o.Listen == "" && o.Cluster == nil {
		return nil
	}
	if who := o.Keys.Identity(); !who.Has(keys.Server) {
		return fmt.Errorf("its certificate is for %s, which is no server of the bus: `onbu keys server` makes one", who)
	}
	reached := []string{o.Listen}
	if o.Cluster != nil {
		joined := *o.Cluster
		joined.TLS = o.Keys.Route()
		o.Cluster = &joined
		reached = append(reached, joined.Listen)
	}
	o.Keys.ReachedAt(reached...)
	if text := o.Keys.Unnamed(); text != "" {
		o.Log.Warn(text)
	}
	if o.Listen == "" {
		return nil
	}
	o.guard = &guard{inside: inside, log: o.Log, tickets: map[string]guest{}}
	o.TLS, o.Users, o.madeUp = nil, []User{inside}, true
	return nil
}

// watchOver begins what keeps others out, as long as the server runs.
func (s *Server) watchOver(ctx context.Context) error {
	g := s.o.guard
	if g == nil {
		return nil
	}
	gate, err := openGate(s.o.Listen, g, s.o.Keys, s.log, inProcess{s}.InProcessConn)
	if err != nil {
		return err
	}
	gate.turned.tell = s.chronicled
	s.gate, s.url = gate, "tls://"+gate.l.Addr().String()
	s.mending.Go(gate.run)
	s.mending.Go(func() { gate.sweep(ctx) })
	return nil
}

// introduce writes the first line of a daemon anew: the server knows it by a ticket, which counts once.
func (g *guard) introduce(line []byte, who keys.Identity, until time.Time) ([]byte, error) {
	text, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("CONNECT "))
	hello := map[string]any{}
	if !ok {
		return nil, foulf("it begins with %.20q", line)
	}
	if err := json.Unmarshal(text, &hello); err != nil {
		return nil, foulf("it begins with something that cannot be understood: %v", err)
	}
	ticket := rand.Text()
	for _, other := range []string{"auth_token", "jwt", "nkey", "sig"} {
		delete(hello, other)
	}
	hello["user"], hello["pass"], hello["tls_required"] = who.Name, ticket, false
	text, err := json.Marshal(hello)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tickets[ticket] = guest{who, until, time.Now()}
	return append(append([]byte("CONNECT "), text...), "\r\n"...), nil
}

// Check implements server.Authentication.
func (g *guard) Check(c server.ClientAuthentication) bool {
	if g.isInside(c.GetOpts()) {
		c.RegisterUser(&server.User{Username: g.inside.Name})
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	one, known := g.tickets[c.GetOpts().Password]
	delete(g.tickets, c.GetOpts().Password)
	for ticket, other := range g.tickets { // of those that went before they came
		if time.Since(other.at) > greetWithin {
			delete(g.tickets, ticket)
		}
	}
	if known {
		c.RegisterUser(user(one.who, one.until))
	}
	return known
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
