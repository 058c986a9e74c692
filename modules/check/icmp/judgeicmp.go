package icmp

import (
	"fmt"
	"strconv"
	"time"
	"unsafe"

	"github.com/onbu/onbu/monitor"
)

// score is what came of pinging a host.
type score struct {
	host     target
	sent     int
	received int
	loss     int // percent
	rta      time.Duration
	min, max time.Duration
	reported bool
	report   report
}

// score gives the result of a target of a check that is over.
func (c *check) score(i int) score {
	f := c.flights[i]
	s := score{
		host: c.hosts[i], sent: f.sent(), received: f.received, loss: 100, min: f.min, max: f.max,
		reported: f.reports > 0, report: f.first,
	}
	if f.received > 0 {
		s.loss = (s.sent - s.received) * 100 / s.sent
		s.rta = f.sum / time.Duration(f.received)
	}
	return s
}

// judge gives the outcome in check_icmp's words.
func (p *icmpCheck) judge(c *check, buf *[]byte) monitor.Outcome {
	set := p.settings.Value()
	if set.mode == modeHost {
		for i := range c.flights {
			if s := c.score(i); s.received > 0 {
				return set.responds(s, buf)
			}
		}
	}
	state, lost := set.state(c)
	if good := state == monitor.OK && !lost; good != p.good.Load() {
		p.good.Store(good)
	}
	b := append((*buf)[:0], state.ServiceName()...)
	b = append(b, " - "...)
	for i := range c.flights {
		if i > 0 {
			b = append(b, " :: "...)
		}
		b = c.score(i).describe(b, c.family)
	}
	text := len(b)
	for i := range c.flights {
		if i > 0 {
			b = append(b, ' ')
		}
		b = set.perfdata(b, c.score(i), len(c.flights) > 1)
	}
	*buf = b
	return monitor.Outcome{State: state, Output: inPlace(b[:text]), LongOutput: c.trouble, Perfdata: inPlace(b[text:])}
}

// inPlace gives b as a string that changes with it: modules.Waiter says that whoever is told copies.
func inPlace(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// state follows finish() of check_icmp.c, in which a host that is in the warning range counts as OK for -m once another
// one before it was not OK. lost says whether anything was.
func (p *icmpSettings) state(c *check) (state monitor.State, lost bool) {
	state, ok, warned := monitor.OK, 0, 0
	for i := range c.flights {
		s := c.score(i)
		lost = lost || s.received < s.sent
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
			return monitor.OK, lost
		}
		if ok+warned >= p.alive {
			return monitor.Warning, lost
		}
	}
	return state, lost
}

// describe appends what is said of one host.
func (s score) describe(b []byte, f family) []byte {
	b = s.host.appendTo(b)
	switch {
	case s.received > 0:
		b = appendMS(append(b, ": rta "...), s.rta)
		b = strconv.AppendInt(append(b, "ms, lost "...), int64(s.loss), 10)
		return append(b, '%')
	case s.reported:
		return fmt.Appendf(b, ": %s @ %s. rta nan, lost 100%%", s.report.unreachable(f), s.report.from)
	}
	return append(b, ": rta nan, lost 100%"...)
}

// perfdata appends a host's metrics, named after it if it is one of several.
func (p *icmpSettings) perfdata(b []byte, s score, several bool) []byte {
	label := func(name string) {
		if several {
			b = s.host.appendTo(b)
		}
		b = append(b, name...)
	}
	label("rta=")
	b = appendMS(b, s.rta)
	b = appendMS(append(b, "ms;"...), p.warn.rta)
	b = appendMS(append(b, ';'), p.crit.rta)
	b = append(b, ";0; "...)
	label("pl=")
	b = strconv.AppendInt(b, int64(s.loss), 10)
	b = strconv.AppendInt(append(b, "%;"...), int64(p.warn.loss), 10)
	b = strconv.AppendInt(append(b, ';'), int64(p.crit.loss), 10)
	b = append(b, ";; "...)
	label("rtmax=")
	b = append(appendMS(b, s.max), "ms;;;; "...)
	label("rtmin=")
	return append(appendMS(b, s.min), "ms;;;;"...)
}

// responds is check_host's answer at the first sign of life.
func (p *icmpSettings) responds(s score, buf *[]byte) monitor.Outcome {
	b := s.host.appendTo(append((*buf)[:0], "OK - "...))
	b = strconv.AppendInt(append(b, " responds to ICMP. Packet "...), int64(s.received), 10)
	b = append(appendMS(append(b, ", rta "...), s.rta), "ms"...)
	text := len(b)
	b = strconv.AppendInt(append(b, "pkt="...), int64(s.received), 10)
	b = strconv.AppendInt(append(b, ";;;0;"...), int64(p.packets), 10)
	b = appendMS(append(b, " rta="...), s.rta)
	b = appendMS(append(b, ';'), p.warn.rta)
	b = append(appendMS(append(b, ';'), p.crit.rta), ";;"...)
	*buf = b
	return monitor.Outcome{Output: inPlace(b[:text]), Perfdata: inPlace(b[text:])}
}

// appendMS appends a time in milliseconds, to the microsecond as the plugins have it.
func appendMS(b []byte, d time.Duration) []byte {
	us := d.Microseconds()
	b = strconv.AppendInt(b, us/1000, 10)
	us %= 1000
	return append(b, '.', byte('0'+us/100), byte('0'+us/10%10), byte('0'+us%10))
}

// ms gives a time in milliseconds, to the microsecond.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
