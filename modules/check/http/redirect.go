package http

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/onbu/onbu/monitor"
)

// location takes a Location header's value apart into scheme, host, port and path, each of which may be missing, as the
// formats of check_http do: a path ends at the first character that may not be in one.
var location = sync.OnceValue(func() *regexp.Regexp {
	const host, path = `([-.a-zA-Z0-9]{1,255})`, "([-_.!~*'();/?:@&=+$,%#a-zA-Z0-9]+)"
	return regexp.MustCompile(`^(?:([HTPShtps]{1,5})://` + host + `(?::(\d{1,6}))?(?:/` + path + `?)?|//` + host + `/` +
		path + `|` + path + `)`)
})

// goOn sets r.hop to where the answer redirects to and says to visit it again, or ends the run.
func (r *running) goOn(p *page) (o monitor.Outcome, again bool) {
	suffix := ""
	if r.link {
		suffix = "</A>"
	}
	value, found := redirection(p.header)
	switch {
	case !found:
		return r.say(monitor.Unknown, "HTTP UNKNOWN - Could not find redirect location - %s%s", p.status, suffix), false
	case value == "":
		return r.say(monitor.Unknown, "HTTP UNKNOWN - Empty redirect location%s", suffix), false
	}
	next, ok := r.hop.follow(value)
	if !ok {
		return r.say(monitor.Unknown, "HTTP UNKNOWN - Could not parse redirect location - %s%s", value, suffix), false
	}
	url := next.scheme + "://" + next.address + ":" + strconv.Itoa(next.port) + next.path
	if r.hops++; r.hops > r.redirect.depth {
		return r.say(monitor.Warning, "HTTP WARNING - maximum redirection depth %d exceeded - %s%s", r.redirect.depth, url, suffix), false
	}
	if next.port == r.hop.port && r.hop.address == next.address && r.hop.host == next.address && r.hop.path == next.path {
		return r.say(monitor.Critical, "HTTP CRITICAL - redirection creates an infinite loop - %s%s", url, suffix), false
	}
	next.host = next.address
	if r.redirect.stickyHost {
		next.address = r.hop.address
	}
	if r.redirect.stickyPort {
		next.port = r.hop.port
	}
	if next.port > 65535 {
		return r.say(monitor.Unknown, "HTTP UNKNOWN - Redirection to port above 65535 - %s://%s:%d%s%s",
			next.scheme, next.address, next.port, next.path, suffix), false
	}
	next.virtual = next.port
	r.hop = next
	return o, true
}

// redirection gives the Location header's value; a value may go on after a line end and a blank.
func redirection(header []byte) (value string, found bool) {
	for len(header) > 0 {
		line := header[:lineLen(header)]
		header = header[len(line):]
		if key, rest, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(key), "Location") {
			value := string(bytes.TrimLeft(rest, " \t"))
			if next := bytes.TrimLeft(header, "\r\n"); value == "" && len(next) > 0 && (next[0] == ' ' || next[0] == '\t') {
				value = string(bytes.TrimLeft(next[:lineLen(next)], " \t"))
			}
			return value, true
		}
		header = bytes.TrimLeft(header, "\r\n")
	}
	return "", false
}

// follow gives where a redirection leads from h; its address is the host that it names.
func (h *hop) follow(value string) (next hop, ok bool) {
	m := location().FindStringSubmatch(value)
	if m == nil || m[0] == "" {
		return next, false
	}
	port := func(tls bool) int {
		if tls {
			return 443
		}
		return 80
	}
	switch {
	case m[1] != "":
		next = hop{scheme: m[1], address: m[2], path: "/" + m[4], tls: m[1] == "https"}
		if next.port = port(next.tls); m[3] != "" {
			next.port, _ = strconv.Atoi(m[3])
		}
	case m[5] != "":
		next = hop{scheme: h.scheme, address: m[5], path: "/" + m[6], tls: h.tls}
		if h.tls {
			next.scheme = "https"
		}
		next.tls = next.scheme == "https"
		next.port = port(next.tls)
	default:
		next = hop{scheme: h.scheme, address: h.name(), path: m[7], tls: h.tls, port: h.port}
		if !strings.HasPrefix(next.path, "/") {
			next.path = h.path[:max(strings.LastIndexByte(h.path, '/'), 0)] + "/" + next.path
		}
	}
	return next, true
}
