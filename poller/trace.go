package poller

import (
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// follow tells whoever follows a check how it was made. why says why no native module made it; empty if one did.
func (p *Poller) follow(trace string, r *monitor.Result, why string) {
	began := "began it with module " + r.Module
	if why != "" {
		began += ", forked: " + why
	}
	p.tell(trace, r.Started, began, false)
	p.tell(trace, r.Finished, "the module answered "+r.State.ServiceName()+": "+r.Output, true)
}

// tell tells of a step; one that is lost is a gap in what somebody sees, and nothing else.
func (p *Poller) tell(trace string, at monitor.Time, step string, last bool) {
	h := wire.Hop{Time: at, Daemon: "poller " + p.o.Name, Step: step, Last: last}
	_ = p.o.Bus.Publish(bus.Trace(trace), wire.Marshal(h))
}
