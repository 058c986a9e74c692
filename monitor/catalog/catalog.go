// Package catalog knows a whole configuration by name: the inventories of all shards together, for those who show objects
// or name them to others.
package catalog

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// Catalog is the configuration of one generation, or of several where a reload is under way. It is read-only. The zero
// Catalog knows nothing.
type Catalog struct {
	// Inventories are those of the shards, by shard; nil where one could not be read.
	Inventories []*monitor.Inventory
	// Since is when it came into force here: each one has a later second than the one before it. Zero if that is not known.
	Since time.Time
	hosts map[string]place
}

// place is where an object is: a shard and the number there.
type place struct {
	shard monitor.Shard
	id    monitor.ID
}

// New makes a catalog of the inventories of all shards, by shard; those that are nil are missing in it. It keeps them.
func New(inventories []*monitor.Inventory) *Catalog {
	n := 0
	for _, inv := range inventories {
		if inv != nil {
			n += len(inv.Hosts)
		}
	}
	c := &Catalog{Inventories: inventories, hosts: make(map[string]place, n)}
	for shard, inv := range inventories {
		if inv == nil {
			continue
		}
		for id := range inv.Hosts {
			c.hosts[inv.Hosts[id].Name] = place{monitor.Shard(shard), monitor.ID(id)}
		}
	}
	return c
}

// Host finds a host; inv is its shard's inventory.
func (c *Catalog) Host(name string) (inv *monitor.Inventory, id monitor.ID, ok bool) {
	p, ok := c.hosts[name]
	if !ok {
		return nil, 0, false
	}
	return c.Inventories[p.shard], p.id, true
}

// Find finds a host or service.
func (c *Catalog) Find(r monitor.Ref) (inv *monitor.Inventory, id monitor.ID, ok bool) {
	inv, id, ok = c.Host(r.Host)
	if !ok || r.Service == "" {
		return inv, id, ok
	}
	// Services are sorted by host: the first one of this host is found by halves.
	low, high := 0, len(inv.Services)
	for low < high {
		if mid := (low + high) / 2; inv.Services[mid].Host < id {
			low = mid + 1
		} else {
			high = mid
		}
	}
	for i := low; i < len(inv.Services) && inv.Services[i].Host == id; i++ {
		if inv.Services[i].Description == r.Service {
			return inv, monitor.ID(len(inv.Hosts) + i), true
		}
	}
	return nil, 0, false
}

// Var gives a custom variable of a host or service; name is in capitals, without an underscore.
func (c *Catalog) Var(r monitor.Ref, name string) (value string, ok bool) {
	inv, id, ok := c.Find(r)
	if !ok {
		return "", false
	}
	vars := []monitor.Var(nil)
	if inv.IsHost(id) {
		vars = inv.Hosts[id].Vars
	} else if extra := inv.Service(id).Extra; extra != nil {
		vars = extra.Vars
	}
	for i := range vars {
		if vars[i].Name == name {
			return vars[i].Value, true
		}
	}
	return "", false
}
