package core

import (
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// whyBorder says of all parents of a host that live elsewhere how they are and how old that is, and what stands behind it
// elsewhere.
func (c *Core) whyBorder(id monitor.ID) (why []string) {
	host := c.inv.HostOf(id)
	for _, p := range c.graph.Parents(host) {
		if n, is := c.isBorder(p); is {
			why = append(why, c.sayBorder(n))
		}
	}
	if count, shards := c.standBehind(id); count > 0 {
		names := make([]string, 0, len(shards))
		for _, s := range shards {
			names = append(names, number(s))
		}
		why = append(why, counted(count, "host", "hosts")+" behind it in other shards: "+strings.Join(names, ", "))
	}
	return why
}

// sayBorder says how a parent that lives in another shard is.
func (c *Core) sayBorder(n int) string {
	row, h := &c.borders.rows[n], &c.inv.Border[n]
	text := "its parent " + h.Name + " lives in shard " + number(h.Shard)
	if row.told == 0 {
		text += ", of which nothing is heard: it is taken to be UP"
	} else {
		text += ", which told of it " + c.now.Sub(row.told).Round(time.Second).String() + " ago: " + c.stateName(c.edge+monitor.ID(n))
	}
	if row.since != 0 {
		text += "; it was asked to look at it " + c.now.Sub(row.since).Round(time.Second).String() + " ago"
	}
	return text
}

// standBehind counts the hosts of other shards that stand behind a host, and gives the shards.
func (c *Core) standBehind(id monitor.ID) (count int, shards []monitor.Shard) {
	w := c.borders.watched[id]
	if w == nil {
		return 0, nil
	}
	for _, o := range w.askers {
		if o.behind > 0 {
			count += int(o.behind)
			shards = append(shards, o.shard)
		}
	}
	return count, shards
}
