package http

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/monitor"
)

// setRequest takes the options about what is asked.
func (c *check) setRequest(id rune, value string) error {
	switch id {
	case 'A':
		c.agent = value
	case 'k':
		c.headers = append(c.headers, value)
	case 'P':
		if !c.posting {
			c.post, c.posting = value, true
		}
		if c.method == "" {
			c.method = "POST"
		}
	case 'j':
		c.method = value
	case 'T':
		c.contentType = value
	case 'a':
		c.auth = value
	case 'b':
		c.proxyAuth = value
	case httpVersion:
		c.http10 = value == "1.0"
		if value != "1.0" && value != "1.1" {
			return fmt.Errorf("HTTP version %q is not supported", value)
		}
	case caCert, 'D', decompression:
		return errors.New("not supported")
	default:
		return c.setExpected(id, value)
	}
	return nil
}

// setExpected takes the options about what is expected of the answer.
func (c *check) setExpected(id rune, value string) (err error) {
	switch id {
	case 'e':
		c.expect, c.expectSet = value, true
	case 'd':
		c.inHeader = value
	case 's':
		c.inBody = value
	case 'r', 'R': // -l counts only if it comes before, -R's indifference to case for all that follow
		c.ignoreCase = c.ignoreCase || id == 'R'
		c.regex, err = compile(value, c.ignoreCase, c.linespan)
	case 'l':
		c.linespan = true
	case invertRegex:
		c.invert = true
	case 'm':
		err = c.setSize(value)
	case 'M':
		c.maxAge, err = age(value)
	case 'N':
		c.noBody = true
	case 'B':
		c.showBody = true
	case 'f':
		err = c.setRedirect(value)
	case maxRedirs:
		c.redirect.depth, err = probe.Int(value, 0, 100)
	}
	return err
}

// setSize reads min or min:max.
func (c *check) setSize(value string) (err error) {
	low, high, both := strings.Cut(value, ":")
	if c.minSize, err = probe.Int(low, 0, math.MaxInt32); err == nil && both {
		c.maxSize, err = probe.Int(high, 0, math.MaxInt32)
	}
	return err
}

func (c *check) setRedirect(value string) error {
	r := redirect{depth: c.redirect.depth}
	switch value {
	case "ok":
		r.state = monitor.OK
	case "warning":
		r.state = monitor.Warning
	case "critical":
		r.state = monitor.Critical
	case "unknown":
		r.state = monitor.Unknown
	case "follow", "sticky", "stickyport":
		r.follow, r.stickyHost, r.stickyPort = true, value != "follow", value == "stickyport"
	default:
		return fmt.Errorf("%q is not supported", value)
	}
	if c.redirect = r; r.follow && c.curl {
		return fmt.Errorf("%q is not supported for check_curl", value)
	}
	return nil
}

// age reads a number of seconds, minutes, hours or days: 30, 30s, 5m, 2h, 1d.
func age(value string) (time.Duration, error) {
	units := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	number := value
	unit, ok := units[value[max(len(value)-1, 0):]]
	if ok {
		number = value[:len(value)-1]
	} else {
		unit = time.Second
	}
	n, err := probe.Int(number, 0, 100_000)
	return time.Duration(n) * unit, err
}

// complete works out what follows from the options together. rest may hold the address and the name.
func (c *check) complete(rest []string) (err error) {
	if c.first.address == "" && len(rest) > 0 {
		c.first.address, rest = rest[0], rest[1:]
	}
	if c.first.host == "" && len(rest) > 0 {
		c.first.host = rest[0]
	}
	if c.first.address == "" {
		c.first.address = strings.TrimSuffix(strings.TrimPrefix(c.first.host, "["), "]")
	}
	if c.crit.Set && !math.IsInf(c.crit.End, 1) && c.crit.End > c.Timeout.Seconds() {
		c.Timeout = time.Duration(int(min(c.crit.End, 86400))+1) * time.Second
	}
	if c.method == "" {
		c.method = "GET"
	}
	if c.first.virtual == 0 {
		c.first.virtual = c.first.port
	}
	if err = c.refuse(); err != nil {
		return err
	}
	c.request, c.tls.ServerName = c.ask(&c.first), c.serverName(&c.first)
	c.target, err = probe.NewTarget(c.first.address, c.first.port, c.Family, c.names)
	return err
}

// refuse names what cannot be done natively, or makes no sense, in options that are fine one by one.
func (c *check) refuse() error {
	switch {
	case c.certFile != "" && c.key == "":
		return errors.New("option -J needs -K: a client certificate has no use without its key")
	case c.method == "CONNECT" || strings.Contains(c.method, ":"):
		return errors.New("option -j: tunnels through proxies are not supported")
	case strings.ContainsAny(c.method, " \r\n"):
		return fmt.Errorf("option -j: %q is not a method", c.method)
	case !c.curl:
		return nil
	case c.method == "PUT":
		return errors.New("option -j: PUT is not supported for check_curl")
	case c.proxyAuth != "":
		return errors.New("option -b: proxies are not supported for check_curl")
	case !plainPath(c.first.path):
		return fmt.Errorf("option -u: %q is not supported for check_curl, which would rewrite it", c.first.path)
	case strings.Contains(c.expect, "HTTP/2") || strings.Contains(c.expect, "HTTP/3"):
		return errors.New("option -e: HTTP/2 is not supported")
	}
	for _, h := range c.headers {
		if name, value, ok := strings.Cut(h, ":"); !ok || strings.TrimSpace(value) == "" || name == "" {
			return errors.New("option -k: headers without a value are not supported for check_curl")
		}
	}
	return nil
}

// plainPath says whether curl sends a path as it stands: absolute, without fragment, dot segments, blanks.
func plainPath(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.Contains(path, "/.") &&
		strings.IndexFunc(path, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }) < 0
}
