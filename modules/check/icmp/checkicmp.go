package icmp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// mode is which of the three programs check_icmp is called as.
type mode uint8

const (
	modeICMP mode = iota // check_icmp
	modeHost             // check_host: any answer from any of the hosts is enough
	modeAll              // check_rta_multi: all addresses of all names
)

// icmpCheck is a command line of check_icmp 2.3.3, check_host or check_rta_multi.
type icmpCheck struct {
	module         *Module
	mode           mode
	family         family // 0: the first target's
	targets        []target
	warn, crit     threshold
	packets, size  int
	gap, targetGap time.Duration // at most so long between rounds, a target; and between targets
	timeout        time.Duration
	alive          int // hosts that must be OK; -1: all
	ttl            int
	source         netip.Addr // IPv4 or invalid
}

// threshold is a limit of -w or -c.
type threshold struct {
	rta  time.Duration
	loss int // percent
}

// icmpDefaults gives the settings of a program.
func icmpDefaults(program string) *icmpCheck {
	p := &icmpCheck{
		warn: threshold{200 * time.Millisecond, 40}, crit: threshold{500 * time.Millisecond, 80},
		packets: 5, size: 68, gap: 80 * time.Millisecond, timeout: 10 * time.Second, alive: -1,
	}
	switch program {
	case "check_host":
		p.mode, p.gap = modeHost, time.Second
		p.warn = threshold{time.Second, 100}
		p.crit = p.warn
	case "check_rta_multi":
		p.mode, p.gap = modeAll, 50*time.Millisecond
	}
	return p
}

func parseICMP(program string, args []string) (*icmpCheck, error) {
	options, words, err := getopt(args, "w:c:n:p:t:H:s:i:b:I:l:m:64", nil)
	if err != nil {
		return nil, err
	}
	p := icmpDefaults(program)
	var hosts []string
	for _, o := range options {
		if o.letter == 'H' {
			hosts = append(hosts, o.value)
		} else if err := p.set(o); err != nil {
			return nil, err
		}
	}
	p.warn.loss = min(p.warn.loss, p.crit.loss)
	p.warn.rta = min(p.warn.rta, p.crit.rta)
	return p, p.aim(append(hosts, words...))
}

// set applies one option.
func (p *icmpCheck) set(o option) (err error) {
	switch o.letter {
	case '4', '6':
		if p.family != 0 {
			return errors.New("more than one of -4 and -6")
		}
		p.family = family(o.letter - '0')
	case 'w':
		err = p.warn.set(o)
	case 'c':
		err = p.crit.set(o)
	case 'n', 'p':
		p.packets, err = number(o, 1, 20)
	case 't':
		var seconds int
		if seconds, err = number(o, 0, 1<<20); seconds > 0 {
			p.timeout = time.Duration(seconds) * time.Second
		}
	case 'i':
		p.gap, err = interval(o)
	case 'I':
		p.targetGap, err = interval(o)
	case 'b':
		// Less than what the plugin itself puts into a packet it refuses; more does not fit into an IPv4 packet.
		p.size, err = number(o, 52, 65507)
	case 'l':
		p.ttl, err = number(o, 1, 255)
	case 'm':
		p.alive, err = number(o, 0, 1<<16)
	case 's':
		if p.source, err = netip.ParseAddr(o.value); err != nil || !p.source.Is4() {
			err = fmt.Errorf("option -s: %q is not an IPv4 address", o.value)
		}
	}
	return err
}

// aim sets the targets. A literal address must be of the family that the options or the first target set, if that one is
// known.
func (p *icmpCheck) aim(hosts []string) error {
	f := p.family
	for i, host := range hosts {
		t, err := parseTarget(host)
		if err != nil {
			return err
		}
		if t.addr.IsValid() && f == 0 && i == 0 {
			f = familyOf(t.addr)
		}
		if t.addr.IsValid() && familyOf(t.addr) != f {
			return fmt.Errorf("%s is not of the address family of the other targets or options", host)
		}
		p.targets = append(p.targets, t)
	}
	if len(p.targets) == 0 {
		return errors.New("no hosts to check")
	}
	if p.family = f; f == v6 && p.source.IsValid() {
		return errors.New("check_icmp knows option -s for IPv4 only")
	}
	return nil
}

// set reads RTA,LOSS% with an optional LOSS.
func (t *threshold) set(o option) (err error) {
	rta, loss, hasLoss := strings.Cut(o.value, ",")
	if hasLoss {
		if len(rta) < 2 {
			return fmt.Errorf("option -%c: after a time of one digit the plugin overlooks the percentage", o.letter)
		}
		if t.loss, err = number(option{o.letter, strings.TrimSuffix(loss, "%")}, 0, 100); err != nil {
			return err
		}
	}
	if t.rta, err = interval(option{o.letter, rta}); err == nil && t.rta == 0 {
		err = fmt.Errorf("option -%c: no round trip takes no time", o.letter)
	}
	t.rta = min(t.rta, 255*time.Second)
	return err
}

// interval reads a time as check_icmp's get_timevar does: 80, 80.5ms, 500us, 1.5s; milliseconds unless it says otherwise.
// The plugin multiplies what follows the point by a tenth of the unit, so that 0.25s is 2.5 s to it; so it is here.
func interval(o option) (time.Duration, error) {
	text, unit := strings.TrimRight(o.value, "ums"), time.Millisecond
	switch strings.TrimPrefix(o.value, text) {
	case "", "m", "ms":
	case "u", "us":
		unit = time.Microsecond
	case "s":
		unit = time.Second
	default:
		text = ""
	}
	whole, fraction, hasFraction := strings.Cut(text, ".")
	n, ok := decimal(whole)
	d := time.Duration(n) * unit
	if hasFraction && strings.Trim(fraction, "0") != "" {
		tenths, fine := decimal(fraction)
		for tenths >= max(int(unit/time.Microsecond), 2) {
			tenths /= 10
		}
		d += time.Duration(tenths) * unit / 10
		ok = ok && fine && unit != time.Microsecond
	}
	if !ok || d > time.Hour {
		return 0, fmt.Errorf("option -%c: %q is not a time such as 80, 80.5ms, 500us or 1s", o.letter, o.value)
	}
	return d, nil
}

// Run pings until the answer is known. ctx's deadline ends it like -t: packets still under way are lost.
func (p *icmpCheck) Run(ctx context.Context) (monitor.Outcome, error) {
	hosts, o := p.lookUp(ctx)
	if hosts == nil {
		return o, cancelled(ctx)
	}
	addrs := make([]netip.Addr, len(hosts))
	for i, h := range hosts {
		addrs[i] = h.addr
	}
	if p.source.IsValid() && !local(p.source) {
		return failed(fmt.Sprintf("check_icmp: Cannot bind to IP address %s: Cannot assign requested address", p.source)), nil
	}
	r, err := p.module.newRun(addrs, controls(familyOf(addrs[0]), p.ttl, p.source))
	if err != nil {
		return monitor.Outcome{}, err
	}
	defer r.end()
	trouble := p.fly(ctx, r)
	if err := cancelled(ctx); err != nil {
		return monitor.Outcome{}, err
	}
	o = p.judge(r, hosts)
	o.LongOutput = trouble
	return o, nil
}

// failed is the outcome of a plugin that gives up with a sentence.
func failed(sentence string) monitor.Outcome {
	return monitor.Outcome{State: monitor.Unknown, Output: sentence}
}

// lookUp gives the addresses to ping, each once, with the names to show; nil with an outcome if there are none. The first
// target's family is everyone's.
func (p *icmpCheck) lookUp(ctx context.Context) ([]target, monitor.Outcome) {
	f := p.family
	hosts := make([]target, 0, len(p.targets))
	for _, t := range p.targets {
		addrs, err := p.module.resolve(ctx, t, f)
		if err != nil {
			return nil, failed("check_icmp: Failed to resolve " + t.name + ": " + resolverSays(err))
		}
		if f == 0 {
			f = familyOf(addrs[0])
		}
		if p.mode == modeICMP {
			addrs = addrs[:1]
		}
		for _, a := range addrs {
			if familyOf(a) != f {
				continue
			}
			if !contains(hosts, a) {
				hosts = append(hosts, target{t.name, a})
			}
		}
	}
	if len(hosts) == 0 {
		return nil, failed("check_icmp: No hosts to check")
	}
	return hosts, monitor.Outcome{}
}

func contains(hosts []target, a netip.Addr) bool {
	for _, h := range hosts {
		if h.addr == a {
			return true
		}
	}
	return false
}

// fly sends and waits by check_icmp's rules: rounds of one packet a target; the next round as soon as nothing is under
// way, at the latest after gap a target; nothing more to a target about which there was a report. It gives the errors of
// packets that could not be sent, a line each.
func (p *icmpCheck) fly(ctx context.Context, r *run) (trouble string) {
	n := time.Duration(len(r.flights))
	began := r.conn.now()
	all := n * time.Duration(p.packets)
	limit := began + min(all*p.gap+n*p.targetGap+all*p.crit.rta+p.crit.rta, p.timeout)
	finished := func() bool {
		return ctx.Err() != nil || r.conn.now() >= limit || r.look(func() bool { return p.decided(r) })
	}
	landed := func() bool { return p.decided(r) || underWay(r) == 0 }
	for range p.packets {
		for _, f := range r.flights {
			if finished() {
				return trouble
			}
			if r.look(func() bool { return f.reports > 0 }) {
				continue
			}
			if err := r.conn.send(f, p.size); err != nil {
				r.conn.unsend(f)
				trouble = addLine(trouble, fmt.Sprintf("%s: sending: %v", f.addr, err))
			}
			if p.targetGap > 0 {
				r.wait(ctx, min(r.conn.now()+p.targetGap, limit), landed)
			}
		}
		r.wait(ctx, min(r.conn.now()+n*p.gap, limit), landed)
	}
	if !finished() {
		r.wait(ctx, limit, landed)
	}
	return trouble
}

// decided says whether nothing that arrives can change the answer any more. The caller holds the connection's mu.
func (p *icmpCheck) decided(r *run) bool {
	lost := 0
	for _, f := range r.flights {
		if p.mode == modeHost && (f.received > 0 || f.reports > 0) {
			return true
		}
		if f.reports > 0 {
			lost++
		}
	}
	return lost == len(r.flights)
}

func underWay(r *run) (n int) {
	for _, f := range r.flights {
		n += f.pending()
	}
	return n
}

// addLine appends a line that is not there yet.
func addLine(text, line string) string {
	switch {
	case text == "":
		return line
	case strings.Contains(text, line):
		return text
	}
	return text + "\n" + line
}
