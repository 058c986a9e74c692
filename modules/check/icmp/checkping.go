package icmp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unique"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// pingCheck is a command line of check_ping 2.3.3 as Debian builds it: with `ping -n -U -w TIMEOUT -c PACKETS`.
type pingCheck struct {
	line
	settings unique.Handle[pingSettings]
}

var _ modules.Starter = (*pingCheck)(nil)

// pingSettings are the options of a command line.
type pingSettings struct {
	family       family  // 0: IPv6 if the name has such an address
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
	s := &pingSettings{wrta: -1, crta: -1, wloss: -1, closs: -1, packets: 5, timeout: 10 * time.Second}
	for _, o := range options {
		if o.letter == 'H' {
			words = append(words, strings.Split(o.value, ",")...)
		} else if err := s.set(o); err != nil {
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
	host, err := parseTarget(words[0])
	if err != nil {
		return nil, err
	}
	if err := s.complete(host); err != nil {
		return nil, err
	}
	return &pingCheck{line: line{host: host}, settings: unique.Make(*s)}, nil
}

// set applies one option.
func (p *pingSettings) set(o option) (err error) {
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
func (p *pingSettings) complete(host target) error {
	switch {
	case p.wrta < 0 || p.crta < 0 || p.wloss < 0 || p.closs < 0:
		return errors.New("-w and -c do not set all four thresholds")
	case p.wrta > p.crta || p.wloss > p.closs:
		return errors.New("a warning threshold is above the critical one")
	case host.addr.IsValid() && p.family != 0 && familyOf(host.addr) != p.family:
		return fmt.Errorf("%s is not an IPv%d address", host, p.family)
	}
	seconds := int(p.crta/1000*float64(p.packets)) + p.packets
	p.timeout = max(p.timeout, time.Duration(seconds)*time.Second)
	return nil
}

// Run pings once a second until as many packets were answered as were asked for, a report says that something is wrong, or
// time is up: so ping -w works.
func (p *pingCheck) Run(ctx context.Context) (monitor.Outcome, error) {
	return p.module.run(ctx, p, p.brief())
}

// Start implements modules.Starter.
func (p *pingCheck) Start(until time.Time, w modules.Waiter) {
	if !p.host.addr.IsValid() {
		p.module.start(p, p.brief(), until, w)
		return
	}
	p.module.launch(p, []target{p.host}, p.brief(), until, w)
}

// brief says whether one packet is enough: see icmpCheck.brief.
func (p *pingCheck) brief() bool {
	s := p.settings.Value()
	return p.good.Load() && s.wloss >= aliveWarning && s.closs == 100
}

// aim gives the address to ping: an IPv6 one if there is one and the options do not say otherwise.
func (p *pingCheck) aim(ctx context.Context) ([]target, monitor.Outcome) {
	f := p.settings.Value().family
	if f == 0 && !p.host.addr.IsValid() {
		if addrs, err := p.module.resolve(ctx, p.host, v6); err == nil {
			return []target{{p.host.name, addrs[0]}}, monitor.Outcome{}
		}
		f = v4
	}
	addrs, err := p.module.resolve(ctx, p.host, f)
	if err != nil {
		o := failed("check_ping: Invalid hostname/address - " + p.host.name)
		o.LongOutput = err.Error()
		return nil, o
	}
	return []target{{p.host.name, addrs[0]}}, monitor.Outcome{}
}

// plan has a packet go each second, however many that will be.
func (p *pingCheck) plan(int, family) plan {
	return plan{rounds: math.MaxInt, size: pingSize, gap: time.Second, patience: p.settings.Value().timeout}
}

func (p *pingCheck) decided(c *check) bool {
	s, f := p.settings.Value(), c.flights[0]
	return f.received >= s.packets || f.reports > 0 || c.briefly(time.Duration(s.wrta*float64(time.Millisecond)))
}

// cannotSend decides the outcome by errors that come from the routing table. Others (a local firewall) cost the packet
// only.
func (p *pingCheck) cannotSend(c *check, _ *flight, err error) (counts bool) {
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
		o := p.unreachable("Network Unreachable")
		c.verdict = &o
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EACCES):
		o := failed(fmt.Sprintf("CRITICAL - Could not ping %s: %v", p.host, err))
		c.verdict = &o
	}
	return true
}

func (p *pingCheck) unreachable(problem string) monitor.Outcome {
	return monitor.Outcome{State: monitor.Critical, Output: "CRITICAL - " + problem + " (" + p.host.String() + ")"}
}

// judge gives the outcome in check_ping's words.
func (p *pingCheck) judge(c *check, buf *[]byte) monitor.Outcome {
	set, s := p.settings.Value(), c.score(0)
	problem := ""
	if s.reported {
		problem = s.report.problem(c.family)
	}
	state := set.state(s, c.flights[0].duplicates > 0)
	if good := state == monitor.OK && s.received == s.sent && problem == "" && c.verdict == nil; good != p.good.Load() {
		p.good.Store(good)
	}
	switch {
	case c.verdict != nil:
		return *c.verdict
	case problem != "":
		return p.unreachable(problem)
	}
	b := (*buf)[:0]
	if set.link {
		b = append(p.host.appendTo(append(b, "<A HREF='/nagios/cgi-bin/traceroute.cgi?"...)), "'>"...)
	}
	b = set.text(b, state, s, c.flights[0].duplicates > 0)
	if set.link {
		b = append(b, "</A>"...)
	}
	text := len(b)
	b = set.perfdata(b, s)
	*buf = b
	return monitor.Outcome{State: state, Output: inPlace(b[:text]), Perfdata: inPlace(b[text:])}
}

func (p *pingSettings) state(s score, duplicates bool) monitor.State {
	rta := ms(s.rta)
	if s.loss == 100 {
		rta = p.crta
	}
	switch {
	case s.loss >= p.closs || rta >= p.crta:
		return monitor.Critical
	case s.loss >= p.wloss || rta >= p.wrta || duplicates:
		return monitor.Warning
	}
	return monitor.OK
}

func (p *pingSettings) text(b []byte, state monitor.State, s score, duplicates bool) []byte {
	b = append(append(append(b, "PING "...), state.ServiceName()...), " - "...)
	if duplicates {
		b = append(b, "DUPLICATES FOUND! "...)
	}
	b = strconv.AppendInt(append(b, "Packet loss = "...), int64(s.loss), 10)
	b = append(b, '%')
	if s.loss < 100 {
		b = strconv.AppendFloat(append(b, ", RTA = "...), ms(s.rta), 'f', 2, 64)
		b = append(b, " ms"...)
	}
	return b
}

// perfdata leaves out thresholds that are 0, as the plugin does.
func (p *pingSettings) perfdata(b []byte, s score) []byte {
	if s.loss == 100 {
		b = appendFloat(append(b, "rta=U;"...), p.wrta)
		b = append(appendFloat(append(b, ';'), p.crta), ";;"...)
	} else {
		b = appendFloat(append(b, "rta="...), ms(s.rta))
		b = append(b, "ms;"...)
		if p.wrta > 0 {
			b = appendFloat(b, p.wrta)
		}
		b = append(b, ';')
		if p.crta > 0 {
			b = appendFloat(b, p.crta)
		}
		b = append(b, ";0.000000"...)
	}
	b = strconv.AppendInt(append(b, " pl="...), int64(s.loss), 10)
	b = append(b, "%;"...)
	if p.wloss > 0 {
		b = strconv.AppendInt(b, int64(p.wloss), 10)
	}
	b = append(b, ';')
	if p.closs > 0 {
		b = strconv.AppendInt(b, int64(p.closs), 10)
	}
	return append(b, ";0;"...)
}

// appendFloat appends a number as C's %f has it.
func appendFloat(b []byte, f float64) []byte { return strconv.AppendFloat(b, f, 'f', 6, 64) }
