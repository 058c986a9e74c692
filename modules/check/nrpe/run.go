package nrpe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// Run asks the server, as modules.Probe says.
func (p *check) Run(ctx context.Context) (monitor.Outcome, error) {
	limited, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	c := call{check: p, ctx: limited}
	o, err := c.ask()
	if err == nil {
		return o, nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return monitor.Outcome{}, fmt.Errorf("nrpe check of %s was called off: %w", p.host, context.Cause(ctx))
	}
	if limited.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return p.timedOut(ctx, limited, c.stage), nil
	}
	if f, ok := errors.AsType[*failure](err); ok {
		return monitor.Outcome{State: f.state, Output: f.text, LongOutput: f.detail}, nil
	}
	return monitor.Outcome{}, err
}

// timedOut gives check_nrpe's sentence, and what was waited for; ctx is the engine's context, limited the check's.
func (p *check) timedOut(ctx, limited context.Context, stage string) monitor.Outcome {
	text := fmt.Sprintf("CHECK_NRPE STATE %s: Socket timeout after %d seconds.", p.trouble.ServiceName(), p.timeout/time.Second)
	end, _ := limited.Deadline()
	if engines, ok := ctx.Deadline(); ok && !engines.After(end) {
		text = fmt.Sprintf("CHECK_NRPE STATE %s: Stopped before its socket timeout of %d seconds.", p.trouble.ServiceName(), p.timeout/time.Second)
	}
	return monitor.Outcome{State: p.trouble, Output: text, LongOutput: "It was " + stage + ".", TimedOut: true}
}

// failure is a check that ended without an answer; text is check_nrpe's, detail what it leaves out.
type failure struct {
	state        monitor.State
	text, detail string
}

func (f *failure) Error() string { return strings.TrimSpace(f.text + " " + f.detail) }

// reported makes the outcome of an answer.
func (a answer) reported() monitor.Outcome {
	state, note := plugin.State(int(a.code & 0xff))
	if len(a.text) == 0 {
		a.text = []byte("CHECK_NRPE: No output returned from daemon.")
	}
	o := monitor.Outcome{State: state}
	o.Output, o.LongOutput, o.Perfdata = plugin.Output(a.text, maxAnswer)
	if note != "" {
		o.Output = note + " " + o.Output
	}
	return o
}

// isOurs says whether an error of a connect is about this machine rather than the server's.
func isOurs(err error) bool {
	for _, e := range []syscall.Errno{
		syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
		syscall.EACCES, syscall.EPERM, syscall.EAFNOSUPPORT,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// reason gives the cause of an error; a socket's in the C library's words.
func reason(err error) string {
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		text := e.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	if ended(err) {
		return "Connection closed by the server"
	}
	return err.Error()
}
