package poller

import (
	"strings"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// trace is how a check that somebody follows is told of: under which name, and why it is forked; empty if it is not.
type trace struct{ name, why string }

func (p *Poller) traceOf(job *monitor.Job) *trace {
	return &trace{strings.Clone(job.Trace), p.o.Probes.Prepare(string(job.Line)).Why}
}

// follow tells whoever follows a check how it was made.
func (p *Poller) follow(t *trace, r *monitor.Result) {
	began := "began it with module " + r.Module
	if t.why != "" {
		began += ", forked: " + t.why
	}
	p.tell(t.name, r.Started, began, false)
	p.tell(t.name, r.Finished, "the module answered "+r.State.ServiceName()+": "+r.Output, true)
}

// tell tells of a step; one that is lost is a gap in what somebody sees, and nothing else.
func (p *Poller) tell(trace string, at monitor.Time, step string, last bool) {
	h := wire.Hop{Time: at, Daemon: "poller " + p.o.Name, Step: step, Last: last}
	_ = p.o.Bus.Publish(bus.Trace(trace), wire.Marshal(h))
}
