package icmp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/monitor"
)

// pingCheck is a command line of check_ping 2.3.3 as Debian builds it: with `ping -n -U -w TIMEOUT -c PACKETS`.
type pingCheck struct {
	module       *Module
	family       family // 0: IPv6 if the name has such an address
	target       target
	wrta, crta   float64 // milliseconds
	wloss, closs int     // percent
	packets      int
	timeout      time.Duration
	link         bool
}

var pingLong = map[string]byte{
	"hostname": 'H', "warning": 'w', "critical": 'c', "packets": 'p', "timeout": 't', "link": 'L', "nohtml": 'n',
	"use-ipv4": '4', "use-ipv6": '6',
}

// pingSize is the payload of ping(8).
const pingSize = 56

func parsePing(args []string) (*pingCheck, error) {
	options, words, err := getopt(args, "nL46t:c:w:H:p:", pingLong)
	if err != nil {
		return nil, err
	}
	p := &pingCheck{wrta: -1, crta: -1, wloss: -1, closs: -1, packets: 5, timeout: 10 * time.Second}
	for _, o := range options {
		if o.letter == 'H' {
			words = append(words, strings.Split(o.value, ",")...)
		} else if err := p.set(o); err != nil {
			return nil, err
		}
	}
	switch {
	case len(words) == 0:
		return nil, errors.New("no host to ping")
	case len(words) > 1:
		return nil, errors.New("more than one host, or thresholds without options: " +
			"of several hosts check_ping only looks at the first, and calls it alive even if it is not")
	}
	if p.target, err = parseTarget(words[0]); err != nil {
		return nil, err
	}
	return p, p.complete()
}

// set applies one option.
func (p *pingCheck) set(o option) (err error) {
	switch o.letter {
	case '4', '6':
		p.family = family(o.letter - '0')
	case 'n', 'L':
		p.link = o.letter == 'L'
	case 'p':
		p.packets, err = number(o, 1, 10000)
	case 't':
		var seconds int
		seconds, err = number(o, 1, 1<<20)
		p.timeout = time.Duration(seconds) * time.Second
	case 'w':
		err = pingThreshold(o, &p.wrta, &p.wloss)
	case 'c':
		err = pingThreshold(o, &p.crta, &p.closs)
	}
	return err
}

// pingThreshold reads RTA,LOSS% or RTA alone or LOSS% alone.
func pingThreshold(o option, rta *float64, loss *int) error {
	rtaText, lossText := o.value, ""
	if i := strings.IndexAny(o.value, ",:"); i >= 0 {
		rtaText, lossText = o.value[:i], o.value[i+1:]
	} else if strings.HasSuffix(o.value, "%") {
		rtaText, lossText = "", o.value
	}
	if lossText != "" || rtaText == "" || len(rtaText) < len(o.value) {
		n, ok := decimal(strings.TrimSuffix(lossText, "%"))
		if !ok || n > 100 || !strings.HasSuffix(lossText, "%") {
			return fmt.Errorf("option -%c: %q has no percentage from 0%% to 100%%", o.letter, o.value)
		}
		*loss = n
	}
	if lossText != "" && lossText == o.value {
		return nil
	}
	f, err := strconv.ParseFloat(rtaText, 32) // the plugin keeps a float
	if err != nil || strings.Trim(rtaText, "0123456789.") != "" || f > 1e7 {
		return fmt.Errorf("option -%c: %q is not a time in milliseconds", o.letter, o.value)
	}
	*rta = f
	return nil
}

// complete checks what the plugin checks, and works out how long it gives ping.
func (p *pingCheck) complete() error {
	switch {
	case p.wrta < 0 || p.crta < 0 || p.wloss < 0 || p.closs < 0:
		return errors.New("-w and -c do not set all four thresholds")
	case p.wrta > p.crta || p.wloss > p.closs:
		return errors.New("a warning threshold is above the critical one")
	case p.target.addr.IsValid() && p.family != 0 && familyOf(p.target.addr) != p.family:
		return fmt.Errorf("%s is not an IPv%d address", p.target.name, p.family)
	}
	seconds := int(p.crta/1000*float64(p.packets)) + p.packets
	p.timeout = max(p.timeout, time.Duration(seconds)*time.Second)
	return nil
}

// Run pings once a second until as many packets were answered as were asked for, a report says that something is wrong, or
// time is up, at the latest at ctx's deadline: so ping -w works.
func (p *pingCheck) Run(ctx context.Context) (monitor.Outcome, error) {
	addr, err := p.lookUp(ctx)
	if err != nil {
		o := failed("check_ping: Invalid hostname/address - " + p.target.name)
		o.LongOutput = err.Error()
		return o, cancelled(ctx)
	}
	r, err := p.module.newRun([]netip.Addr{addr}, nil)
	if err != nil {
		return monitor.Outcome{}, err
	}
	defer r.end()
	if o, ok := p.fly(ctx, r); !ok {
		return o, nil
	}
	if err := cancelled(ctx); err != nil {
		return monitor.Outcome{}, err
	}
	return p.judge(r), nil
}

// lookUp gives the address to ping: an IPv6 one if there is one and the options do not say otherwise.
func (p *pingCheck) lookUp(ctx context.Context) (netip.Addr, error) {
	f := p.family
	if f == 0 && !p.target.addr.IsValid() {
		if addrs, err := p.module.resolve(ctx, p.target, v6); err == nil {
			return addrs[0], nil
		}
		f = v4
	}
	addrs, err := p.module.resolve(ctx, p.target, f)
	if err != nil {
		return netip.Addr{}, err
	}
	return addrs[0], nil
}

// fly sends and waits. It is not ok if that gave the outcome already.
func (p *pingCheck) fly(ctx context.Context, r *run) (o monitor.Outcome, ok bool) {
	f := r.flights[0]
	began := r.conn.now()
	limit := began + p.timeout
	enough := func() bool { return f.received >= p.packets || f.reports > 0 }
	for next := began; next < limit && ctx.Err() == nil && !r.look(enough); {
		if err := r.conn.send(f, pingSize); err != nil {
			if o, known := p.cannotSend(err); known {
				return o, false
			}
		}
		next += time.Second
		r.wait(ctx, min(next, limit), enough)
	}
	return o, true
}

// cannotSend gives the outcome for errors that come from the routing table. Others (a full queue, a local firewall) cost
// the packet only.
func (p *pingCheck) cannotSend(err error) (o monitor.Outcome, known bool) {
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
		return p.unreachable("Network Unreachable"), true
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EACCES):
		return failed(fmt.Sprintf("CRITICAL - Could not ping %s: %v", p.target.name, err)), true
	}
	return o, false
}

func (p *pingCheck) unreachable(problem string) monitor.Outcome {
	return monitor.Outcome{State: monitor.Critical, Output: "CRITICAL - " + problem + " (" + p.target.name + ")"}
}

// judge gives the outcome in check_ping's words.
func (p *pingCheck) judge(r *run) monitor.Outcome {
	s := scores(r, []target{p.target})[0]
	if s.report != nil {
		if problem := s.report.problem(r.conn.socket.family); problem != "" {
			return p.unreachable(problem)
		}
	}
	state, duplicates := monitor.OK, ""
	if r.look(func() bool { return r.flights[0].duplicates > 0 }) {
		state, duplicates = monitor.Warning, "DUPLICATES FOUND! "
	}
	rta := ms(s.rta)
	if s.loss == 100 {
		rta = p.crta
	}
	switch {
	case s.loss >= p.closs || rta >= p.crta:
		state = monitor.Critical
	case s.loss >= p.wloss || rta >= p.wrta:
		state = monitor.Warning
	}
	text := fmt.Sprintf("PING %s - %sPacket loss = %d%%", state.ServiceName(), duplicates, s.loss)
	perf := fmt.Sprintf("rta=U;%f;%f;;", p.wrta, p.crta)
	if s.loss < 100 {
		text += fmt.Sprintf(", RTA = %.2f ms", rta)
		perf = fmt.Sprintf("rta=%fms;%s;%s;0.000000", rta, positive("%f", p.wrta), positive("%f", p.crta))
	}
	perf += fmt.Sprintf(" pl=%d%%;%s;%s;0;", s.loss, positive("%d", p.wloss), positive("%d", p.closs))
	if p.link {
		text = "<A HREF='/nagios/cgi-bin/traceroute.cgi?" + p.target.name + "'>" + text + "</A>"
	}
	return monitor.Outcome{State: state, Output: text, Perfdata: perf}
}

// positive formats a threshold; the plugin leaves out those that are 0.
func positive[T int | float64](format string, n T) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(format, n)
}
