package natsbus

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Cluster says how a server is one of several that keep the same streams.
type Cluster struct {
	// Name is that of the cluster, the same in all its servers; empty for "onbu".
	Name string
	// Listen is the host:port for the other servers.
	Listen string
	// Join are the host:port where others listen for servers. Whoever has joined is told of those that are not listed.
	Join []string
	// TLS is used between servers when not nil, in both directions: each shows its certificate to the other, which checks it
	// against ClientCAs or RootCAs, whichever is set.
	TLS *tls.Config
}

// Copies is how many servers keep each stream of a cluster unless somebody says otherwise: one may be lost, and the others
// still are the greater part.
const Copies = 3

// join makes the server one of a cluster.
func (o ServerOptions) join(opts *server.Options) error {
	c := o.Cluster
	if o.Name == "" {
		return errors.New("a server of a cluster needs a name of its own: set --name")
	}
	if len(c.Join) == 0 {
		return errors.New("a server of a cluster needs the address of another: set --join")
	}
	host, port, err := hostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("address for the other servers: %w", err)
	}
	opts.Cluster = server.ClusterOpts{
		Name: cmp.Or(c.Name, "onbu"), Host: host, Port: port,
		// A server that went silent is noticed before the others elect new leaders.
		PingInterval: 2 * time.Second, MaxPingsOut: 2,
	}
	if o.hidden() {
		o.hide(opts)
	}
	opts.ReconnectErrorReports = 60 // tries, one a second
	for _, other := range c.Join {
		if _, _, err := hostPort(other); err != nil {
			return fmt.Errorf("address of another server: %w", err)
		}
		opts.Routes = append(opts.Routes, &url.URL{Scheme: "nats-route", Host: other})
	}
	if c.TLS != nil {
		opts.Cluster.TLSConfig, opts.Cluster.TLSTimeout = mutual(c.TLS), 5
	}
	return nil
}

// handOver has another server lead what this one leads, so that writers need not wait until the others notice that it is gone.
func handOver(n *server.Server) {
	if !n.JetStreamIsClustered() {
		return
	}
	for began := time.Now(); time.Since(began) < handOverWithin; time.Sleep(20 * time.Millisecond) {
		leads := false
		for _, stream := range allStreams() {
			if n.JetStreamIsStreamLeader(server.DEFAULT_GLOBAL_ACCOUNT, stream) {
				leads = true
				_ = n.JetStreamStepdownStream(server.DEFAULT_GLOBAL_ACCOUNT, stream) // where there is nobody to lead it stays as it is
			}
		}
		if !leads {
			return
		}
	}
}

// handOverWithin is how long a server that ends looks for others to lead.
const handOverWithin = time.Second

// mutual has both sides of a connection between servers check the other's certificate: each is client here and server there.
func mutual(own *tls.Config) *tls.Config {
	c := own.Clone()
	c.RootCAs, c.ClientCAs = cmp.Or(c.RootCAs, c.ClientCAs), cmp.Or(c.ClientCAs, c.RootCAs)
	c.ClientAuth = tls.RequireAndVerifyClientCert
	return c
}

// hostPort takes an address apart; port 0 stands for any.
func hostPort(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	if port, err = strconv.Atoi(text); err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("%q: the port is no number from 0 to 65535", address)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// fits is an error when the store in a folder was made by a server alone and is now to be one of a cluster, or the other way
// round: nats-server 2.15 removes the streams that its cluster does not know (jetstream_cluster.go, checkForOrphans), and a
// server alone does not find those of a cluster.
func (o ServerOptions) fits() error {
	if reserved(o.Dir) == 0 {
		return nil
	}
	_, err := os.Stat(filepath.Join(o.Dir, "jetstream", "$SYS", "_js_", "_meta_"))
	clustered := err == nil
	switch {
	case clustered == (o.Cluster != nil):
		return nil
	case clustered:
		return fmt.Errorf("the store in %s is that of a server of a cluster: give it --cluster and --join again, or use another folder", o.Dir)
	}
	return fmt.Errorf("the store in %s was made by a server alone, and a cluster would remove all that is in it: move it away, and fill the new cluster from there with onbu bus --take (docs/cluster.md)", o.Dir)
}
