package natsbus

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// lookupWithin bounds how long it may take to find the addresses of the other servers.
const lookupWithin = time.Second

// unjoined says which of the servers that this one is to be joined with are not there, for people; empty if none is missing. Which address
// belongs to one that came by itself is known by its name or its machine only.
func (s *Server) unjoined(ctx context.Context) string {
	n := s.current()
	if n == nil || s.o.Cluster == nil {
		return ""
	}
	routes, err := n.Routez(nil)
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, lookupWithin)
	defer cancel()
	joined := map[string]bool{}
	for _, r := range routes.Routes {
		joined[r.RemoteName] = true
	}
	others := s.o.others(ctx)
	var left []string
	for i := range others {
		if o := &others[i]; !joined[o.host] && !slices.ContainsFunc(routes.Routes, o.isAt) {
			left = append(left, o.address)
		}
	}
	return absent(left, len(others)-len(joined))
}

// other is a server that this one is to be joined with.
type other struct {
	address, host, port string
	ips                 []string
	alone               bool // no further one has an address of the same machine
}

// others are those that --join names.
func (o *ServerOptions) others(ctx context.Context) (all []other) {
	machines := map[string]int{}
	for _, address := range o.Cluster.Join {
		host, port, _ := net.SplitHostPort(address) // join has looked at it
		if address == o.Cluster.Listen || host == o.Name || slices.ContainsFunc(all, func(o other) bool { return o.address == address }) {
			continue
		}
		ips, _ := net.DefaultResolver.LookupHost(ctx, host) // what cannot be found is not there
		for _, ip := range ips {
			machines[ip]++
		}
		all = append(all, other{address: address, host: host, port: port, ips: ips})
	}
	for i := range all {
		all[i].alone = !slices.ContainsFunc(all[i].ips, func(ip string) bool { return machines[ip] > 1 })
	}
	return all
}

// isAt says whether a connection is one with the other server: to its port, or from its machine.
func (o *other) isAt(r *server.RouteInfo) bool {
	return slices.Contains(o.ips, r.IP) && (o.alone || fmt.Sprint(r.Port) == o.port)
}

// absent names those that are missing, as exactly as that is known.
func absent(among []string, missing int) string {
	switch all := strings.Join(among, ", "); {
	case missing <= 0 || len(among) == 0:
		return ""
	case missing < len(among):
		return fmt.Sprintf("%d of %s", missing, all)
	default:
		return all
	}
}

// unjoined is that of the server in this process.
func (c *Conn) unjoined(ctx context.Context) string {
	if c.server == nil {
		return ""
	}
	return c.server.unjoined(ctx)
}

// lacking is what somebody waits for, and who is missing if that is known.
func (c *Conn) lacking(ctx context.Context) string {
	if who := c.unjoined(ctx); who != "" {
		return c.wanted() + "; not there: " + who
	}
	return c.wanted()
}
