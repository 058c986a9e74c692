// Package dial knows what the addresses of a bus mean: a server within this process, one on the network, or memory.
package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/keys"
)

// Options says how to open a bus.
type Options struct {
	// Name tells connections apart in lists and log lines: "scheduler-1"; and an embedded server from the others of its cluster.
	Name string
	Log  *slog.Logger
	// StateDir is where an embedded server keeps its store, in the folder "bus".
	StateDir string
	// Serve says whom the embedded server is there for besides this process.
	Serve Serve
	// Hub lets the daemons of one process share an embedded server; nil for a server of its own.
	Hub *Hub
	// Memory is the bus of the address "mem:".
	Memory *membus.Bus
	// TLS names the files for TLS; used for tls:// addresses, and for nats:// ones when not empty.
	TLS Files
	// Keys show who this process is, to a bus on the network or as a server for other processes; they take the place of TLS.
	Keys *keys.Ring
	// Creds is a NATS credentials file, for nats:// and tls:// addresses.
	Creds string
	// Replicas is how many servers of a cluster keep each stream; 0 for as many as it needs to lose one, and 1 without a cluster.
	Replicas int
	// Limits are those of single streams, for the arbiter; the layout's where there are none.
	Limits map[bus.Stream]bus.Limits
}

// Files are the PEM files for TLS; each may be empty. CA says whom to trust instead of the system's roots. Cert and Key
// show who we are.
type Files struct{ CA, Cert, Key string }

// Open opens the bus at an address:
//
//	embedded:            a server in this process, with its store in StateDir
//	nats://host:port     a server on the network, or several with commas between
//	tls://host:port      the same with TLS
//	mem:                 the bus Memory
//
// It waits until ctx ends for a server that does not answer yet. The function that it returns closes the connection and
// what was started for it.
func Open(ctx context.Context, url string, o Options) (bus.Conn, func() error, error) {
	scheme, rest, ok := strings.Cut(url, ":")
	switch {
	case url == "":
		return nil, nil, errors.New("no address of the bus given: use embedded:, or nats://host:4222 of an `onbu bus`")
	case !ok:
		return nil, nil, fmt.Errorf("address of the bus %q has no scheme: did you mean nats://%s?", url, url)
	case scheme == "embedded" && rest == "":
		return o.embedded(ctx)
	case scheme == "nats" || scheme == "tls":
		return o.network(ctx, url, scheme == "tls")
	case scheme == "mem" && rest == "":
		return o.memory()
	}
	return nil, nil, fmt.Errorf("address of the bus %q: use embedded:, nats://host:port or tls://host:port", url)
}

func (o Options) memory() (bus.Conn, func() error, error) {
	if o.Memory == nil {
		return nil, nil, errors.New("the bus mem: is for tests within one process, use embedded: instead")
	}
	c := o.Memory.Connect(o.Name)
	return c, c.Close, nil
}

func (o Options) connection() natsbus.Options {
	return natsbus.Options{Name: o.Name, Log: o.Log, Replicas: o.Replicas, Keys: o.Keys, Creds: o.Creds, Limits: o.Limits}
}

func (o Options) network(ctx context.Context, url string, secure bool) (bus.Conn, func() error, error) {
	conn := o.connection()
	if secure || o.TLS != (Files{}) {
		var err error
		if conn.TLS, err = o.TLS.config(); err != nil {
			return nil, nil, fmt.Errorf("TLS for the bus: %w", err)
		}
	}
	if o.Creds != "" {
		if _, err := os.Stat(o.Creds); err != nil {
			return nil, nil, fmt.Errorf("credentials for the bus: %w", err)
		}
	}
	c, err := natsbus.Connect(ctx, url, conn)
	if err != nil {
		return nil, nil, err
	}
	return c, c.Close, nil
}

func (f Files) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS13}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", f.CA)
		}
	}
	if f.Cert == "" && f.Key == "" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

func (o Options) embedded(ctx context.Context) (bus.Conn, func() error, error) {
	if o.StateDir == "" {
		return nil, nil, errors.New("an embedded bus needs a directory for its state: set one, or use nats://host:4222 of an `onbu bus`")
	}
	hub := o.Hub
	if hub == nil {
		hub = &Hub{}
	}
	server, err := hub.acquire(&o.Serve, natsbus.ServerOptions{Dir: filepath.Join(o.StateDir, "bus"), Name: o.Name, Keys: o.Keys, Log: o.Log})
	if err != nil {
		return nil, nil, err
	}
	c, err := server.Connect(ctx, o.connection())
	if err != nil {
		return nil, nil, errors.Join(err, hub.release())
	}
	stop := sync.OnceValue(func() error { return errors.Join(c.Close(), hub.release()) })
	return c, stop, nil
}

// Hub shares an embedded server among the daemons of one process: the first Open starts it, the last close stops it. The
// zero value is ready; any goroutine may use it.
type Hub struct {
	mu     sync.Mutex // guards everything that follows
	server *natsbus.Server
	dir    string
	users  int
}

func (h *Hub) acquire(s *Serve, o natsbus.ServerOptions) (*natsbus.Server, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.server != nil && h.dir != o.Dir {
		return nil, fmt.Errorf("the bus of this process has its store in %s, not in %s", h.dir, o.Dir)
	}
	if h.server == nil {
		server, err := s.Start(o)
		if err != nil {
			return nil, err
		}
		h.server, h.dir = server, o.Dir
	}
	h.users++
	return h.server, nil
}

func (h *Hub) release() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users--; h.users > 0 {
		return nil
	}
	server := h.server
	h.server = nil
	return server.Close()
}
