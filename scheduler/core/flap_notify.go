package core

import (
	"github.com/onbu/onbu/monitor"
)

// notifyFlap tells those contacts of FLAPPINGSTART, FLAPPINGSTOP or FLAPPINGDISABLED that want to know of flapping.
func (c *Core) notifyFlap(id monitor.ID, kind string, d *Decisions) {
	if c.silence(id, ofFlap) != "" {
		return
	}
	n := notification{cause: ofFlap, kind: kind, id: id, number: c.notice[id].number}
	c.send(&n, d)
}
