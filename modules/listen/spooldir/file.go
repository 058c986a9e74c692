package spooldir

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/serve/nagios"
	"github.com/onbu/onbu/monitor"
)

// record is a result in a file, as it is written there.
type record struct {
	host, service, output string
	begun                 bool // something of it was there
	code                  int
	at                    monitor.Time
}

// parse reads a file of check results as Nagios does (base/utils.c, process_check_result_file): lines NAME=VALUE; a line that
// begins with # says nothing, an empty one ends a result. What stands behind a file_time before since is too old and is left out.
// partial counts results that are not whole. Times that are missing or after now are written.
func parse(data []byte, written, now, since monitor.Time) (all []monitor.Submission, partial int, old bool) {
	one := record{at: written}
	end := func() {
		switch {
		case one.host != "" && one.output != "":
			all = append(all, one.submission())
		case one.begun:
			partial++
		}
		one = record{at: written}
	}
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			end()
			continue
		}
		name, value, _ := strings.Cut(string(line), "=")
		switch {
		case line[0] == '#' || value == "":
		case name == "file_time":
			if seconds, err := strconv.ParseInt(value, 10, 32); err == nil && monitor.Time(seconds)*1e9 < since {
				return all, partial, true
			}
		default:
			one.set(name, value, now)
		}
	}
	end()
	return all, partial, false
}

// set takes one of the values that mean something for a passive result.
func (r *record) set(name, value string, now monitor.Time) {
	switch name {
	case "host_name":
		r.host, r.begun = value, true
	case "service_description":
		r.service, r.begun = value, true
	case "output":
		r.output, r.begun = value, true
	case "return_code":
		r.code, r.begun = atoi(value), true
	case "start_time":
		if at := moment(value); at > 0 && at <= now {
			r.at = at
		}
	}
}

func (r *record) submission() monitor.Submission {
	of := monitor.Ref{Host: r.host, Service: r.service}
	s := nagios.Result(of, nagios.Code(r.code, of.IsHost()), r.output)
	s.Time = r.at
	return s
}

// moment reads seconds.microseconds; 0 for what is none.
func moment(text string) monitor.Time {
	seconds, part, _ := strings.Cut(text, ".")
	whole, err := strconv.ParseInt(seconds, 10, 33)
	if err != nil || whole < 0 {
		return 0
	}
	micros, err := strconv.ParseUint(part, 10, 32)
	if err != nil || micros >= 1e6 {
		micros = 0
	}
	return monitor.Time(whole)*1e9 + monitor.Time(time.Duration(micros)*time.Microsecond)
}

// atoi reads the number that a text begins with, as C does. What begins with none is no state.
func atoi(text string) int {
	end := strings.IndexFunc(text[min(1, len(text)):], func(r rune) bool { return r < '0' || r > '9' }) + 1
	if end == 0 {
		end = len(text)
	}
	n, err := strconv.Atoi(text[:end])
	if err != nil {
		return -1
	}
	return n
}
