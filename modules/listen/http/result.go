package http

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/monitor/plugin"
)

// ahead is how far in the future a result may be, for clocks that differ.
const ahead = 10 * time.Minute

// behind is how old a result may be: a sender may have kept it while it had no network, but not for months.
const behind = 31 * 24 * time.Hour

// submission gives the result, or the first thing that is wrong with it.
func (r *wireResult) submission(now monitor.Time) (s monitor.Submission, err error) {
	s.Ref = monitor.Ref{Host: r.Host, Service: r.Service}
	if err := errors.Join(nameOf("host", r.Host), nameOf("service", r.Service)); err != nil {
		return s, err
	}
	if r.Host == "" {
		return s, errors.New("host is missing")
	}
	if s.State, err = stateOf(r.State, s.IsHost()); err != nil {
		return s, err
	}
	if s.Time, err = timeOf(r.Time, now); err != nil {
		return s, err
	}
	if s.ID = r.ID; len(s.ID) > mostKey {
		return s, fmt.Errorf("id: longer than %d bytes", mostKey)
	}
	s.Output, s.LongOutput, s.Perfdata = r.texts()
	return s, nil
}

// texts takes the output apart as a plugin's, and adds to it what is sent apart.
func (r *wireResult) texts() (output, long, perf string) {
	output, long, perf = plugin.Output([]byte(r.Output), 0)
	if r.LongOutput != "" {
		_, more, inside := plugin.Output([]byte("x\n"+r.LongOutput), 0)
		long, perf = joined(long, "\n", more), joined(perf, " ", inside)
	}
	if r.Perfdata != "" {
		_, _, more := plugin.Output([]byte("x|"+r.Perfdata), 0)
		perf = joined(perf, " ", more)
	}
	return output, long, perf
}

func joined(a, between, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + between + b
}

func nameOf(what, name string) error {
	if len(name) > command.MaxName {
		return fmt.Errorf("%s: longer than %d bytes", what, command.MaxName)
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%s: a name has no control characters", what)
	}
	return nil
}

// stateOf reads a number or a name.
func stateOf(raw json.RawMessage, host bool) (monitor.State, error) {
	names, most := []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}, 3
	if host {
		names, most = []string{"UP", "DOWN", "UNREACHABLE"}, 2
	}
	text := scalar(raw)
	if text == "" {
		return 0, errors.New("state is missing")
	}
	for i, name := range names {
		if strings.EqualFold(name, text) {
			return monitor.State(i), nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("state is %s: write one of %s, or 0 to %d", shown(text), strings.Join(names, ", "), most)
	}
	return monitor.State(n), nil
}

// timeOf reads Unix seconds or a time of RFC 3339; 0, which is on arrival, for none.
func timeOf(raw json.RawMessage, now monitor.Time) (monitor.Time, error) {
	text := scalar(raw)
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if seconds, numeric := strconv.ParseFloat(text, 64); numeric == nil && seconds > 0 && seconds < math.MaxInt64/1e9 {
		whole, part := math.Modf(seconds)
		t, err = time.Unix(int64(whole), int64(math.Round(part*1e6))*1000), nil
	}
	if err != nil || t.Unix() <= 0 || t.Year() > 2200 {
		return 0, fmt.Errorf("time is %s: write Unix seconds, or a time such as 2026-01-31T17:00:00Z", shown(text))
	}
	at := monitor.At(t)
	if d := at.Sub(now); d > ahead {
		return 0, fmt.Errorf("time is %s: %s in the future; is the sender's clock right?", shown(text), d.Round(time.Second))
	}
	if d := now.Sub(at); d > behind {
		return 0, fmt.Errorf("time is %s: %d days ago; is the sender's clock right?", shown(text), d/(24*time.Hour))
	}
	return at, nil
}

// scalar gives a text without its quotes, and a number as it stands.
func scalar(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// shown gives the beginning of what somebody sent.
func shown(text string) string { return strconv.Quote(text[:min(len(text), 40)]) }
