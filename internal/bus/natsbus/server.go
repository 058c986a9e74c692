package natsbus

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/monitor"
)

// ServerOptions says how an embedded server runs.
type ServerOptions struct {
	// Dir holds the store; it is made if it is not there. Only one server may use it at a time.
	Dir string
	// Name tells servers apart in logs, and within a cluster, where each needs one of its own; empty for "onbu".
	Name string
	// Listen is the host:port to listen on, port 0 for any; empty for connections of this process only.
	Listen string
	// TLS is used on the listening port when not nil; with ClientCAs set there, clients must show a certificate.
	TLS *tls.Config
	// Users may connect to the listening port; empty for anybody who reaches it. Connections of this process are let in.
	Users []User
	// Keys has daemons of other processes let in by their certificates only, each with the rights of its roles; it takes the
	// place of TLS and Users. Nil for none.
	Keys *keys.Ring
	// Open allows to listen for other machines although whoever reaches the port may do everything.
	Open bool
	// MaxStore bounds the bytes on disk; 0 for what is free there less a tenth, and no less than what the streams that
	// are there may grow to.
	MaxStore int64
	// MaxMemory bounds the streams kept in memory; 0 for 512 MiB.
	MaxMemory int64
	// Cluster makes the server one of several; nil for one alone.
	Cluster *Cluster
	Log     *slog.Logger

	guard      *guard       // made of Keys
	full, ends *atomic.Bool // as in serverLog
	madeUp     bool
}

// User may connect to the listening port of a server, and may do everything there.
type User struct{ Name, Password string }

// Server is a NATS server inside this process. It begins anew by itself once there is room again after its disk was full.
type Server struct {
	o      ServerOptions // with the address that is listened on
	log    *slog.Logger
	lock   *dirLock
	url    string
	inside *User // the user for connections of this process; nil when none is needed
	gate   *gate // where daemons of other processes come in, with keys; else nil
	close  sync.Once

	end     context.CancelFunc
	mending sync.WaitGroup

	mu        sync.Mutex        // guards what follows
	nats      *server.Server    // nil while it begins anew
	chronicle monitor.Chronicle // of a connection within this process
	members   members
}

// startTimeout bounds the start: a large store is read first.
const startTimeout = 2 * time.Minute

// StartServer starts a server and returns when it takes connections. Every write to its streams on disk is synced before
// it is acknowledged, but for the lazy ones.
func StartServer(o ServerOptions) (*Server, error) {
	if o.Dir == "" {
		return nil, errors.New("starting the bus: no directory for its store given")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil { // the working directory may change, or go
		return nil, fmt.Errorf("starting the bus: %w", err)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("starting the bus: %w", err)
	}
	if err := errors.Join(o.enough(), o.fits()); err != nil {
		return nil, fmt.Errorf("starting the bus: %w", err)
	}
	if err := errors.Join(o.closed(), o.guarded()); err != nil {
		return nil, fmt.Errorf("starting the bus: %w", err)
	}
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("starting the bus: %w", err)
	}
	s, err := start(o, lock)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting the bus: %w", err), lock.release())
	}
	return s, nil
}

func start(o ServerOptions, lock *dirLock) (*Server, error) {
	o.full, o.ends = new(atomic.Bool), new(atomic.Bool)
	n, err := o.launch()
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Server{o: o, log: o.Log, lock: lock, nats: n, end: end}
	if len(o.Users) > 0 {
		s.inside = &o.Users[0]
	}
	if !o.hidden() {
		s.url, s.o.Listen = n.ClientURL(), n.Addr().String()
	}
	if err := s.watchOver(ctx); err != nil {
		end()
		stop(n)
		return nil, fmt.Errorf("address to listen on: %w", err)
	}
	s.mending.Go(func() { s.mend(ctx) })
	return s, nil
}

// launch starts a server and waits until it is ready.
func (o ServerOptions) launch() (*server.Server, error) {
	o.full.Store(false)
	o.ends.Store(false)
	opts, err := o.server()
	if err != nil {
		return nil, err
	}
	n, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	lines := serverLog{
		log: o.Log.With("part", "nats"), fatal: new(atomic.Pointer[string]), full: o.full, ends: o.ends, madeUp: o.madeUp, handshakes: &handshakes{},
	}
	n.SetLoggerV2(lines, false, false, false)
	n.Start()
	if err = lines.ready(n); err == nil && !n.JetStreamEnabled() {
		err = fmt.Errorf("its store in %s could not be opened: see the log lines of part=nats", o.Dir)
	}
	if err != nil {
		stop(n)
		return nil, err
	}
	return n, nil
}

// ready waits until a server takes connections, and is an error when it never will.
func (l serverLog) ready(n *server.Server) error {
	for began := time.Now(); time.Since(began) < startTimeout; {
		if n.ReadyForConnections(100 * time.Millisecond) {
			return nil
		}
		if why := l.fatal.Load(); why != nil {
			return errors.New(*why)
		}
	}
	return fmt.Errorf("not ready after %s: see the log lines of part=nats", startTimeout)
}

func stop(n *server.Server) {
	n.Shutdown()
	n.WaitForShutdown()
}

// server translates the options. Nothing listens but what was asked for: no monitoring port, no websocket, no MQTT.
func (o ServerOptions) server() (*server.Options, error) {
	store := o.MaxStore
	if store == 0 {
		var err error
		if store, err = limit(o.Dir); err != nil {
			return nil, err
		}
	}
	opts := &server.Options{
		ServerName: cmp.Or(o.Name, "onbu"),
		DontListen: o.Cluster == nil && o.hidden(),
		NoSigs:     true, NoLog: true, DisableJetStreamBanner: true,
		JetStream: true, StoreDir: o.Dir, SyncAlways: true,
		JetStreamMaxStore:  store,
		JetStreamMaxMemory: cmp.Or(o.MaxMemory, 512<<20),
		// All roles and shards of a process share one connection; it is cut off when more than this waits for it.
		MaxPending:   256 << 20,
		PingInterval: 5 * time.Second,
		MaxPingsOut:  2,
	}
	for _, u := range o.Users {
		opts.Users = append(opts.Users, &server.User{Username: u.Name, Password: u.Password})
	}
	if o.Cluster != nil {
		if err := o.join(opts); err != nil {
			return nil, err
		}
	}
	if o.guard != nil {
		opts.CustomClientAuthentication = o.guard
	}
	if o.hidden() {
		return opts, nil
	}
	var err error
	if opts.Host, opts.Port, err = hostPort(o.Listen); err != nil {
		return nil, fmt.Errorf("address to listen on: %w", err)
	}
	if o.TLS != nil {
		opts.TLSConfig, opts.TLS, opts.TLSTimeout = o.TLS, true, 5
		opts.TLSVerify = o.TLS.ClientCAs != nil
	}
	return opts, nil
}

// URL is where other processes reach the server, "" when it does not listen.
func (s *Server) URL() string { return s.url }

// Close stops the server and gives up its store. Connections to it should be closed before.
func (s *Server) Close() error {
	var err error
	s.close.Do(func() {
		s.end()
		if s.gate != nil {
			err = s.gate.close()
		}
		s.mending.Wait()
		if n := s.swap(nil); n != nil {
			handOver(n)
			s.o.ends.Store(true)
			stop(n)
		}
		err = errors.Join(err, s.lock.release())
	})
	return err
}

// current is the server that runs, nil while none does.
func (s *Server) current() *server.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nats
}

// swap puts another server in the place of the one that runs, which it returns.
func (s *Server) swap(n *server.Server) *server.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.nats
	s.nats = n
	return old
}
