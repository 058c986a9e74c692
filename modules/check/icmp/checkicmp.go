package icmp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/onbu/onbu/modules"
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
	line
	more     *[]target // all targets, if there is more than one
	settings unique.Handle[icmpSettings]
}

var _ modules.Starter = (*icmpCheck)(nil)

// icmpSettings are the options of a command line, and how many targets there are.
type icmpSettings struct {
	mode           mode
	family         family // 0: the first target's
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
func icmpDefaults(program string) *icmpSettings {
	p := &icmpSettings{
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
	s := icmpDefaults(program)
	var hosts []string
	for _, o := range options {
		if o.letter == 'H' {
			hosts = append(hosts, o.value)
		} else if err := s.set(o); err != nil {
			return nil, err
		}
	}
	s.warn.loss = min(s.warn.loss, s.crit.loss)
	s.warn.rta = min(s.warn.rta, s.crit.rta)
	targets, err := s.targets(append(hosts, words...))
	if err != nil {
		return nil, err
	}
	p := &icmpCheck{line: line{host: targets[0]}, settings: unique.Make(*s)}
	if len(targets) > 1 {
		p.more = &targets
	}
	return p, nil
}

// set applies one option.
func (p *icmpSettings) set(o option) (err error) {
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

// targets reads the targets. A literal address must be of the family that the options or the first target set, if that one
// is known.
func (p *icmpSettings) targets(hosts []string) ([]target, error) {
	f := p.family
	var targets []target
	for i, host := range hosts {
		t, err := parseTarget(host)
		if err != nil {
			return nil, err
		}
		if t.addr.IsValid() && f == 0 && i == 0 {
			f = familyOf(t.addr)
		}
		if t.addr.IsValid() && familyOf(t.addr) != f {
			return nil, fmt.Errorf("%s is not of the address family of the other targets or options", host)
		}
		targets = append(targets, t)
	}
	if len(targets) == 0 {
		return nil, errors.New("no hosts to check")
	}
	if p.family = f; f == v6 && p.source.IsValid() {
		return nil, errors.New("check_icmp knows option -s for IPv4 only")
	}
	return targets, nil
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

// Run pings until the answer is known.
func (p *icmpCheck) Run(ctx context.Context) (monitor.Outcome, error) {
	return p.module.run(ctx, p, p.brief())
}

// Start implements modules.Starter.
func (p *icmpCheck) Start(until time.Time, w modules.Waiter) {
	if p.more != nil || !p.host.addr.IsValid() || p.settings.Value().source.IsValid() {
		p.module.start(p, p.brief(), until, w)
		return
	}
	p.module.launch(p, []target{p.host}, p.brief(), until, w)
}

// brief says whether one packet is enough: the line asks whether somebody is there rather than how much gets lost, and all
// was well last time.
func (p *icmpCheck) brief() bool {
	s := p.settings.Value()
	return p.good.Load() && p.more == nil && s.warn.loss >= aliveWarning && s.crit.loss == 100
}

// aim gives the addresses to ping, each once. The first target's family is everyone's.
func (p *icmpCheck) aim(ctx context.Context) ([]target, monitor.Outcome) {
	s := p.settings.Value()
	targets := []target{p.host}
	if p.more != nil {
		targets = *p.more
	}
	f := s.family
	hosts := make([]target, 0, len(targets))
	for _, t := range targets {
		addrs, err := p.module.resolve(ctx, t, f)
		if err != nil {
			return nil, failed("check_icmp: Failed to resolve " + t.name + ": " + resolverSays(err))
		}
		if f == 0 {
			f = familyOf(addrs[0])
		}
		if s.mode == modeICMP {
			addrs = addrs[:1]
		}
		for _, a := range addrs {
			if familyOf(a) == f && !slices.ContainsFunc(hosts, func(h target) bool { return h.addr == a }) {
				hosts = append(hosts, target{t.name, a})
			}
		}
	}
	switch {
	case len(hosts) == 0:
		return nil, failed("check_icmp: No hosts to check")
	case s.source.IsValid() && !local(s.source):
		return nil, failed(fmt.Sprintf("check_icmp: Cannot bind to IP address %s: Cannot assign requested address", s.source))
	}
	return hosts, monitor.Outcome{}
}

// plan follows check_icmp's rules: rounds of one packet a target; the next round as soon as nothing is under way, at the
// latest after gap a target.
func (p *icmpCheck) plan(targets int, f family) plan {
	s, n := p.settings.Value(), time.Duration(targets)
	all := n * time.Duration(s.packets)
	return plan{
		rounds: s.packets, size: s.size, gap: n * s.gap, targetGap: s.targetGap, eager: true,
		patience: min(all*s.gap+n*s.targetGap+all*s.crit.rta+s.crit.rta, s.timeout),
		controls: controls(f, s.ttl, s.source),
	}
}

// decided is when all were reported on, for check_host when anything was heard of anybody.
func (p *icmpCheck) decided(c *check) bool {
	s := p.settings.Value()
	lost := 0
	for _, f := range c.flights {
		if s.mode == modeHost && (f.received > 0 || f.reports > 0) {
			return true
		}
		if f.reports > 0 {
			lost++
		}
	}
	return lost == len(c.flights) || c.briefly(s.warn.rta)
}

// cannotSend notes the errors of packets that could not be sent, a line each; they do not count.
func (p *icmpCheck) cannotSend(c *check, f *flight, err error) (counts bool) {
	if text := fmt.Sprintf("%s: sending: %v", f.addr, err); c.trouble == "" {
		c.trouble = text
	} else if !strings.Contains(c.trouble, text) {
		c.trouble += "\n" + text
	}
	return false
}
