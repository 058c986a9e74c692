// Package natsbus knows how the promises of package bus are kept by NATS: which headers fence the journal, which errors
// mean that a message is stored, and how a server is run inside the process.
package natsbus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/keys"
)

// Options says how to connect.
type Options struct {
	// Name tells connections apart, in the server's lists and in log lines.
	Name string
	Log  *slog.Logger
	// Replicas is how many servers of a cluster keep each stream; 0 for Copies in a cluster, and 1 elsewhere. Prepare uses it.
	Replicas int
	// MaxStream caps the bytes of each stream below the layout's; 0 for no cap. Prepare uses it.
	MaxStream int64
	// Limits are those of single streams, where they are not the layout's. Prepare uses them.
	Limits map[bus.Stream]bus.Limits
	// TLS is used for tls:// addresses, and whenever it is not nil.
	TLS *tls.Config
	// Keys show who we are, and whom we trust; they take the place of TLS. Nil for none.
	Keys *keys.Ring
	// Creds is the path of a credentials file (JWT and nkey seed); empty for none.
	Creds string
}

// Conn is a connection to a NATS server. It implements bus.Conn.
type Conn struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	opts    Options
	log     *slog.Logger
	layout  []bus.Keeping
	server  *Server // where it is within this process; nil for one elsewhere
	silence silence
	batches chan struct{} // a token for each atomic batch under way

	refused refusals
	early   refusals // by a bus of the release before, of what came with this one
	tale    tale

	life       context.Context // ends with Close
	end        context.CancelFunc
	background sync.WaitGroup
	leads      sync.Once // streams in memory are kept led once this connection prepares them

	mu       sync.Mutex // guards everything that follows
	buckets  map[bus.Bucket]jetstream.KeyValue
	doubt    map[uint16]string // by shard, the batch whose last commit ended without an answer
	fresh    chan struct{}     // closed and replaced when the connection was made again
	prepares bool              // Prepare was called
	getters  map[bus.Stream][]*getter
}

var _ bus.Conn = (*Conn)(nil)

// batchesAtOnce keeps the messages of atomic batches under way below the 10,000 that a stream queues (nats-server 2.15,
// streamDefaultMaxQueueMsgs), beyond which it drops.
const batchesAtOnce = 8

// oldest is the first server that has all we need: atomic batches with de-duplication, TTL of messages, fixes of 2026.
const oldestMajor, oldestMinor = 2, 14

// Connect connects to the server at url, and tries again with a log line until ctx ends if nobody is there.
func Connect(ctx context.Context, url string, o Options) (*Conn, error) {
	return connect(ctx, url, o, nil)
}

// Connect connects to the server inside this process.
func (s *Server) Connect(ctx context.Context, o Options) (*Conn, error) {
	inside := []nats.Option{nats.InProcessServer(inProcess{s})}
	if s.inside != nil {
		inside = append(inside, nats.UserInfo(s.inside.Name, s.inside.Password))
	}
	o.TLS, o.Creds, o.Keys = nil, "", nil
	return connect(ctx, "", o, s, inside...)
}

func connect(ctx context.Context, url string, o Options, within *Server, more ...nats.Option) (*Conn, error) {
	c := newConn(o)
	c.server = within
	if err := c.dial(ctx, url, append(c.options(), more...)); err != nil {
		c.end()
		return nil, err
	}
	if err := c.checkServer(ctx, url); err != nil {
		c.end()
		c.nc.Close()
		return nil, err
	}
	return c, nil
}

func newConn(o Options) *Conn {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	streams, _ := bus.Layout()
	life, end := context.WithCancel(context.Background())
	return &Conn{
		life: life, end: end,
		opts: o, log: o.Log.With("bus", o.Name), layout: bus.Limited(streams, o.Limits),
		batches: make(chan struct{}, batchesAtOnce),
		buckets: map[bus.Bucket]jetstream.KeyValue{}, doubt: map[uint16]string{}, getters: map[bus.Stream][]*getter{}, fresh: make(chan struct{}),
	}
}

// options are those of every connection. Nothing is buffered while there is no connection: a message that is sent much
// later than its sender believes is worse than an error.
func (c *Conn) options() []nats.Option {
	opts := []nats.Option{
		nats.Name(c.opts.Name),
		nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2),
		nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond), nats.ReconnectJitter(200*time.Millisecond, time.Second),
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(c.lost), nats.ReconnectHandler(c.back), nats.ErrorHandler(c.trouble),
	}
	opts = append(opts, c.opts.keyed()...)
	if c.opts.TLS != nil && c.opts.Keys == nil {
		opts = append(opts, nats.Secure(c.opts.TLS))
	}
	if c.opts.Creds != "" {
		opts = append(opts, nats.UserCredentials(c.opts.Creds))
	}
	return opts
}

func (c *Conn) dial(ctx context.Context, url string, opts []nats.Option) error {
	told, again := "", time.Time{}
	for wait := pause(250 * time.Millisecond); ; {
		nc, err := nats.Connect(url, opts...)
		if err == nil {
			c.nc = nc
			c.silence.end()
			c.js, err = jetstream.New(nc)
			return err
		}
		err = fmt.Errorf("connecting to the bus at %s: %w%s", where(url), err, advice(err))
		if !errors.Is(err, nats.ErrNoServers) && !errors.Is(err, nats.ErrTimeout) {
			return err
		}
		if now := time.Now(); err.Error() != told || now.After(again) {
			c.log.Warn("no bus yet, trying again", "url", where(url), "err", err)
			told, again = err.Error(), now.Add(reminder)
		}
		if !wait.sleep(ctx) {
			return fmt.Errorf("%w: start one there with `onbu bus`, let an `onbu run` there take daemons in with --listen, or correct the address", err)
		}
	}
}

// where is an address, or several with commas between, without the secrets that may stand in it.
func where(url string) string {
	if url == "" {
		return "this process"
	}
	servers := strings.Split(url, ",")
	for i, one := range servers {
		scheme, rest, ok := strings.Cut(one, "://")
		if !ok {
			scheme, rest = "nats", one
		}
		servers[i] = scheme + "://" + rest[strings.LastIndexByte(rest, '@')+1:]
	}
	return strings.Join(servers, ",")
}

func (c *Conn) checkServer(ctx context.Context, url string) error {
	version := c.nc.ConnectedServerVersion()
	if !recent(version) {
		return fmt.Errorf("nats-server %s at %s is too old: Onbu needs %d.%d or newer; run `onbu bus` or update that server",
			version, where(url), oldestMajor, oldestMinor)
	}
	err := c.untilReady(ctx, "connecting", func() error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		_, err := c.js.AccountInfo(ctx)
		return err
	})
	if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		return fmt.Errorf("nats-server at %s runs without JetStream: start it with -js and a store directory, or run `onbu bus`", where(url))
	}
	if err != nil {
		return fmt.Errorf("asking the bus at %s for JetStream: %w", where(url), err)
	}
	return nil
}

func recent(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major > oldestMajor || major == oldestMajor && minor >= oldestMinor)
}

func (c *Conn) lost(nc *nats.Conn, err error) {
	if !nc.IsClosed() {
		c.log.Warn("connection to the bus lost, connecting again", "err", err)
		c.tale.lost(err)
	}
}

func (c *Conn) back(nc *nats.Conn) {
	c.log.Info("connected to the bus again", "url", nc.ConnectedUrlRedacted())
	if v := nc.ConnectedServerVersion(); !recent(v) {
		c.log.Error("this nats-server is too old for Onbu: update it", "version", v, "url", nc.ConnectedUrlRedacted())
	}
	c.silence.end()
	c.tale.back()
	c.prepareAgain()
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.fresh)
	c.fresh = make(chan struct{})
}

// reconnected is closed when the connection was lost and made again after this call.
func (c *Conn) reconnected() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fresh
}

// trouble reports what has no caller to be told: above all refused permissions, which else look like a silent bus.
func (c *Conn) trouble(_ *nats.Conn, sub *nats.Subscription, err error) {
	subject := ""
	if sub != nil {
		subject = sub.Subject
	}
	switch {
	case errors.Is(err, nats.ErrPermissionViolation) && c.opts.Keys != nil && tooOld(err, c.opts.Keys.Identity()):
		if c.early.add(err, time.Now()) {
			c.log.Warn("the bus is of the release before and knows nothing of this: it will work once the bus is replaced", "err", err)
		}
	case errors.Is(err, nats.ErrPermissionViolation):
		if c.refused.add(err, time.Now()) {
			c.log.Error("the bus refuses this daemon a right: does its certificate have the role, and is it as new as the bus?", "err", err)
		}
	case errors.Is(err, nats.ErrSlowConsumer) && sub != nil:
		dropped, _ := sub.Dropped()
		c.log.Warn("too slow for the messages that come in, some are lost", "subject", subject, "lost", dropped)
	default:
		c.log.Warn("trouble with the bus"+advice(err), "err", err, "subject", subject)
	}
}

// Close ends the connection.
func (c *Conn) Close() error {
	if c.nc.IsConnected() {
		if err := c.nc.FlushTimeout(2 * time.Second); err != nil {
			c.log.Warn("closing the bus before everything was sent", "err", err)
		}
	}
	c.nc.Close()
	c.mu.Lock()
	c.end()
	c.mu.Unlock()
	c.background.Wait()
	return nil
}
