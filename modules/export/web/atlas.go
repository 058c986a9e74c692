package web

import (
	"sync"
	"time"

	"github.com/onbu/onbu/broker/outline"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor/catalog"
)

// presentFor is how long one look at all hosts serves all open trees.
const presentFor = 400 * time.Millisecond

// atlas has what all trees have in common: the hosts of the configuration in force in levels, and how they are at present. Each is made
// when somebody asks for it. Any goroutine may use it.
type atlas struct {
	mu      sync.Mutex
	catalog *catalog.Catalog
	hosts   *outline.Map
	present *outline.Present
	at      time.Time
}

// look gives how all hosts are, or were some tenths of a second ago.
func (a *atlas) look(o *modules.Outlook) *outline.Present {
	a.mu.Lock()
	defer a.mu.Unlock()
	hosts := a.mapLocked(o)
	if now := time.Now(); a.present == nil || now.Sub(a.at) > presentFor {
		a.present, a.at = hosts.Look(o.View()), now
	}
	return a.present
}

// index gives the configuration in force, in order.
func (a *atlas) index(o *modules.Outlook) *catalog.Index {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.mapLocked(o).Index()
}

func (a *atlas) mapLocked(o *modules.Outlook) *outline.Map {
	if c := o.Catalog(); a.hosts == nil || a.catalog != c {
		a.catalog, a.hosts, a.present = c, outline.NewMap(catalog.NewIndex(c)), nil
	}
	return a.hosts
}
