package tcp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

const (
	// maxAnswer bounds how much of an answer is read.
	maxAnswer = 256 << 10
	// quiet is how long check_tcp waits for more of an answer that has begun (READ_TIMEOUT).
	quiet = 2 * time.Second
)

// Run makes the check.
func (c *check) Run(ctx context.Context) (monitor.Outcome, error) {
	run, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	start := time.Now()
	conn, err := c.target.Dial(run, c.doors)
	if err != nil {
		return c.notConnected(ctx, err)
	}
	defer conn.Close()
	var certificate string
	if c.tls != nil {
		if err := conn.StartTLS(c.tls, c.sessions); err != nil {
			return c.noTLS(ctx, err)
		}
		if c.certificate {
			var state monitor.State
			if state, certificate = c.days.Judge(conn.TLS().PeerCertificates[0], time.Now()); state != monitor.OK {
				return probe.Say(state, "%s", certificate), nil
			}
			certificate += "\n"
		}
	}
	answer, found, err := c.talk(run, conn)
	if err != nil {
		return probe.Timeout(ctx, c.Timeout, fmt.Sprintf("talking to %s, %d bytes received", &c.target, len(answer)))
	}
	if len(c.expect) > 0 && len(answer) == 0 {
		return probe.Say(monitor.Critical, "No data received from host\n%s ended the connection", &c.target), nil
	}
	return c.judge(certificate, answer, found, time.Since(start)-c.delay), nil
}

// notConnected is the outcome for a connection that could not be opened. Whatever the reason, the state is the one that
// was asked for refusals; only names without an address have their own.
func (c *check) notConnected(ctx context.Context, err error) (monitor.Outcome, error) {
	if lookup, ok := errors.AsType[*probe.LookupError](err); ok {
		return probe.Say(monitor.Critical, "%s CRITICAL - Invalid hostname, address or socket: %s\n%v",
			c.name, c.target.Host(), lookup), nil
	}
	if refused, ok := errors.AsType[*probe.ConnectError](err); ok {
		return probe.Say(c.refused, "%v", refused), nil
	}
	if probe.TimedOut(err) {
		return probe.Timeout(ctx, c.Timeout, "connecting to "+c.target.String())
	}
	return monitor.Outcome{}, err
}

func (c *check) noTLS(ctx context.Context, err error) (monitor.Outcome, error) {
	if probe.TimedOut(err) {
		return probe.Timeout(ctx, c.Timeout, "waiting for the TLS handshake of "+c.target.String())
	}
	return probe.Say(monitor.Critical, "CRITICAL - Cannot make SSL connection.\n%v", err), nil
}

// talk says what is to be said and reads the answer. It fails only when the time is over; errors of the connection just
// end the answer, as in check_tcp.
func (c *check) talk(ctx context.Context, conn *probe.Conn) (answer []byte, found verdict, err error) {
	if c.send != "" {
		_, _ = conn.Write([]byte(c.send))
	}
	if c.delay > 0 {
		pause := time.NewTimer(c.delay)
		defer pause.Stop()
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil, unasked, ctx.Err()
		}
	}
	if len(c.expect) > 0 {
		if answer, found, err = c.listen(ctx, conn); err != nil || len(answer) == 0 {
			return answer, found, err
		}
	}
	if c.quit != "" {
		_, _ = conn.Write([]byte(c.quit))
	}
	return answer, found, ctx.Err()
}

// listen reads until the answer is clear, ends, or stays away for a while. What -m cuts off is not compared.
func (c *check) listen(ctx context.Context, conn *probe.Conn) (answer []byte, found verdict, err error) {
	buf := make([]byte, 1024)
	n, _ := conn.Read(buf)
	for n > 0 {
		if answer = append(answer, buf[:n]...); c.maxBytes > 0 && len(answer) >= c.maxBytes {
			break
		}
		if found = c.match.judge(answer); found != unclear || len(answer) >= maxAnswer {
			break
		}
		n, _, _ = conn.ReadWithin(buf, quiet)
	}
	if found == unclear {
		found = mismatched
	}
	return answer, found, ctx.Err()
}

// judge puts the result together.
func (c *check) judge(certificate string, answer []byte, found verdict, took time.Duration) monitor.Outcome {
	state := monitor.OK
	switch {
	case c.crit.Set && took.Seconds() > c.crit.Value:
		state = monitor.Critical
	case found == mismatched:
		state = c.mismatched
	case c.warn.Set && took.Seconds() > c.warn.Value:
		state = monitor.Warning
	}
	shown := trimmed(answer)
	if c.jail {
		shown = nil
	}
	out := make([]byte, 0, 128+len(certificate)+len(shown))
	out = fmt.Appendf(out, "%s%s %s - ", certificate, c.name, state.ServiceName())
	warn, crit := c.warn, c.crit
	switch {
	case found == mismatched:
		warn.Value, crit.Value = 0, 0
		out = append(out, "Unexpected response from host/socket"...)
		if len(shown) > 0 {
			out = append(append(out, ": "...), shown...)
		} else {
			out = append(append(out, " on "...), c.where...)
		}
	default:
		out = probe.AppendFixed(out, took, 3)
		out = append(append(out, " second response time on "...), c.where...)
		if len(shown) > 0 {
			out = append(append(append(out, " ["...), shown...), ']')
		}
	}
	perf := make([]byte, 0, 64)
	perf = probe.AppendSeconds(perf, "time", took, warn, crit, perfdata.Of(0), perfdata.Of(c.Timeout.Seconds()))
	return probe.Result(state, out, perf)
}
