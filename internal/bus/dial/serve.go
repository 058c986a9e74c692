package dial

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/onbu/onbu/internal/bus/natsbus"
)

// Serve says whom an embedded server is there for besides its own process: nobody, unless something is set.
type Serve struct {
	// Listen is the host:port for daemons of other machines.
	Listen string
	// Cluster is the host:port for the other servers of a cluster, and Join where those listen.
	Cluster string
	Join    []string
	// TLS and ClusterTLS are for the two; nil for none, and where there are keys.
	TLS, ClusterTLS *tls.Config
	// Open allows that whoever reaches the two may do everything, although other machines may.
	Open bool
}

// Check finds what does not go together. replicas is how many copies were asked for; 0 for the default.
func (s *Serve) Check(replicas int) error {
	switch {
	case s.Cluster == "" && len(s.Join) > 0:
		return errors.New("--join needs --cluster: the HOST:PORT where the other servers reach this one")
	case s.Cluster != "" && len(s.Join) == 0:
		return errors.New("--cluster needs --join: the HOST:PORT,HOST:PORT of the other servers")
	case replicas != 0 && replicas != 1 && replicas != 3 && replicas != 5:
		return fmt.Errorf("--replicas takes 1, 3 or 5, not %d: an even number survives no more losses than the odd one below it; two machines need a third, see docs/cluster.md", replicas)
	}
	for _, address := range append([]string{s.Listen, s.Cluster}, s.Join...) {
		if address == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fmt.Errorf("%q is no HOST:PORT: %w", address, err)
		}
	}
	return nil
}

// Start starts a server for those whom s names.
func (s *Serve) Start(o natsbus.ServerOptions) (*natsbus.Server, error) {
	o.Listen, o.TLS, o.Open = s.Listen, s.TLS, s.Open
	if s.Cluster != "" {
		o.Cluster = &natsbus.Cluster{Listen: s.Cluster, Join: s.Join, TLS: s.ClusterTLS}
	}
	return natsbus.StartServer(o)
}
