package snmp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/monitor"
)

// errAlarm ends a check whose tries take longer together than the plugin allows.
var errAlarm = errors.New("the plugin's time limit")

// Run makes one check.
func (c *check) Run(ctx context.Context) (monitor.Outcome, error) {
	now := time.Now()
	// The plugin sets its alarm to this sum, which falls short of the tries' when the timeout is above 5 s.
	limit := c.timeout*time.Duration(c.retries) + 5*time.Second
	inner, cancel := context.WithTimeoutCause(ctx, limit, errAlarm)
	defer cancel()
	printed, err := c.get(inner)
	switch {
	case inner.Err() != nil && err != nil:
		return c.timedOut(ctx)
	case err != nil:
		return monitor.Outcome{}, err
	}
	v := c.judge(printed, now)
	return probe.Result(v.state, v.text, v.perf), nil
}

// timedOut is the outcome of a check that the plugin's alarm ended, or the engine's.
func (c *check) timedOut(ctx context.Context) (monitor.Outcome, error) {
	text := "CRITICAL - Plugin timed out while executing system call"
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		text = "CRITICAL - the engine's time limit ended the check"
	case err != nil:
		return monitor.Outcome{}, fmt.Errorf("asking %s: %w", c.target.peer, context.Cause(ctx))
	}
	o := probe.Say(monitor.Critical, "%s\nwhile waiting for %s", text, c.target.peer)
	o.TimedOut = true
	return o, nil
}

// judge gives the verdict on what was printed, and keeps the values if the next check needs them.
func (c *check) judge(printed output, now time.Time) *verdict {
	if len(printed.errors) > 0 {
		return say(monitor.Unknown, "External command error: %s\n", strings.Join(printed.errors, "\n"))
	}
	if len(printed.lines) == 0 {
		return say(monitor.Unknown, "External command error with no output (return code: %d)\n", 0)
	}
	e := evaluation{command: c.command, lines: splitLines(printed.lines), now: now}
	if c.rate {
		e.previous, _ = c.module.rates.get(c.key)
	}
	v := e.judge()
	if c.rate && e.complete {
		c.module.rates.put(c.key, &sample{now.Unix(), e.values})
	}
	return v
}

func splitLines(printed []byte) []string {
	return strings.Split(strings.TrimSuffix(string(printed), "\n"), "\n")
}

// output is what snmpget or snmpgetnext would have printed.
type output struct {
	lines  []byte   // to standard output
	errors []string // to standard error; then it returned an error too
}

func (o *output) fail(format string, args ...any) {
	o.errors = append(o.errors, fmt.Sprintf(format, args...))
}

// get asks the agent. The error is ctx's, or says why nothing could be asked.
func (c *check) get(ctx context.Context) (output, error) {
	var out output
	program, kind := "snmpget", byte(tagGet)
	if c.next {
		program, kind = "snmpgetnext", tagGetNext
	}
	agent, err := c.target.resolve(ctx, c.module.names)
	if err != nil {
		out.fail("%s: Unknown host (%s)", program, c.target.peer)
		return out, ctx.Err()
	}
	l, err := dial(agent, c.module.buffers)
	if errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.EACCES) {
		out.fail("%s: Failure in sendto (%v)", program, err)
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("open a socket to %s: %w", agent, err)
	}
	defer l.close()
	s := session{l, agent, c.command, c.module.keys, c.module.engines}
	err = c.fetch(ctx, &s, kind, program, &out)
	return out, err
}

// fetch asks for the objects and prints what comes. When the agent says that one of them is in error the others are
// asked for again, as long as there are any, although it only adds to the errors that are shown.
func (c *check) fetch(ctx context.Context, s *session, kind byte, program string, out *output) error {
	p := printer{}
	if c.named {
		p.known = c.module.known
	}
	names, stop := c.names, ""
	if c.next {
		stop = "."
	}
	for range c.names { // each error costs one object, whatever the agent makes of it
		if len(names) == 0 {
			return nil
		}
		answer, err := s.ask(ctx, kind, names)
		var refused refusal
		switch {
		case ctx.Err() != nil && err != nil:
			return ctx.Err()
		case errors.As(err, &refused):
			out.fail("%s: %s", program, refused)
			return nil
		case errors.Is(err, errNoAnswer):
			out.fail("Timeout: No Response from %s.", c.target.peer)
			return nil
		case err != nil:
			return err
		case answer.status == 0:
			for _, v := range answer.bindings {
				out.lines = append(p.line(out.lines, v), '\n')
			}
			return nil
		}
		out.fail("Error in packet%s\nReason: %s", stop, statusText(answer.status))
		names = withoutFailed(answer, &p, out)
	}
	return nil
}

// withoutFailed says which object is in error and gives the others, none if the agent names no object of its answer.
func withoutFailed(answer pdu, p *printer, out *output) []oid {
	if answer.index == 0 {
		return nil
	}
	named := answer.index > 0 && answer.index <= len(answer.bindings)
	if !named {
		out.fail("Failed object: ")
		return nil
	}
	out.fail("Failed object: %s\n", p.name(nil, answer.bindings[answer.index-1].name))
	var names []oid
	for i, v := range answer.bindings {
		if i != answer.index-1 {
			names = append(names, v.name)
		}
	}
	return names
}

// statusText gives net-snmp's words for an error-status (snmp_client.c, snmp_errstring).
func statusText(status int) string {
	words := [...]string{
		1: "(tooBig) Response message would have been too large.",
		2: "(noSuchName) There is no such variable name in this MIB.",
		3: "(badValue) The value given has the wrong type or length.",
		4: "(readOnly) The two parties used do not have access to use the specified SNMP PDU.",
		5: "(genError) A general failure occured",
		6: "noAccess",
		7: "wrongType (The set datatype does not match the data type the agent expects)",
		8: "wrongLength (The set value has an illegal length from what the agent expects)",
		9: "wrongEncoding", 10: "wrongValue (The set value is illegal or unsupported in some way)",
		11: "noCreation (That table does not support row creation or that object can not ever be created)",
		12: "inconsistentValue (The set value is illegal or unsupported in some way)",
		13: "resourceUnavailable (This is likely a out-of-memory failure within the agent)",
		14: "commitFailed", 15: "undoFailed", 16: "authorizationError (access denied to that object)",
		17: "notWritable (That object does not support modification)",
		18: "inconsistentName (That object can not currently be created)",
	}
	if status < 1 || status >= len(words) {
		return "Unknown Error"
	}
	return words[status]
}
