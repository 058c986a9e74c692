package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/internal/sdnotify"
)

// runBus is onbu bus.
func runBus(ctx context.Context, e *env) error {
	var d daemonFlags
	var serving serveFlags
	e.flags.StringVar(&d.tls.Cert, "tls-cert", "", "PEM file of the certificate to show; without one the bus speaks in clear")
	e.flags.StringVar(&d.tls.Key, "tls-key", "", "PEM file of its key")
	e.flags.StringVar(&d.tls.CA, "tls-ca", "", "PEM file of who signs the daemons' certificates; then only daemons with one are let in")
	e.flags.StringVar(&d.keys, "keys", "", "folder with the certificate of this server, from onbu keys server; then daemons are let in by theirs, each with the rights of its role")
	serving.registerListen(e.flags, "127.0.0.1:4222", "HOST:PORT to listen on")
	serving.registerCluster(e.flags)
	take := e.flags.String("take", "", "folder with the store of a bus that ran alone, to fill a new cluster with before anybody uses it; it stays as it is")
	e.flags.StringVar(&d.name, "name", "", "name of this server among those of its cluster (default: the machine's name)")
	e.flags.StringVar(&d.state, "state", filepath.Join(defaultState(), "bus"), "folder of the store")
	e.flags.StringVar(&d.http, "http", "127.0.0.1:0", "address of metrics and health; :0 picks a port and logs it, empty serves none")
	e.flags.StringVar(&d.logLevel, "log", "info", "how much to log: debug, info, warn or error")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	log, err := d.logger(e.stderr)
	if err != nil {
		return err
	}
	serve, err := serving.serve(d.tls)
	if err != nil {
		return err
	}
	ring, err := d.ring(log)
	if err != nil {
		return err
	}
	if ring != nil {
		go ring.Watch(ctx, func(string) {})
	}
	go app.BoundHeap(ctx)
	if ring != nil && d.name == "" {
		d.name = ring.Identity().Name
	}
	if d.name == "" {
		d.name, _ = os.Hostname()
	}
	s, err := serve.Start(natsbus.ServerOptions{Dir: d.state, Name: d.name, Keys: ring, Log: log})
	if err != nil {
		return err
	}
	log.Info("the bus listens", "url", s.URL())
	err = workBus(ctx, s, busWork{name: d.name, http: d.http, take: *take, ring: ring, log: log})
	if err = errors.Join(err, s.Close()); err == nil {
		log.Info("ended in order")
	}
	return err
}

// busWork is what a server of the bus does beside serving daemons.
type busWork struct {
	name, http, take string
	ring             *keys.Ring // nil for none
	log              *slog.Logger
}

// workBus looks after a server until ctx ends.
func workBus(ctx context.Context, s *natsbus.Server, w busWork) error {
	unserve, err := app.BusServer{
		Server: s, Name: w.name, HTTP: w.http, Keys: w.ring, Log: w.log,
		Connect: func(ctx context.Context) (bus.Conn, error) {
			return s.Connect(ctx, natsbus.Options{Name: "health", Log: w.log})
		},
	}.Serve(ctx)
	if err != nil {
		return err
	}
	if w.take != "" {
		if err := takeStore(ctx, w.take, s, w.log); err != nil {
			return errors.Join(fmt.Errorf("--take %s: %w", w.take, err), unserve())
		}
	}
	guardBus(ctx, sdnotify.FromEnv(w.log), s)
	return unserve()
}

// takeStore fills a bus with what is in a store.
func takeStore(ctx context.Context, dir string, into *natsbus.Server, log *slog.Logger) error {
	if _, err := os.Stat(filepath.Join(dir, "jetstream")); err != nil {
		return fmt.Errorf("no store is there: %w", err)
	}
	old, err := natsbus.StartServer(natsbus.ServerOptions{Dir: dir, Log: log})
	if err != nil {
		return err
	}
	defer old.Close() // nothing was written
	from, err := old.Connect(ctx, natsbus.Options{Name: "take", Log: log})
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := into.Connect(ctx, natsbus.Options{Name: "take", Log: log})
	if err != nil {
		return err
	}
	defer to.Close()
	err = natsbus.Copy(ctx, from, to, func(stream string, messages uint64) {
		log.Info("taken", "stream", stream, "messages", messages)
	})
	if err == nil {
		log.Info("everything is here: the daemons may begin", "from", dir)
	}
	return err
}

// serverTLS reads the files for a bus that speaks TLS; nil without a certificate.
func serverTLS(f dial.Files) (*tls.Config, error) {
	if f.Cert == "" && f.Key == "" && f.CA == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
	if f.CA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return nil, fmt.Errorf("--tls-ca: %w", err)
	}
	c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	if !c.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--tls-ca: %s holds no certificate in PEM form", f.CA)
	}
	return c, nil
}
