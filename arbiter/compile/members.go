package compile

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/arbiter/objects"
)

// members holds what $HOSTGROUPMEMBERS$, $HOSTGROUPMEMBERADDRESSES$ and $SERVICEGROUPMEMBERS$ say of each group, of all
// shards together. In a large installation that is much, so there is none of it unless a command line asks for it.
type members struct{ hosts, addresses, services []string }

func membersOf(c *objects.Config) members {
	var m members
	if !asksForMembers(c) {
		return m
	}
	for i := range c.HostGroups {
		var names, addresses []string
		for _, h := range c.HostGroups[i].Members {
			host := &c.Hosts[h]
			names = append(names, host.Name)
			if host.Address == "" {
				addresses = append(addresses, host.Name)
			} else {
				addresses = append(addresses, host.Address)
			}
		}
		m.hosts, m.addresses = append(m.hosts, strings.Join(names, ",")), append(m.addresses, strings.Join(addresses, ","))
	}
	for i := range c.ServiceGroups {
		var names []string
		for _, n := range c.ServiceGroups[i].Members {
			s := &c.Services[n]
			names = append(names, c.Hosts[s.Host].Name, s.Description)
		}
		m.services = append(m.services, strings.Join(names, ","))
	}
	return m
}

func asksForMembers(c *objects.Config) bool {
	asks := func(text string) bool { return strings.Contains(text, "GROUPMEMBER") }
	return slices.ContainsFunc(c.Commands, func(cmd objects.Command) bool { return asks(cmd.Line) }) ||
		slices.ContainsFunc(c.Args, func(args []string) bool { return slices.ContainsFunc(args, asks) })
}

// addMembers gives them to the groups of this shard.
func (b *builder) addMembers() {
	for i := range b.members.hosts {
		b.inv.HostGroups[i].AllMembers, b.inv.HostGroups[i].AllAddresses = b.members.hosts[i], b.members.addresses[i]
	}
	for i := range b.members.services {
		b.inv.ServiceGroups[i].AllMembers = b.members.services[i]
	}
}
