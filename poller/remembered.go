package poller

import (
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// recallPiece is how much of an output is told at a time; the bus carries a MiB.
const recallPiece = 512 << 10

// Remembers gives those of the modules that keep what hosts said.
func Remembers(all []modules.Check) []modules.Remembering {
	var out []modules.Remembering
	for _, m := range all {
		if r, ok := m.(modules.Remembering); ok {
			out = append(out, r)
		}
	}
	return out
}

// recall answers somebody who wants to see what a host's agent said last.
func (p *Poller) recall(m bus.Msg) {
	var q wire.Recall
	if m.Reply == nil || wire.Unmarshal(m.Data, &q) != nil {
		return
	}
	var a wire.Recalled
	for _, r := range p.o.Remembering {
		raw, at, ok := r.Remembered(q.Host)
		if !ok {
			continue
		}
		from := min(q.From, uint64(len(raw)))
		a = wire.Recalled{Known: true, At: monitor.At(at), Whole: uint64(len(raw)), Data: raw[from:min(from+recallPiece, uint64(len(raw)))]}
		break
	}
	if err := m.Reply(wire.Marshal(a)); err != nil {
		p.o.Log.Debug("an answer to who asked for an output is lost", "host", q.Host, "error", err)
	}
}
