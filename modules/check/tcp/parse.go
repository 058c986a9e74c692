package tcp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

const sniOption = probe.LongOnly

// syntax is the command line of check_tcp.
func syntax() *probe.Syntax {
	return &probe.Syntax{
		InOrder: true,
		Aliases: map[string]string{"-to": "-t", "-wt": "-w", "-ct": "-c"},
		Options: append(probe.CommonOptions(), []probe.Option{
			{ID: 'H', Long: "hostname", Argument: probe.Value},
			{ID: 'w', Long: "warning", Argument: probe.Value},
			{ID: 'c', Long: "critical", Argument: probe.Value},
			{ID: 'E', Long: "escape"},
			{ID: 'A', Long: "all"},
			{ID: 's', Long: "send", Argument: probe.Value},
			{ID: 'e', Long: "expect", Argument: probe.Value},
			{ID: 'q', Long: "quit", Argument: probe.Value},
			{ID: 'm', Long: "maxbytes", Argument: probe.Value},
			{ID: 'd', Long: "delay", Argument: probe.Value},
			{ID: 'j', Long: "jail"},
			{ID: 'r', Long: "refuse", Argument: probe.Value},
			{ID: 'M', Long: "mismatch", Argument: probe.Value},
			{ID: 'S', Long: "ssl"},
			{ID: sniOption, Long: "sni", Argument: probe.Value},
			{ID: 'D', Long: "certificate", Argument: probe.Value},
			{ID: 'W', Long: "warning-codes", Argument: probe.Value},
			{ID: 'C', Long: "critical-codes", Argument: probe.Value},
			{ID: probe.LongOnly + 1, Long: "protocol", Argument: probe.Value},
		}...),
	}
}

// check is a parsed command line of check_tcp.
type check struct {
	service
	probe.Common
	target       probe.Target
	where        string // "127.0.0.1 port 80" in the output
	host         string
	hostGiven    bool
	warn, crit   perfdata.Number // seconds
	match        matcher
	escape       bool
	maxBytes     int
	delay        time.Duration
	refused      monitor.State
	mismatched   monitor.State
	tls          *tls.Config
	sessions     *probe.Sessions // nil: each handshake is a whole one
	doors        *probe.Doors
	sni          string
	certificate  bool
	days         probe.Days
	expectCalled bool
}

func (m *Module) parse(s service, args []string) (modules.Probe, error) {
	c := &check{
		service: s, Common: probe.Common{Port: s.port, Timeout: 10 * time.Second}, doors: m.doors, host: "127.0.0.1",
		refused: monitor.Critical, mismatched: monitor.Warning,
	}
	if dashes := len(args[0]) - len(strings.TrimLeft(args[0], "-")); dashes != 1 && dashes != 2 {
		c.host, args = args[0], args[1:]
	}
	rest, err := syntax().Parse(args, c.set)
	if err != nil {
		return nil, err
	}
	if !c.hostGiven && len(rest) > 0 {
		c.host = rest[0]
	}
	if !c.certificate {
		c.sessions = m.sessions
	}
	if err := c.complete(m.opts); err != nil {
		return nil, err
	}
	return c, nil
}

// complete works out what follows from the options together.
func (c *check) complete(opts Options) error {
	c.match.expect, c.match.anywhere = c.expect, c.expectCalled
	if c.service.tls {
		c.tls = probe.TLSConfig(c.sni)
	}
	var err error
	if strings.HasPrefix(c.host, "/") {
		c.where = "socket " + c.host
		c.target, err = probe.UnixTarget(c.host)
		return err
	}
	c.where = "port " + strconv.Itoa(c.Port)
	if c.hostGiven {
		c.where = c.host + " " + c.where
	}
	c.target, err = probe.NewTarget(c.host, c.Port, c.Family, opts.Resolver)
	return err
}

// set takes one option.
func (c *check) set(id rune, value string) error {
	known, err := c.Common.Set(id, value)
	switch {
	case known:
	case id == 'H':
		c.host, c.hostGiven = value, true
	case id == 'w':
		c.warn, err = seconds(value)
	case id == 'c':
		c.crit, err = seconds(value)
	case id == 'd':
		c.delay, err = probe.Seconds(value)
	case id == 'm':
		c.maxBytes, err = probe.Int(value, 1, 1<<30)
	case id == 'r':
		c.refused, err = stateName(value)
	case id == 'M':
		c.mismatched, err = stateName(value)
	default:
		err = c.setTalk(id, value)
	}
	if err != nil {
		return syntax().Naming(id, err)
	}
	return nil
}

// setTalk takes the options about what is said and expected.
func (c *check) setTalk(id rune, value string) (err error) {
	switch id {
	case 'E':
		c.escape = true
	case 's':
		c.send, err = c.unescape(value, "")
	case 'q':
		c.quit, err = c.unescape(value, "\r\n")
	case 'e':
		if !c.expectCalled && len(c.expect) < 2 { // NNTP's two answers are added to, others replaced
			c.expect = nil
		}
		c.expect, c.expectCalled = append(c.expect, value), true
	case 'A':
		c.match.all = true
	case 'j':
		c.jail = true
	case 'S':
		c.service.tls = true
	case sniOption:
		c.sni, c.service.tls = value, true
	case 'D':
		c.service.tls, c.certificate = true, true
		c.days, err = probe.ParseDays(value)
	default:
		return errors.New("not supported")
	}
	return err
}

// unescape gives a string to send: with -E before it backslash escapes are resolved, otherwise end is added.
func (c *check) unescape(value, end string) (string, error) {
	if !c.escape {
		return value + end, nil
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] != '\\' {
			b.WriteByte(value[i])
			continue
		}
		i++
		if i == len(value) {
			return "", errors.New("a backslash at the end stands for nothing")
		}
		switch value[i] {
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		default:
			b.WriteByte(value[i])
		}
	}
	return b.String(), nil
}

// seconds reads a threshold.
func seconds(value string) (perfdata.Number, error) {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || strings.Trim(value, "0123456789.") != "" {
		return perfdata.Number{}, fmt.Errorf("%q is not a number of seconds", value)
	}
	return perfdata.Of(v), nil
}

// stateName reads ok, warn or crit; what follows these letters does not matter.
func stateName(value string) (monitor.State, error) {
	switch {
	case strings.HasPrefix(value, "ok"):
		return monitor.OK, nil
	case strings.HasPrefix(value, "warn"):
		return monitor.Warning, nil
	case strings.HasPrefix(value, "crit"):
		return monitor.Critical, nil
	}
	return 0, fmt.Errorf("%q is none of ok, warn, crit", value)
}
