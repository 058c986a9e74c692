package oracle

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// retained is what a retention file of Nagios says.
type retained struct {
	created string
	// present holds each object's present by its name.
	present map[string]string
	// downtimes holds their numbers by object and comment: h0/s0:d4.
	downtimes map[string]string
}

// readRetention reads a retention file. Depth of downtime is not in it: it is counted from the downtimes in effect.
func readRetention(data []byte) retained {
	r := retained{present: make(map[string]string), downtimes: make(map[string]string)}
	depth, comments := make(map[string]int), make(map[string]int)
	objects := make(map[string]present)
	var section string
	fields := make(map[string]string)
	for line := range lines(data) {
		switch {
		case line == "}":
			name := fields["host_name"]
			if service := fields["service_description"]; service != "" {
				name += "/" + service
			}
			switch section {
			case "info":
				r.created = fields["created"]
			case "host", "service":
				objects[name] = presentOf(fields, section == "host")
			case "hostcomment", "servicecomment":
				comments[name]++
			case "hostdowntime", "servicedowntime":
				r.downtimes[name+":"+fields["comment"]] = fields["downtime_id"]
				if fields["is_in_effect"] == "1" {
					depth[name]++
				}
			}
		case strings.HasSuffix(line, " {"):
			section = strings.TrimSuffix(line, " {")
			clear(fields)
		default:
			key, value, _ := strings.Cut(line, "=")
			fields[key] = value
		}
	}
	for name, p := range objects {
		p.depth, p.comments = depth[name], comments[name]
		r.present[name] = p.String()
	}
	return r
}

func lines(data []byte) func(func(string) bool) {
	return func(yield func(string) bool) {
		s := bufio.NewScanner(bytes.NewReader(data))
		for s.Scan() {
			if !yield(s.Text()) {
				return
			}
		}
	}
}

// present is what is compared of an object's present.
type present struct {
	state, kind, attempt string
	flapping             bool
	percent              string // of change, when it is not 0.00
	depth                int
	ack                  monitor.AckKind
	notification         string // its number
	comments             int
}

func presentOf(fields map[string]string, host bool) present {
	p := present{
		attempt: fields["current_attempt"], flapping: fields["is_flapping"] == "1", percent: fields["percent_state_change"],
		notification: fields["current_notification_number"],
	}
	state := monitor.State(fields["current_state"][0] - '0')
	switch {
	case fields["has_been_checked"] == "0":
		p.state = "PENDING"
	case host:
		p.state = state.HostName()
	default:
		p.state = state.ServiceName()
	}
	p.kind = monitor.StateType(fields["state_type"][0] - '0').String()
	if fields["problem_has_been_acknowledged"] == "1" {
		p.ack = monitor.AckNormal
		if fields["acknowledgement_type"] == "2" {
			p.ack = monitor.AckSticky
		}
	}
	return p
}

// String gives a present as recordings have it.
func (p present) String() string {
	b := []byte(p.state + " " + p.kind + " " + p.attempt)
	if p.flapping {
		b = append(b, " flapping"...)
	}
	if p.percent != "" && p.percent != "0.00" {
		b = fmt.Appendf(b, " change=%s", p.percent)
	}
	if p.depth > 0 {
		b = fmt.Appendf(b, " downtime=%d", p.depth)
	}
	switch p.ack {
	case monitor.AckNormal:
		b = append(b, " acked"...)
	case monitor.AckSticky:
		b = append(b, " acked=sticky"...)
	}
	if p.notification != "" && p.notification != "0" {
		b = fmt.Appendf(b, " told=%s", p.notification)
	}
	if p.comments > 0 {
		b = fmt.Appendf(b, " comments=%d", p.comments)
	}
	return string(b)
}
