package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// farewell is how long requests may still take at the end.
const farewell = time.Second

// Serve answers requests until ctx ends. Requests from web pages, which have an Origin, never reach the handler: a page could
// otherwise send results with the rights of the person who looks at it.
func (s *Server) Serve(ctx context.Context, handler http.Handler) error {
	if err := s.Keys.Load(); err != nil {
		return err
	}
	pair, err := s.certificate()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("module %s: %s is taken, perhaps by another module: choose another port", s.name, s.addr)
	}
	if err != nil {
		return fmt.Errorf("module %s: %w", s.name, err)
	}
	s.log.Info("listening", "address", l.Addr().String())
	return s.serve(ctx, l, pair, handler)
}

func (s *Server) serve(ctx context.Context, l net.Listener, pair *certificate, handler http.Handler) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler: s.noPages(handler), BaseContext: func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: min(headerWait, s.patience), ReadTimeout: s.patience, WriteTimeout: 2*s.patience + headerWait, IdleTimeout: s.idle,
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	var inner net.Listener = s.gate(ctx, l)
	if pair != nil {
		inner = tls.NewListener(inner, &tls.Config{GetCertificate: pair.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}})
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		bye, done := context.WithTimeout(base, farewell)
		defer done()
		if server.Shutdown(bye) != nil {
			cancel()
			server.Close()
		}
	})
	err := server.Serve(inner)
	if stop() { // it gave up by itself
		server.Close()
		return fmt.Errorf("module %s: %w", s.name, err)
	}
	<-ended
	return nil
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
