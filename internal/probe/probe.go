// Package probe knows what the native modules that connect to a target and talk to it have in common: command lines as
// getopt_long reads them, connections that end with their context and leave no TIME_WAIT behind, the life of a
// certificate, and the texts of the Monitoring Plugins for all of that. What is asked and how an answer is judged is the
// modules' own business.
package probe

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
	"github.com/onbu/onbu/monitor/plugin"
)

// Result builds an outcome from a text as a plugin prints it, without its performance data: the first line becomes the
// output, the others the long output, cleaned and bounded as a forked plugin's are. What a target says stays text: a "|"
// in it becomes a blank, it cannot bring performance data of its own. text is changed.
func Result(state monitor.State, text, perf []byte) monitor.Outcome {
	for i, c := range text {
		if c == '|' {
			text[i] = ' '
		}
	}
	o := monitor.Outcome{State: state, Perfdata: string(perf)}
	o.Output, o.LongOutput, _ = plugin.Output(text, plugin.DefaultLimit)
	return o
}

// Say is a Result without performance data.
func Say(state monitor.State, format string, args ...any) monitor.Outcome {
	return Result(state, fmt.Appendf(nil, format, args...), nil)
}

// Timeout is the outcome of a check that ran out of time while doing something ("waiting for the banner"). ctx is the
// engine's context: when that was cancelled nothing can be said of the target, which is an error.
func Timeout(ctx context.Context, limit time.Duration, doing string) (monitor.Outcome, error) {
	text := fmt.Sprintf("CRITICAL - Socket timeout after %d seconds", int(limit.Seconds()))
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		text = "CRITICAL - Socket timeout: the engine's time limit ended the check"
	case err != nil:
		return monitor.Outcome{}, fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	o := Say(monitor.Critical, "%s\nwhile %s", text, doing)
	o.TimedOut = true
	return o, nil
}

// AppendSeconds appends a measured time to performance data, in the format of the Monitoring Plugins' fperfdata:
// "time=0.000123s;1.000000;;0.000000;10.000000".
func AppendSeconds(b []byte, label string, d time.Duration, warn, crit, low, high perfdata.Number) []byte {
	b = append(b, label...)
	b = append(b, '=')
	b = AppendFixed(b, d, 6)
	b = append(b, 's')
	for _, level := range [...]perfdata.Number{warn, crit, low, high} {
		b = append(b, ';')
		if level.Set {
			b = strconv.AppendFloat(b, level.Value, 'f', 6, 64)
		}
	}
	return b
}

// AppendFixed appends d in seconds with that many decimals.
func AppendFixed(b []byte, d time.Duration, decimals int) []byte {
	return strconv.AppendFloat(b, d.Seconds(), 'f', decimals, 64)
}
