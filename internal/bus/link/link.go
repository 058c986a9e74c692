// Package link knows how sites are joined: a NATS server inside the process, apart from the one that the bus lives on and
// without a store, with an account for each tenant and leaf-node connections to the servers of other sites. Nothing of the
// engine's own can cross, because nothing of it is on that server.
package link

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

// A connection on which nothing comes for about four seconds counts as cut; whoever dialled it dials again every second.
const (
	pingEvery  = time.Second
	pingsOut   = 3
	redial     = 500 * time.Millisecond // and up to as much again
	dialFor    = 2 * time.Second
	secureFor  = 5 * time.Second
	startFor   = 10 * time.Second
	tellErrors = 120 // how many attempts there are to a log line
)

// Link joins this site with others. It implements bus.Link.
type Link struct {
	plan    Plan
	log     *slog.Logger
	nats    *server.Server
	port    *server.LeafNodeOpts // the server writes down here which port it took
	joined  map[string]*natsbus.Messages
	end     context.CancelFunc
	watched sync.WaitGroup

	mu    sync.Mutex // guards what follows
	since map[uint64]time.Time
	here  []bus.Neighbour
}

var _ bus.Link = (*Link)(nil)

// Start joins a site as the plan says, and returns when the port is open; sites that do not answer are dialled until they
// do. No two sites may have the same name.
func Start(ctx context.Context, site string, plan Plan, log *slog.Logger) (*Link, error) {
	if err := bus.CheckSiteName(site); err != nil {
		return nil, fmt.Errorf("links: site: %w", err)
	}
	l := &Link{plan: plan, log: log, joined: map[string]*natsbus.Messages{}, since: map[uint64]time.Time{}}
	opts, inside, err := l.options(site)
	if err == nil {
		l.nats, err = server.NewServer(opts)
	}
	if err != nil {
		return nil, fmt.Errorf("links: %w", err)
	}
	l.nats.SetLoggerV2(newServerLog(log.With("part", "link")), false, false, false)
	l.nats.Start()
	watching, end := context.WithCancel(context.Background())
	l.end = end
	if err := l.join(ctx, inside); err != nil {
		return nil, errors.Join(fmt.Errorf("links: %w", err), l.Close())
	}
	l.watched.Go(func() { l.watch(watching) })
	return l, nil
}

// join waits for the server and connects to each tenant's account.
func (l *Link) join(ctx context.Context, inside map[string]natsbus.User) error {
	if !l.nats.ReadyForConnections(startFor) {
		return fmt.Errorf("the port %s could not be opened: see the log lines of part=link", l.plan.Listen)
	}
	for tenant, user := range inside {
		c, err := natsbus.ConnectMessages(ctx, l.nats, user, natsbus.Options{Name: "link " + tenant, Log: l.log})
		if err != nil {
			return err
		}
		l.joined[tenant] = c
	}
	return nil
}

// options translates the plan, and gives the user of this process in each tenant's account.
func (l *Link) options(site string) (*server.Options, map[string]natsbus.User, error) {
	o := &server.Options{
		ServerName: site, DontListen: true, NoSigs: true, NoLog: true, NoSystemAccount: true,
		PingInterval: pingEvery, MaxPingsOut: pingsOut,
		ConnectErrorReports: tellErrors, ReconnectErrorReports: tellErrors,
	}
	o.LeafNode.ReconnectInterval = redial
	o.LeafNode.Compression.Mode = server.CompressionOff // what is large is compressed already
	o.MaxSubs = mostSubscriptions
	accounts, inside := map[string]*server.Account{}, map[string]natsbus.User{}
	for _, t := range l.plan.Tenants {
		a, err := newAccount(t.Name)
		if err != nil {
			return nil, nil, err
		}
		u := natsbus.User{Name: "inside " + a.Name, Password: rand.Text()}
		accounts[t.Name], inside[t.Name] = a, u
		o.Accounts = append(o.Accounts, a)
		o.Users = append(o.Users, &server.User{Username: u.Name, Password: u.Password, Account: a})
	}
	for _, u := range l.plan.Users {
		o.LeafNode.Users = append(o.LeafNode.Users, &server.User{Username: u.Name, Password: u.Password, Account: accounts[u.Tenant]})
	}
	for _, d := range l.plan.Dials {
		o.LeafNode.Remotes = append(o.LeafNode.Remotes, d.remote())
	}
	l.port = &o.LeafNode
	return o, inside, l.open(o)
}

// accountName is what a tenant's account is called on the server.
func accountName(tenant string) string { return "tenant " + tenant }

func (d Dial) remote() *server.RemoteLeafOpts {
	r := &server.RemoteLeafOpts{
		LocalAccount: accountName(d.Tenant), Hub: d.Hub, Credentials: d.Creds,
		TLS: d.TLS != nil, TLSConfig: d.TLS, TLSTimeout: secureFor.Seconds(),
		DialTimeout: dialFor, FirstInfoTimeout: secureFor,
	}
	r.Compression.Mode = server.CompressionOff
	u := *d.URL
	if d.User != "" {
		u.User = url.UserPassword(d.User, d.Password)
	}
	r.URLs = []*url.URL{&u}
	return r
}

// open prepares the port. Whether it is free is found out here: of the server's own trouble with it only the log would tell.
func (l *Link) open(o *server.Options) error {
	if l.plan.Listen == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(l.plan.Listen)
	if err != nil {
		return err
	}
	o.LeafNode.Host, o.LeafNode.NoAdvertise = host, true
	if o.LeafNode.Port, err = strconv.Atoi(port); err != nil {
		return fmt.Errorf("listen %s: the port is no number", l.plan.Listen)
	}
	if o.LeafNode.Port == 0 {
		o.LeafNode.Port = server.RANDOM_PORT
	}
	free, err := net.Listen("tcp", l.plan.Listen)
	if err != nil {
		return err
	}
	if err := free.Close(); err != nil {
		return err
	}
	if l.plan.TLS != nil {
		o.LeafNode.TLSConfig, o.LeafNode.TLSTimeout = l.plan.TLS, secureFor.Seconds()
	}
	return nil
}

// Address is where other sites may dial, empty if they may not.
func (l *Link) Address() string {
	if l.plan.Listen == "" {
		return ""
	}
	return net.JoinHostPort(l.port.Host, strconv.Itoa(l.port.Port))
}

// Tenants implements bus.Link.
func (l *Link) Tenants() []bus.Tenant { return l.plan.Tenants }

// Messenger implements bus.Link.
func (l *Link) Messenger(tenant string) bus.Messenger {
	if m, ok := l.joined[tenant]; ok {
		return m
	}
	return nil
}

// Close ends all connections.
func (l *Link) Close() error {
	l.end()
	l.watched.Wait()
	var errs []error
	for _, m := range l.joined {
		errs = append(errs, m.Close())
	}
	l.nats.Shutdown()
	l.nats.WaitForShutdown()
	return errors.Join(errs...)
}
