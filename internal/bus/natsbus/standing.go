package natsbus

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
)

// awayAfter is how long a server is silent that is away. It answers its leader each second.
const awayAfter = 5 * time.Second

// Standing says how the bus is. It asks the leader of the journal, which only daemons may that prepare the bus; without an
// answer, there is none as far as this connection can see.
func (c *Conn) Standing(ctx context.Context) bus.Standing {
	s := bus.Standing{Cluster: c.clustered()}
	if !c.nc.IsConnected() {
		return s
	}
	if s.Server = c.nc.ConnectedServerName(); !s.Cluster {
		s.Leader, s.Servers = s.Server, []string{s.Server}
		return s
	}
	c.ask(ctx, &s)
	switch {
	case c.server == nil:
	case s.Leader == "":
		s.Unjoined = c.server.unjoined(ctx)
	default:
		c.server.sees(&s)
	}
	return s
}

// ask fills in what the leader of the journal says.
func (c *Conn) ask(ctx context.Context, s *bus.Standing) {
	ctx, cancel := context.WithTimeout(ctx, c.tryTimeout())
	defer cancel()
	stream, err := c.js.Stream(ctx, string(bus.EV))
	if err != nil {
		s.Bare = errors.Is(err, jetstream.ErrStreamNotFound)
		return
	}
	info := stream.CachedInfo().Cluster
	if info == nil {
		return
	}
	s.Leader = info.Leader
	if s.Leader != "" {
		s.Servers = append(s.Servers, s.Leader)
	}
	for _, r := range info.Replicas {
		name := known(r.Name)
		s.Servers = append(s.Servers, name)
		away := isAway(r)
		if away || !r.Current {
			s.Behind = append(s.Behind, bus.Replica{Server: name, Away: away, Left: r.Offline, Lag: r.Lag, Seen: r.Active})
		}
	}
	slices.Sort(s.Servers)
}

// known gives a server's name. Those that begin while it is away know its number only (nats-server 2.15, jetstream_cluster.go).
func known(name string) string {
	if strings.HasPrefix(name, "Server name unknown") {
		return "whose name is not known before it comes"
	}
	return name
}

// isAway says whether a server is away, whatever it lacks. A leader knows only whom it has heard since it leads: of one that was killed
// before, it says neither that it is offline, for minutes, nor when it was heard last; it only lacks more and more.
func isAway(r *jetstream.PeerInfo) bool {
	return r.Offline || r.Active > awayAfter || r.Active == 0 && !r.Current
}
