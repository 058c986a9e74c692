package web

import (
	"sync"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor/catalog"
)

// ordered is the configuration in force in order, which all pages share: it is made when somebody asks for it. Any goroutine may use it.
type ordered struct {
	outlook modules.Outlook

	mu    sync.Mutex // guards what follows
	of    *catalog.Catalog
	index *catalog.Index
}

// now gives the index of the configuration in force: another one only once that has changed.
func (o *ordered) now() *catalog.Index {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c := o.outlook.Catalog(); o.index == nil || o.of != c {
		o.index, o.of = catalog.NewIndex(c), c
	}
	return o.index
}
