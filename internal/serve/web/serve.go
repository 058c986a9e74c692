package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/onbu/onbu/internal/serve"
)

// Serve answers requests until ctx ends. Requests from web pages, which have an Origin, never reach the handler: a page could
// otherwise send results with the rights of the person who looks at it. The context of a request ends with the connection.
func (s *Server) Serve(ctx context.Context, handler http.Handler) error {
	if err := s.Keys.Load(); err != nil {
		return err
	}
	o := s.port
	if s.cert != "" {
		encrypted, err := serve.TLS(s.cert, s.key, s.log)
		if err != nil {
			return err
		}
		encrypted.NextProtos = []string{"http/1.1"}
		o.TLS = encrypted
	}
	l, err := serve.Open(o)
	if err != nil {
		return fmt.Errorf("module %s: %w", s.name, err)
	}
	s.log.Info("listening", "address", l.Addr().String())
	working := &atWork{next: s.noPages(handler)}
	server := &http.Server{
		Handler: working, MaxHeaderBytes: s.Header, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		ReadHeaderTimeout: min(headerWait, s.patience), ReadTimeout: s.patience, WriteTimeout: 2*s.patience + headerWait, IdleTimeout: s.idle,
	}
	b := &bridge{addr: l.Addr(), coming: make(chan net.Conn), over: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(b) }) // it ends when the bridge does
	defer working.end()
	defer wg.Wait()
	defer server.Close()
	defer close(b.over)
	return serve.Serve(ctx, l, o, b.lead)
}

// atWork is a handler of which it can be known when all its requests are through.
type atWork struct {
	next  http.Handler
	mu    sync.RWMutex // held for reading by each request
	ended bool
}

// ServeHTTP implements http.Handler.
func (h *atWork) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if !h.ended {
		h.next.ServeHTTP(w, r)
	}
}

// end waits for the requests that there are, and lets no more in.
func (h *atWork) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
}

// bridge is the listener on which net/http finds the connections that were let in.
type bridge struct {
	addr   net.Addr
	coming chan net.Conn
	over   chan struct{}
}

// Accept implements net.Listener.
func (b *bridge) Accept() (net.Conn, error) {
	select {
	case c := <-b.coming:
		return c, nil
	case <-b.over:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (b *bridge) Close() error { return nil }

// Addr implements net.Listener.
func (b *bridge) Addr() net.Addr { return b.addr }

// lead implements serve.Handler: it hands a connection over, and stays until that is closed.
func (b *bridge) lead(ctx context.Context, c *serve.Conn) {
	led := &led{Conn: c, closed: make(chan struct{})}
	select {
	case b.coming <- led:
	case <-ctx.Done():
		return
	}
	select {
	case <-led.closed:
	case <-ctx.Done():
	}
}

// led is a connection of net/http's.
type led struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

// Close implements net.Conn.
func (l *led) Close() error {
	defer l.once.Do(func() { close(l.closed) })
	return l.Conn.Close()
}

func (s *Server) noPages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" {
			s.Tally.Refused("origin")
			http.Error(w, "this is not for web pages", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Peer gives the address that a request came from, without the port.
func Peer(r *http.Request) string {
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return a.Addr().Unmap().WithZone("").String()
	}
	return r.RemoteAddr
}
