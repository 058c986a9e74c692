package compile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

// roster says what results from outside may be for.
func roster(c *objects.Config) monitor.Roster {
	refs := make([]monitor.Ref, 0, len(c.Services))
	for i := range c.Hosts {
		h := &c.Hosts[i]
		for _, s := range c.Services[h.FirstService : h.FirstService+h.ServiceCount] {
			refs = append(refs, monitor.Ref{Host: h.Name, Service: s.Description})
		}
	}
	r := monitor.Roster{Services: monitor.PackServices(refs)}
	named := addressees(c)
	for i := range c.Hosts {
		if h := &c.Hosts[i]; named[h.Address] == h.Name {
			r.Addresses = append(r.Addresses, monitor.HostAddress{Address: strings.Clone(h.Address), Host: strings.Clone(h.Name)})
		}
	}
	slices.SortFunc(r.Addresses, func(a, b monitor.HostAddress) int { return cmp.Compare(a.Address, b.Address) })
	return r
}

// addressees gives the hosts by their addresses; nothing for an address that several have, or that is the name of one.
func addressees(c *objects.Config) map[string]string {
	names, found := make(map[string]bool, len(c.Hosts)), map[string]string{}
	for i := range c.Hosts {
		names[c.Hosts[i].Name] = true
	}
	for i := range c.Hosts {
		h := &c.Hosts[i]
		if h.Address == "" || names[h.Address] {
			continue
		}
		if _, taken := found[h.Address]; taken {
			found[h.Address] = "" // nobody can say which of them is meant
		} else {
			found[h.Address] = h.Name
		}
	}
	return found
}
