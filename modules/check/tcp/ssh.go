package tcp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// sshSyntax is the command line of check_ssh; the misspelt option is really called so.
func sshSyntax() *probe.Syntax {
	return &probe.Syntax{
		InOrder: true,
		Aliases: map[string]string{"-to": "-t"},
		Options: append(probe.CommonOptions(), []probe.Option{
			{ID: 'H', Long: "host", Argument: probe.Value},
			{ID: 'H', Long: "hostname", Argument: probe.Value},
			{ID: 'r', Long: "remote-version", Argument: probe.Value},
			{ID: 'P', Long: "remote-protcol", Argument: probe.Value},
		}...),
	}
}

// sshCheck is a parsed command line of check_ssh.
type sshCheck struct {
	probe.Common
	target            probe.Target
	doors             *probe.Doors
	host              string
	version, protocol string // wanted; empty for any
}

func (m *Module) parseSSH(args []string) (modules.Probe, error) {
	c := &sshCheck{Common: probe.Common{Timeout: 10 * time.Second}, doors: m.doors}
	rest, err := sshSyntax().Parse(args, c.set)
	if err != nil {
		return nil, err
	}
	if c.host == "" && len(rest) > 0 {
		c.host, rest = rest[0], rest[1:]
	}
	if c.Port == 0 && len(rest) > 0 {
		if c.Port, err = probe.Int(rest[0], 1, 65535); err != nil {
			return nil, fmt.Errorf("port: %w", err)
		}
	}
	if c.Port == 0 {
		c.Port = 22
	}
	if c.target, err = probe.NewTarget(c.host, c.Port, c.Family, m.opts.Resolver); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *sshCheck) set(id rune, value string) error {
	known, err := c.Common.Set(id, value)
	switch {
	case known:
	case id == 'H':
		c.host = value
	case id == 'r':
		c.version = value
	case id == 'P':
		c.protocol = value
	default:
		err = errors.New("not supported")
	}
	if err != nil {
		return sshSyntax().Naming(id, err)
	}
	return nil
}

// Run reads the banner.
func (c *sshCheck) Run(ctx context.Context) (monitor.Outcome, error) {
	run, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	start := time.Now()
	conn, err := c.target.Dial(run, c.doors)
	if err != nil {
		return c.notConnected(ctx, err)
	}
	defer conn.Close()
	buf := make([]byte, 256)
	n, err := conn.Read(buf)
	if err != nil && run.Err() != nil {
		return probe.Timeout(ctx, c.Timeout, "waiting for the banner of "+c.target.String())
	}
	banner := string(text(buf[:n]))
	if !strings.HasPrefix(banner, "SSH") {
		if n == 0 {
			banner = "\n" + c.target.String() + " ended the connection without a banner"
		}
		return probe.Say(monitor.Critical, "Server answer: %s", banner), nil
	}
	server, protocol := parseBanner(banner)
	_, _ = conn.Write([]byte("SSH-" + protocol + "-check_ssh_2.3.3\r\n"))
	return c.judge(server, protocol, time.Since(start)), nil
}

// parseBanner parts "SSH-2.0-OpenSSH_9.2p1 Debian-2" as check_ssh.c does.
func parseBanner(banner string) (server, protocol string) {
	banner = strings.TrimRight(banner, " \r\n\t")
	rest := banner[min(len("SSH-"), len(banner)):]
	server = strings.TrimLeft(rest, "-0123456789. ")
	return server, rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789. "))]
}

func (c *sshCheck) judge(server, protocol string, took time.Duration) monitor.Outcome {
	switch {
	case c.version != "" && c.version != server:
		return probe.Say(monitor.Critical, "SSH CRITICAL - %s (protocol %s) version mismatch, expected '%s'",
			server, protocol, c.version)
	case c.protocol != "" && c.protocol != protocol:
		return probe.Say(monitor.Critical, "SSH CRITICAL - %s (protocol %s) protocol version mismatch, expected '%s'",
			server, protocol, c.protocol)
	}
	var none perfdata.Number
	perf := probe.AppendSeconds(nil, "time", took, none, none, perfdata.Of(0), perfdata.Of(c.Timeout.Seconds()))
	return probe.Result(monitor.OK, fmt.Appendf(nil, "SSH OK - %s (protocol %s)", server, protocol), perf)
}

func (c *sshCheck) notConnected(ctx context.Context, err error) (monitor.Outcome, error) {
	if lookup, ok := errors.AsType[*probe.LookupError](err); ok {
		return probe.Say(monitor.Unknown, "check_ssh: Invalid hostname/address - %s\n%v", c.host, lookup), nil
	}
	if refused, ok := errors.AsType[*probe.ConnectError](err); ok {
		return probe.Say(monitor.Critical, "%v", refused), nil
	}
	if probe.TimedOut(err) {
		return probe.Timeout(ctx, c.Timeout, "connecting to "+c.target.String())
	}
	return monitor.Outcome{}, err
}
