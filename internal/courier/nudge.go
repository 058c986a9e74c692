package courier

import (
	"time"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// nudge has the owners of hosts told that payloads are there for them. They may miss it: the interval of a check brings it all
// the same.
func (c *Courier) nudge(nudges []nudge, source string, at monitor.Time, last uint64) {
	batches := map[monitor.Shard]*wire.Batch{}
	for _, n := range nudges {
		b := batches[n.shard]
		if b == nil {
			b = &wire.Batch{}
			batches[n.shard] = b
		}
		b.Add(&monitor.Arrival{Host: n.host, Source: source, At: at, Seq: last})
		if b.Size() > nudgeBytes {
			c.tell(n.shard, b)
		}
	}
	for shard, b := range batches {
		c.tell(shard, b)
	}
}

// output is one of a source.
type output struct {
	source string
	at     monitor.Time
}

// outputOf gives the output that a payload is of. For its owner a source of another site is no host of this one, whatever its
// name: it is not to suffer from that.
func outputOf(p *monitor.Payload) output {
	o := output{p.Source, p.At}
	if p.Site != "" {
		o.source += "@" + p.Site
	}
	return o
}

// nudgeAll is nudge for payloads of several outputs.
func (c *Courier) nudgeAll(all map[output][]nudge, last uint64) {
	for o, some := range all {
		c.nudge(some, o.source, o.at, last)
	}
}

// nudgeBytes is far below bus.MaxMessage, so that one more arrival always fits.
const nudgeBytes = 128 << 10

// since is how long ago a moment was.
func since(at monitor.Time) time.Duration { return monitor.At(time.Now()).Sub(at) }
