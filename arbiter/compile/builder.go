package compile

import (
	"slices"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

// builder makes one shard's inventory. Settings and argument lists are numbered anew, so that each shard carries only
// those that it uses.
type builder struct {
	config *objects.Config
	shard  monitor.Shard
	plan   []monitor.Shard // of each host
	hosts  []uint32        // those of this shard, in the order of the files
	// place gives the ID of each host and, behind them, of each service of the configuration in its own shard; all
	// builders share it.
	place []monitor.ID
	// borders are the border hosts of all shards.
	borders [][]uint32

	members  members
	inv      *monitor.Inventory
	policies map[uint32]uint32
	args     map[uint32]uint32
}

func (b *builder) build(common monitor.Inventory) *monitor.Inventory {
	b.inv = &common
	b.policies, b.args = map[uint32]uint32{}, map[uint32]uint32{0: 0}
	b.inv.Args = [][]string{nil}
	b.contactCalls()
	b.checkModulations()
	for i, h := range b.hosts {
		b.place[h] = monitor.ID(i)
	}
	b.addHosts()
	b.addServices()
	b.addBorder()
	b.addTies()
	b.inv.HostGroups = b.hostGroups(b.config.HostGroups)
	b.inv.ServiceGroups = b.serviceGroups(b.config.ServiceGroups)
	b.addMembers()
	return b.inv
}

func (b *builder) addHosts() {
	b.inv.Hosts = make([]monitor.Host, len(b.hosts))
	for i, number := range b.hosts {
		h := &b.config.Hosts[number]
		host := monitor.Host{
			Name: h.Name, DisplayName: h.DisplayName, Alias: h.Alias, Address: h.Address, Notes: h.Notes,
			Policy: b.policy(h.Settings), Check: b.call(h.Check), Vars: h.Vars,
		}
		for _, parent := range h.Parents {
			if b.here(parent) {
				host.Parents = append(host.Parents, b.place[parent])
			}
		}
		b.inv.Hosts[i] = host
	}
}

func (b *builder) addServices() {
	n := 0
	for _, number := range b.hosts {
		n += int(b.config.Hosts[number].ServiceCount)
	}
	b.inv.Services = make([]monitor.Service, 0, n)
	for _, number := range b.hosts {
		first := b.config.Hosts[number].FirstService
		services := b.config.ServicesOf(number)
		for i := range services {
			s := &services[i]
			b.place[len(b.config.Hosts)+int(first)+i] = monitor.ID(len(b.hosts) + len(b.inv.Services))
			b.inv.Services = append(b.inv.Services, monitor.Service{
				Host: b.place[number], Description: s.Description, Policy: b.policy(s.Settings), Check: b.call(s.Check), Extra: extra(s),
			})
		}
	}
}

// extra gives what few services have; nil if there is nothing.
func extra(s *objects.Service) *monitor.ServiceExtra {
	x := monitor.ServiceExtra{DisplayName: s.DisplayName, Vars: s.Vars, Notes: s.Notes}
	if x.DisplayName == s.Description {
		x.DisplayName = ""
	}
	if x.DisplayName == "" && len(x.Vars) == 0 && x.Notes == "" {
		return nil
	}
	return &x
}

// policy gives the number that a set of settings has in this shard.
func (b *builder) policy(settings uint32) uint32 {
	if n, ok := b.policies[settings]; ok {
		return n
	}
	p := b.config.Settings[settings].Policy
	p.RealmName = b.realm(b.config.Settings[settings].Realm)
	p.EventHandler, p.Snapshot = b.call(p.EventHandler), b.call(p.Snapshot)
	n := uint32(len(b.inv.Policies))
	b.inv.Policies = append(b.inv.Policies, p)
	b.policies[settings] = n
	return n
}

// realm names a realm, or the default one.
func (b *builder) realm(n int32) string {
	for i := range b.config.Realms {
		if r := &b.config.Realms[i]; int32(i) == n || n == monitor.None && r.Default {
			return r.Name
		}
	}
	return ""
}

// call gives a call whose arguments are numbered as in this shard.
func (b *builder) call(c monitor.Call) monitor.Call {
	n, ok := b.args[c.Args]
	if !ok {
		n = uint32(len(b.inv.Args))
		b.inv.Args = append(b.inv.Args, b.config.Args[c.Args])
		b.args[c.Args] = n
	}
	return monitor.Call{Command: c.Command, Args: n}
}

// contactCalls renumbers the notification commands of contacts, in copies: the contacts are shared by all shards.
func (b *builder) contactCalls() {
	contacts := make([]monitor.Contact, len(b.inv.Contacts))
	copy(contacts, b.inv.Contacts)
	for i := range contacts {
		contacts[i].Host.Commands = b.calls(contacts[i].Host.Commands)
		contacts[i].Service.Commands = b.calls(contacts[i].Service.Commands)
		contacts[i].Ways = slices.Clone(contacts[i].Ways)
		for j := range contacts[i].Ways {
			w := &contacts[i].Ways[j]
			w.Host.Commands, w.Service.Commands = b.calls(w.Host.Commands), b.calls(w.Service.Commands)
		}
	}
	b.inv.Contacts = contacts
}

// checkModulations does the same with the commands of check modulations.
func (b *builder) checkModulations() {
	b.inv.CheckModulations = slices.Clone(b.inv.CheckModulations)
	for i := range b.inv.CheckModulations {
		b.inv.CheckModulations[i].Check = b.call(b.inv.CheckModulations[i].Check)
	}
}

func (b *builder) calls(calls []monitor.Call) []monitor.Call {
	out := make([]monitor.Call, len(calls))
	for i, c := range calls {
		out[i] = b.call(c)
	}
	return out
}

func (b *builder) hostGroups(groups []objects.Group) []monitor.Group {
	return b.groups(groups, 0, func(i uint32) uint32 { return i })
}

func (b *builder) serviceGroups(groups []objects.Group) []monitor.Group {
	return b.groups(groups, len(b.config.Hosts), func(i uint32) uint32 { return b.config.Services[i].Host })
}

// groups cuts groups down to their members in this shard. offset is where the members lie in place; host gives a
// member's host.
func (b *builder) groups(groups []objects.Group, offset int, host func(uint32) uint32) []monitor.Group {
	out := make([]monitor.Group, 0, len(groups))
	for i := range groups {
		g := monitor.Group{
			Name: groups[i].Name, Alias: groups[i].Alias,
			Notes: groups[i].Notes, NotesURL: groups[i].NotesURL, ActionURL: groups[i].ActionURL,
		}
		for _, m := range groups[i].Members {
			if b.plan[host(m)] == b.shard {
				g.Members = append(g.Members, b.place[offset+int(m)])
			}
		}
		out = append(out, g)
	}
	return out
}
