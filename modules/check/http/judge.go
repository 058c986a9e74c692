package http

import (
	"bytes"
	"fmt"
	"math"
	nethttp "net/http"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// complaint is one thing that is wrong with a page.
type complaint struct {
	state monitor.State
	text  string
}

// worse gives the state that counts more: OK, UNKNOWN, WARNING, CRITICAL (max_state_alt in utils.c).
func worse(a, b monitor.State) monitor.State {
	rank := [...]int{monitor.OK: 0, monitor.Unknown: 1, monitor.Warning: 2, monitor.Critical: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// matchesStatus says whether the status line holds one of the strings of a list parted by commas.
func matchesStatus(status []byte, list string) bool {
	for want := range strings.SplitSeq(list, ",") {
		if want != "" && bytes.Contains(status, []byte(want)) {
			return true
		}
	}
	return false
}

// stateOf gives the state for a status code from 100 to 599.
func (c *check) stateOf(code int) monitor.State {
	switch {
	case code >= 500:
		return monitor.Critical
	case code >= 400:
		return monitor.Warning
	case code >= 300:
		return c.redirect.state
	}
	return monitor.OK
}

// invalid is the outcome for a status line that is not the expected one.
func (r *running) invalid(p *page) monitor.Outcome {
	port := ""
	if r.hop.port != 80 {
		port = " on port " + strconv.Itoa(r.hop.port)
	}
	body := []byte(nil)
	if r.showBody {
		body = p.body
	}
	return r.say(monitor.Critical, "HTTP CRITICAL - Invalid HTTP response received from host%s: %s\n%s", port, p.status, body)
}

// judge judges an answer in check_http's words, or follows its redirection. state is what the certificate left.
func (r *running) judge(state monitor.State, p *page) (o monitor.Outcome, again bool, err error) {
	took := time.Since(r.start)
	if !matchesStatus(p.status, r.expect) {
		return r.invalid(p), false, nil
	}
	said := `Status line output matched "` + r.expect + `"`
	if !r.expectSet {
		code, ok := statusCode(p.status)
		switch {
		case !ok:
			return r.say(monitor.Critical, "HTTP CRITICAL: Invalid Status Line (%s)", p.status), false, nil
		case code >= 600 || code < 100:
			return r.say(monitor.Critical, "HTTP CRITICAL: Invalid Status (%s)", p.status), false, nil
		case code >= 300 && code < 400 && r.redirect.follow:
			o, again = r.goOn(p)
			return o, again, nil
		}
		state, said = worse(state, r.stateOf(code)), string(p.status)
	}
	if p.broken != nil {
		return r.say(monitor.Unknown, "HTTP UNKNOWN: Failed to unchunk message body\n%v", p.broken), false, nil
	}
	joint := " - "
	for _, complaint := range r.complaints(p) {
		state, said = worse(state, complaint.state), said+joint+complaint.text
		joint = ", "
	}
	return r.finish(worse(state, r.slow(took)), said, took, p), false, nil
}

// statusCode gives the three digits behind the first blank.
func statusCode(status []byte) (code int, ok bool) {
	_, rest, _ := bytes.Cut(status, []byte(" "))
	digits := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
	if digits != 3 {
		return 0, false
	}
	code, _ = strconv.Atoi(string(rest[:3]))
	return code, true
}

// complaints lists what is wrong with headers, content and size.
func (r *running) complaints(p *page) (all []complaint) {
	add := func(state monitor.State, format string, args ...any) {
		all = append(all, complaint{state, fmt.Sprintf(format, args...)})
	}
	if r.maxAge >= 0 {
		if c, old := r.tooOld(p); old {
			all = append(all, c)
		}
	}
	if r.inHeader != "" && !bytes.Contains(p.header, []byte(r.inHeader)) {
		add(monitor.Critical, "header '%s' not found on '%s'", excerpt(r.inHeader), r.hop.url())
	}
	if r.inBody != "" && !bytes.Contains(p.body, []byte(r.inBody)) {
		add(monitor.Critical, "string '%s' not found on '%s'", excerpt(r.inBody), r.hop.url())
	}
	if r.regex != nil && r.regex.Match(p.body) == r.invert {
		if r.invert {
			add(monitor.Critical, "pattern found")
		} else {
			add(monitor.Critical, "pattern not found")
		}
	}
	switch {
	case r.maxSize > 0 && p.size > r.maxSize:
		add(monitor.Warning, "page size %d too large", p.size)
	case r.minSize > 0 && p.size < r.minSize:
		add(monitor.Warning, "page size %d too small", p.size)
	}
	return all
}

// excerpt cuts a string to 29 bytes for the output, the last three of which are dots then.
func excerpt(s string) string {
	if len(s) < 30 {
		return s
	}
	return s[:26] + "..."
}

// tooOld compares the page's date with the server's.
func (r *running) tooOld(p *page) (complaint, bool) {
	date, modified := headerValue(p.header, "Date"), headerValue(p.header, "Last-Modified")
	now, nowErr := nethttp.ParseTime(date)
	changed, changedErr := nethttp.ParseTime(modified)
	old := now.Sub(changed)
	c := complaint{state: monitor.Critical}
	switch {
	case date == "":
		return complaint{monitor.Unknown, "Server date unknown"}, true
	case modified == "":
		c.text = "Document modification date unknown"
	case nowErr != nil:
		c.text = fmt.Sprintf("Server date \"%100s\" unparsable", date)
	case changedErr != nil:
		c.text = fmt.Sprintf("Document date \"%100s\" unparsable", modified)
	case old < -30*time.Second:
		c.text = fmt.Sprintf("Document is %d seconds in the future", int(-old.Seconds()))
	case old > r.maxAge && old > 48*time.Hour:
		c.text = fmt.Sprintf("Last modified %.1f days ago", old.Hours()/24)
	case old > r.maxAge:
		n := int(old.Seconds())
		c.text = fmt.Sprintf("Last modified %d:%02d:%02d ago", n/3600, n/60%60, n%60)
	default:
		return c, false
	}
	return c, true
}

// slow gives the state for the response time.
func (c *check) slow(took time.Duration) monitor.State {
	return perfdata.State(took.Seconds(), c.warn, c.crit)
}

// finish puts the last line together.
func (r *running) finish(state monitor.State, said string, took time.Duration, p *page) monitor.Outcome {
	out := append(r.text, "HTTP "+state.ServiceName()+": "+said+" - "...)
	out = append(strconv.AppendInt(out, int64(p.size), 10), " bytes in "...)
	out = append(probe.AppendFixed(out, took, 3), " second response time"...)
	if r.link {
		out = append(out, " </A>"...)
	}
	if r.showBody {
		out = append(append(out, '\n'), p.body[:min(len(p.body), 64<<10)]...)
	}
	return probe.Result(state, out, r.perf(took, p))
}

// perf gives the performance data; a range's end stands for the range, 0 for a range without one.
func (r *running) perf(took time.Duration, p *page) []byte {
	var none perfdata.Number
	limit := perfdata.Of(r.Timeout.Seconds())
	b := make([]byte, 0, 320)
	b = probe.AppendSeconds(b, "time", took, end(r.warn), end(r.crit), perfdata.Of(0), limit)
	b = strconv.AppendInt(append(b, " size="...), int64(p.size), 10)
	if r.minSize > 0 {
		b = append(strconv.AppendInt(append(b, "B;"...), int64(r.minSize), 10), ";0;0;"...)
	} else {
		b = append(b, "B;;;0;"...)
	}
	if !r.extended {
		return b
	}
	b = probe.AppendSeconds(b, " time_connect", p.took.connect, none, none, none, limit)
	if r.hop.tls {
		b = probe.AppendSeconds(b, " time_ssl", p.took.tls, none, none, none, limit)
	}
	b = probe.AppendSeconds(b, " time_headers", p.took.headers, none, none, none, limit)
	b = probe.AppendSeconds(b, " time_firstbyte", p.took.firstByte, none, none, none, limit)
	return probe.AppendSeconds(b, " time_transfer", p.took.transfer, none, none, none, limit)
}

func end(r perfdata.Range) perfdata.Number {
	if math.IsInf(r.End, 1) {
		return perfdata.Number{Set: r.Set}
	}
	return perfdata.Number{Value: r.End, Set: r.Set}
}
