package serve

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/onbu/onbu/modules"
)

// Read reads the settings that every module with a TCP port has: host (127.0.0.1 unless written; * for all addresses), port,
// max_connections, max_connections_per_source and allowed_hosts (addresses and networks; all if there is none).
func Read(s *modules.Settings, port int) Options {
	host := s.Text("host", "127.0.0.1")
	if host == "*" {
		host = ""
	}
	o := Options{
		Network: "tcp", Address: net.JoinHostPort(host, strconv.Itoa(s.Int("port", port, 1, 65535))),
		Most: s.Int("max_connections", defaultMost, 1, 1<<20),
	}
	o.MostPerSource = s.Int("max_connections_per_source", (o.Most+1)/2, 1, 1<<20)
	if s.Has("allowed_hosts") {
		nets, err := Networks(s.Words("allowed_hosts"))
		if err != nil {
			s.Wrong("allowed_hosts", "%v", err)
		}
		o.Allow = nets.Contain
	}
	return o
}

// Public says that peers of other machines reach the port, whoever they are. A name of a host counts as one of another's.
func (o *Options) Public() bool {
	host, _, _ := net.SplitHostPort(o.Address)
	a, err := netip.ParseAddr(host)
	return o.Allow == nil && host != "localhost" && (err != nil || !a.IsLoopback())
}

// Nets are addresses and networks.
type Nets []netip.Prefix

// Networks reads addresses and networks as written: 10.1.2.3, 10.0.0.0/8, 2001:db8::/32. Names of hosts are none: what they
// mean would depend on the moment.
func Networks(words []string) (Nets, error) {
	var nets Nets
	for _, w := range words {
		p, err := netip.ParsePrefix(w)
		if err != nil {
			a, not := netip.ParseAddr(w)
			if not != nil {
				return nil, fmt.Errorf("%q is neither an address nor a network: write 10.1.2.3, 10.0.0.0/8 or 2001:db8::/32", w)
			}
			p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
		}
		nets = append(nets, p.Masked())
	}
	return nets, nil
}

// Contain says whether an address is one of them or in one of them.
func (n Nets) Contain(a netip.Addr) bool {
	return slices.ContainsFunc(n, func(p netip.Prefix) bool { return p.Contains(a) })
}
