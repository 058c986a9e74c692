package natsbus

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/internal/serve/tally"
)

// A NATS server checks under which subject a client publishes, but not where it has the server answer: acknowledgements,
// messages that are looked up and those that consumers push go, with the server's own rights, to whatever subject the client
// names. So a poller could store a payload, ask for it with the subject of commands as the place for the answer, and would have
// given a command. The gate stands between daemons and server and lets nothing through that names another place for answers than
// the daemon's own inbox. It also speaks TLS with them, so that the server itself listens nowhere.

// gate takes daemons in. Any goroutine may use it.
type gate struct {
	guard *guard
	ring  *keys.Ring
	log   *slog.Logger
	// refused bounds the lines about connections that got no further than the door: anybody who reaches the port can make them.
	refused tally.Complaints
	turned  turned
	l       net.Listener
	server  func() (net.Conn, error) // a new connection to the server in this process
	hello   []byte                   // what the server greets with
	busy    chan struct{}            // a token for each connection that has not said yet who it is
	work    sync.WaitGroup

	mu     sync.Mutex
	in     map[*visit]struct{}
	closed bool
}

const (
	// greetWithin bounds the time until a connection has said who it is, of which there are mostGreeted at once.
	greetWithin = 10 * time.Second
	mostGreeted = 2048
	// sendWithin is how long one write to a daemon may take; the server's own patience is as long (write_deadline).
	sendWithin = 10 * time.Second
	gateBuffer = 64 << 10
)

func openGate(address string, g *guard, ring *keys.Ring, log *slog.Logger, server func() (net.Conn, error)) (*gate, error) {
	probe, err := server()
	if err != nil {
		return nil, err
	}
	defer probe.Close()
	hello, err := greeting(bufio.NewReader(probe))
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &gate{
		guard: g, ring: ring, log: log, refused: tally.Complaints{Log: log, What: "a connection was refused"}, l: l, server: server, hello: hello, busy: make(chan struct{}, mostGreeted), in: map[*visit]struct{}{},
	}, nil
}

// run takes connections until the gate is closed, and then ends them all.
func (g *gate) run() {
	defer g.work.Wait()
	defer g.drop(func(*visit) bool { return true })
	for {
		c, err := g.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no descriptors are left, most likely
			g.log.Warn("a connection to the bus could not be taken", "error", err)
			time.Sleep(100 * time.Millisecond)
			continue
		}
		g.busy <- struct{}{}
		g.work.Go(func() { g.receive(c) })
	}
}

// close ends run.
func (g *gate) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	return g.l.Close()
}

// enter notes a connection; false when the gate is closed.
func (g *gate) enter(v *visit) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.in[v] = struct{}{}
	}
	return !g.closed
}

func (g *gate) leave(v *visit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.in, v)
}

// drop ends connections, and gives whose they were.
func (g *gate) drop(which func(*visit) bool) (gone []keys.Identity) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for v := range g.in {
		if which(v) {
			v.end()
			gone = append(gone, v.who)
		}
	}
	return gone
}

// sweep ends the connections of those whose certificates were revoked or have ended, until ctx ends.
func (g *gate) sweep(ctx context.Context) {
	for wait(ctx, sweepEvery) {
		now := time.Now()
		gone := g.drop(func(v *visit) bool { return v.leaf != nil && (g.ring.Revoked(v.leaf) || v.leaf.NotAfter.Before(now)) })
		for _, who := range gone {
			g.log.Warn("a daemon is put out: its certificate was revoked or has ended", "daemon", who.String())
			g.turned.away(who, "it is put out: its certificate was revoked or has ended")
		}
	}
}

// receive serves one connection.
func (g *gate) receive(c net.Conn) {
	v := &visit{gate: g, down: c}
	defer v.end()
	if !g.enter(v) {
		<-g.busy
		return
	}
	defer g.leave(v)
	err := v.greet()
	<-g.busy
	if err == nil {
		g.work.Go(v.answers)
		err = v.requests()
	}
	if refused, ok := errors.AsType[*foul](err); ok {
		g.log.Error("a daemon is put out: it had the bus answer where it may not, or speaks otherwise", "daemon", v.who.String(), "from", c.RemoteAddr(), "why", refused.Error())
	} else if v.leaf == nil && !errors.Is(err, io.EOF) {
		g.refused.Say(err.Error(), c.RemoteAddr().String(), "its daemon needs a certificate that onbu keys list shows as good")
	}
}

// greeting reads what a server greets with, and says in it that TLS comes next.
func greeting(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	text, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("INFO "))
	info := map[string]any{}
	if !ok {
		return nil, fmt.Errorf("the server begins with %.20q", line)
	}
	if err := json.Unmarshal(text, &info); err != nil {
		return nil, err
	}
	info["tls_required"] = true
	for _, own := range []string{"tls_available", "client_id", "client_ip"} { // of the connection that was asked
		delete(info, own)
	}
	if text, err = json.Marshal(info); err != nil {
		return nil, err
	}
	return append(append([]byte("INFO "), text...), "\r\n"...), nil
}

// greet finds out who is there, and brings them to the server. The daemon shows its certificate; the server is shown a ticket.
// Until the daemon has shown who it is, it costs the server nothing.
func (v *visit) greet() error {
	if err := v.down.SetDeadline(time.Now().Add(greetWithin)); err != nil {
		return err
	}
	if _, err := v.down.Write(v.gate.hello); err != nil {
		return err
	}
	secure := tls.Server(v.down, v.gate.ring.Server())
	if err := secure.Handshake(); err != nil {
		v.gate.turned.refused(secure.ConnectionState(), v.down.RemoteAddr().String(), err)
		return err
	}
	state := secure.ConnectionState()
	who, err := v.gate.ring.Peer(&state)
	if err == nil && len(who.Daemon()) == 0 {
		err = fmt.Errorf("%s is no daemon: `onbu keys daemon` makes certificates for those", who)
	}
	if err != nil {
		return err
	}
	up, err := v.gate.server()
	if err != nil { // it begins anew; the daemon tries again
		return err
	}
	v.meet(secure, up, who, state.VerifiedChains[0][0])
	return v.introduce()
}

// introduce brings the daemon's first line to the server.
func (v *visit) introduce() error {
	if err := v.up.SetDeadline(time.Now().Add(greetWithin)); err != nil {
		return err
	}
	v.fromServer, v.fromDaemon = bufio.NewReader(v.up), bufio.NewReaderSize(v.down, gateBuffer)
	if _, err := v.fromServer.ReadSlice('\n'); err != nil { // the daemon was greeted already
		return err
	}
	line, err := v.fromDaemon.ReadSlice('\n')
	if err != nil {
		return err
	}
	hello, err := v.gate.guard.introduce(line, v.who, v.leaf.NotAfter)
	if err != nil {
		return err
	}
	if _, err := v.up.Write(hello); err != nil {
		return err
	}
	return errors.Join(v.down.SetDeadline(time.Time{}), v.up.SetDeadline(time.Time{}))
}
