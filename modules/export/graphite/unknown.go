package graphite

import (
	"errors"
	"time"

	"github.com/onbu/onbu/monitor"
)

// youngCheck is how long an object may be checked before the configuration that it came with is here.
const youngCheck = 30 * time.Second

// errTooNew is why broks come again.
var errTooNew = errors.New("a check of an object that the configuration here does not have yet")

// strange is about a check of an object that the catalog does not know. If it was made just now, the object is new and its custom
// variables are on their way; otherwise the object is gone, and nobody knows any more how its metrics were called.
func (p *part) strange(c *monitor.Check) error {
	if inventories := p.outlook.Catalog().Inventories; int(c.Shard) < len(inventories) && inventories[c.Shard] == nil {
		return errors.New("a part of the configuration could not be read, and with it custom variables")
	}
	if time.Since(c.Time.Std()) < youngCheck {
		return errTooNew
	}
	p.unknown.Inc()
	return nil
}
