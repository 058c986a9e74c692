package keys

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// ReachedAt notes the host:port where the server of the ring listens; those that stand for all addresses of the machine say nothing.
func (r *Ring) ReachedAt(addresses ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reached = nil
	for _, a := range addresses {
		host, _, err := net.SplitHostPort(a)
		if ip, none := netip.ParseAddr(host); err != nil || host == "" || none == nil && ip.IsUnspecified() || slices.Contains(r.reached, host) {
			continue
		}
		r.reached = append(r.reached, host)
	}
}

// Unnamed says that the certificate lacks an address where its server listens, and what to do; empty if it lacks none. Others find the
// server there, and refuse it.
func (r *Ring) Unnamed() string {
	c := r.contents()
	r.mu.Lock()
	defer r.mu.Unlock()
	var lacks []string
	for _, host := range r.reached {
		if c.pair.Leaf.VerifyHostname(host) != nil {
			lacks = append(lacks, host)
		}
	}
	if len(lacks) == 0 {
		return ""
	}
	names := slices.Clone(c.pair.Leaf.DNSNames)
	for _, ip := range c.pair.Leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return fmt.Sprintf("the certificate in %s is not for %s, where this server listens: others refuse it there; make another: `onbu keys server %s --addr %s --force`, and put it into that folder, nothing is to be started again",
		r.dir, strings.Join(lacks, ", "), c.identity.Name, strings.Join(append(names, lacks...), ","))
}
