package icmp

import (
	"fmt"
	"time"

	"github.com/onbu/onbu/monitor"
)

// score is what came of pinging a host.
type score struct {
	name     string
	sent     int
	received int
	loss     int // percent
	rta      time.Duration
	min, max time.Duration
	report   *report
}

// scores takes the results of a run. Nothing that arrives later changes them.
func scores(r *run, hosts []target) []score {
	out := make([]score, len(hosts))
	r.conn.mu.Lock()
	defer r.conn.mu.Unlock()
	for i, f := range r.flights {
		s := score{name: hosts[i].name, sent: len(f.packets), received: f.received, loss: 100, min: f.min, max: f.max}
		if f.received > 0 {
			s.loss = (s.sent - s.received) * 100 / s.sent
			s.rta = f.sum / time.Duration(f.received)
		}
		if f.reports > 0 {
			first := f.first
			s.report = &first
		}
		out[i] = s
	}
	return out
}

// judge gives the outcome in check_icmp's words.
func (p *icmpCheck) judge(r *run, hosts []target) monitor.Outcome {
	all := scores(r, hosts)
	if p.mode == modeHost {
		for _, s := range all {
			if s.received > 0 {
				return p.responds(s)
			}
		}
	}
	state := p.state(all)
	text := append([]byte(state.ServiceName()), " - "...)
	var perf []byte
	for i, s := range all {
		if i > 0 {
			text = append(text, " :: "...)
			perf = append(perf, ' ')
		}
		text = s.describe(text, familyOf(hosts[i].addr))
		label := ""
		if len(all) > 1 {
			label = s.name
		}
		perf = p.perfdata(perf, label, s)
	}
	return monitor.Outcome{State: state, Output: string(text), Perfdata: string(perf)}
}

// state follows finish() of check_icmp.c, in which a host that is in the warning range counts as OK for -m once another
// one before it was not OK.
func (p *icmpCheck) state(all []score) monitor.State {
	state, ok, warned := monitor.OK, 0, 0
	for _, s := range all {
		switch {
		case s.received == 0 || s.loss >= p.crit.loss || s.rta >= p.crit.rta:
			state = monitor.Critical
		case state == monitor.OK && (s.loss >= p.warn.loss || s.rta >= p.warn.rta):
			state = monitor.Warning
			warned++
		default:
			ok++
		}
	}
	if p.alive >= 0 {
		if ok >= p.alive {
			return monitor.OK
		}
		if ok+warned >= p.alive {
			return monitor.Warning
		}
	}
	return state
}

// describe appends what is said of one host.
func (s score) describe(b []byte, f family) []byte {
	switch {
	case s.received > 0:
		return fmt.Appendf(b, "%s: rta %.3fms, lost %d%%", s.name, ms(s.rta), s.loss)
	case s.report != nil:
		return fmt.Appendf(b, "%s: %s @ %s. rta nan, lost 100%%", s.name, s.report.unreachable(f), s.report.from)
	}
	return fmt.Appendf(b, "%s: rta nan, lost 100%%", s.name)
}

// perfdata appends a host's metrics, their labels begun with label.
func (p *icmpCheck) perfdata(b []byte, label string, s score) []byte {
	return fmt.Appendf(b, "%srta=%.3fms;%.3f;%.3f;0; %spl=%d%%;%d;%d;; %srtmax=%.3fms;;;; %srtmin=%.3fms;;;;",
		label, ms(s.rta), ms(p.warn.rta), ms(p.crit.rta), label, s.loss, p.warn.loss, p.crit.loss,
		label, ms(s.max), label, ms(s.min))
}

// responds is check_host's answer at the first sign of life.
func (p *icmpCheck) responds(s score) monitor.Outcome {
	return monitor.Outcome{
		Output: fmt.Sprintf("OK - %s responds to ICMP. Packet %d, rta %.3fms", s.name, s.received, ms(s.rta)),
		Perfdata: fmt.Sprintf("pkt=%d;;;0;%d rta=%.3f;%.3f;%.3f;;",
			s.received, p.packets, ms(s.rta), ms(p.warn.rta), ms(p.crit.rta)),
	}
}

// ms gives a time in milliseconds, to the microsecond as the plugins have it.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
