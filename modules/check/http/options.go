package http

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// Options without a letter.
const (
	invertRegex = probe.LongOnly + iota
	sniOption
	maxRedirs
	continueAfterCert
	caCert
	httpVersion
	decompression
)

// check is a parsed command line.
type check struct {
	curl    bool // check_curl rather than check_http
	names   *net.Resolver
	buffers *buffers
	doors   *probe.Doors

	probe.Common
	first    hop
	target   probe.Target // of the first hop
	request  []byte       // of the first hop
	warn     perfdata.Range
	crit     perfdata.Range
	extended bool
	link     bool

	method, post, contentType string
	posting                   bool
	agent, auth, proxyAuth    string
	headers                   []string
	http10                    bool

	tls              *tls.Config     // with the name of the first hop
	sessions         *probe.Sessions // nil: each handshake is a whole one
	sni              bool
	certFile, key    string
	certificate      bool
	continueWithPage bool
	days             probe.Days

	expect             string
	expectSet          bool
	inHeader, inBody   string
	ignoreCase, invert bool
	linespan           bool
	regex              *regexp.Regexp
	noBody, showBody   bool
	minSize, maxSize   int
	maxAge             time.Duration // negative: not asked for
	redirect           redirect
}

// redirect says what is done about redirections.
type redirect struct {
	follow                 bool
	stickyHost, stickyPort bool
	state                  monitor.State // if not followed
	depth                  int
}

func newCheck(curl bool, m *Module) *check {
	c := &check{
		Common: probe.Common{Timeout: 10 * time.Second}, curl: curl, names: m.opts.Resolver, buffers: &m.buffers, doors: m.doors,
		expect: "HTTP/1.", maxAge: -1,
		agent: "check_http/v2.3.3 (monitoring-plugins 2.3.3)", redirect: redirect{depth: 15},
		first: hop{path: "/", port: 80, scheme: "http"},
	}
	c.tls = probe.TLSConfig("")
	if curl {
		c.tls.NextProtos = []string{"http/1.1"}
		c.expect, c.agent = "HTTP/", "check_curl/v2.3.3 (monitoring-plugins 2.3.3)"
	}
	return c
}

// syntax is the command line of the two programs.
func (c *check) syntax() *probe.Syntax {
	s := &probe.Syntax{
		Aliases: map[string]string{"-to": "-t", "-hn": "-H", "-wt": "-w", "-ct": "-c", "-nohtml": "-n"},
		Options: append(probe.CommonOptions(), []probe.Option{
			{ID: 'H', Long: "hostname", Argument: probe.Value},
			{ID: 'I', Long: "IP-address", Argument: probe.Value},
			{ID: 'u', Long: "url", Argument: probe.Value},
			{ID: 'c', Long: "critical", Argument: probe.Value},
			{ID: 'w', Long: "warning", Argument: probe.Value},
			{ID: 'A', Long: "useragent", Argument: probe.Value},
			{ID: 'k', Long: "header", Argument: probe.Value},
			{ID: 'P', Long: "post", Argument: probe.Value},
			{ID: 'j', Long: "method", Argument: probe.Value},
			{ID: 'T', Long: "content-type", Argument: probe.Value},
			{ID: 'a', Long: "authorization", Argument: probe.Value},
			{ID: 'b', Long: "proxy-authorization", Argument: probe.Value},
			{ID: 'd', Long: "header-string", Argument: probe.Value},
			{ID: 'e', Long: "expect", Argument: probe.Value},
			{ID: 's', Long: "string", Argument: probe.Value},
			{ID: 'r', Long: "regex", Argument: probe.Value},
			{ID: 'r', Long: "ereg", Argument: probe.Value},
			{ID: 'R', Long: "eregi", Argument: probe.Value},
			{ID: 'l', Long: "linespan"},
			{ID: invertRegex, Long: "invert-regex"},
			{ID: 'f', Long: "onredirect", Argument: probe.Value},
			{ID: maxRedirs, Long: "max-redirs", Argument: probe.Value},
			{ID: 'S', Long: "ssl", Argument: probe.OptionalValue},
			{ID: sniOption, Long: "sni"},
			{ID: 'C', Long: "certificate", Argument: probe.Value},
			{ID: continueAfterCert, Long: "continue-after-certificate"},
			{ID: 'J', Long: "client-cert", Argument: probe.Value},
			{ID: 'K', Long: "private-key", Argument: probe.Value},
			{ID: 'L', Long: "link"},
			{ID: 'n', Long: "nohtml"},
			{ID: 'm', Long: "pagesize", Argument: probe.Value},
			{ID: 'M', Long: "max-age", Argument: probe.Value},
			{ID: 'N', Long: "no-body"},
			{ID: 'E', Long: "extended-perfdata"},
			{ID: 'B', Long: "show-body"},
		}...),
	}
	if c.curl {
		s.Options = append(s.Options,
			probe.Option{ID: caCert, Long: "ca-cert", Argument: probe.Value}, probe.Option{ID: 'D', Long: "verify-cert"},
			probe.Option{ID: httpVersion, Long: "http-version", Argument: probe.Value},
			probe.Option{ID: decompression, Long: "enable-automatic-decompression"})
	}
	return s
}

// set takes one option. Like the programs it goes by the order of the line: -S sets the port to 443 unless -p came
// before, -H with a port sets that one.
func (c *check) set(id rune, value string) error {
	known, err := c.Common.Set(id, value)
	if c.Port != 0 {
		c.first.port = c.Port
	}
	switch {
	case known:
	case id == 'H':
		err = c.setHost(value)
	case id == 'I':
		c.first.address = strings.TrimSuffix(strings.TrimPrefix(value, "["), "]")
	case id == 'u':
		c.first.path = value
	case id == 'w':
		c.warn, err = perfdata.ParseRange(value)
	case id == 'c':
		c.crit, err = perfdata.ParseRange(value)
	case id == 'E':
		c.extended = true
	case id == 'L':
		c.link = true
	case id == 'n':
		c.link = false
	case id == 'v' || id == 'V' || id == 'h':
		err = errors.New("not supported")
	default:
		err = c.setTLS(id, value)
	}
	if err != nil {
		return c.syntax().Naming(id, err)
	}
	return nil
}

// setHost reads host or host:port.
func (c *check) setHost(value string) (err error) {
	host, port := value, ""
	switch colon := strings.LastIndexByte(value, ':'); {
	case value == "":
		return errors.New("the host has no name")
	case value[0] == '[' && strings.Contains(value, "]:"):
		return errors.New("an address in brackets with a port is not supported; the plugins lose a bracket and look for a name")
	case value[0] != '[' && colon >= 0 && strings.IndexByte(value, ':') == colon:
		host, port = value[:colon], value[colon+1:]
	}
	c.first.host = host
	if host == value {
		return nil
	}
	if c.first.virtual, err = probe.Int(port, 1, 65535); err == nil && c.Port == 0 && !c.curl {
		c.first.port = c.first.virtual
	}
	return err
}

// setTLS takes the options about TLS and certificates, all of which turn it on.
func (c *check) setTLS(id rune, value string) (err error) {
	switch id {
	case 'S':
		if value != "" {
			err = c.setVersion(value)
		}
	case 'C':
		c.certificate = true
		c.days, err = probe.ParseDays(value)
	case 'J':
		c.certFile = value
	case 'K':
		c.key = value
	case sniOption:
		c.sni = true
		return nil
	case continueAfterCert:
		if c.continueWithPage = true; c.curl {
			return errors.New("not supported for check_curl")
		}
		return nil
	default:
		return c.setRequest(id, value)
	}
	c.first.tls = true
	if c.Port == 0 {
		c.first.port = 443
	}
	return err
}

// setVersion reads the version of -S. What OpenSSL 3 cannot speak any more is left to the plugin to refuse.
func (c *check) setVersion(value string) error {
	switch {
	case value == "1.2":
		c.tls.MaxVersion = tls.VersionTLS12
	case value == "1.3" && c.curl:
		c.tls.MinVersion, c.tls.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	case value == "1.2+" || value == "1.1+" || value == "1+":
		c.tls.MaxVersion = 0
	default:
		return fmt.Errorf("TLS version %q is not supported", value)
	}
	return nil
}

// serverName gives the name that is sent to a hop's TLS server; empty for none.
func (c *check) serverName(h *hop) string {
	switch {
	case c.curl:
		return h.name()
	case c.sni:
		return h.host
	}
	return ""
}
