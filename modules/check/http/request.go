package http

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// hop is one request of a check: the first, or where a redirection leads.
type hop struct {
	host    string // the virtual host; empty if there is none
	address string // what is connected to
	path    string
	port    int
	virtual int // the port that the Host header names
	tls     bool
	scheme  string // of the last redirection, "http" before
}

// url gives the address of the page as the programs print it.
func (h *hop) url() string {
	scheme := "http"
	if h.tls {
		scheme = "https"
	}
	return scheme + "://" + h.name() + ":" + strconv.Itoa(h.port) + h.path
}

// name gives the virtual host, or else the address.
func (h *hop) name() string {
	if h.host != "" {
		return h.host
	}
	return h.address
}

// ask writes the request for a hop.
func (c *check) ask(h *hop) []byte {
	if c.curl {
		return c.askAsCurl(h)
	}
	version, host := " HTTP/1.0", ""
	if h.host != "" {
		version, host = " HTTP/1.1", "Host: "+h.host+h.portSuffix()
	}
	lines := []string{
		c.method + " " + h.path + version,
		"User-Agent: " + c.agent,
		"Connection: close",
	}
	forced := c.hostHeader()
	if host != "" && forced >= 0 {
		host = c.headers[forced]
	}
	if host != "" {
		lines = append(lines, host)
	}
	for i, header := range c.headers {
		if i != forced {
			lines = append(lines, header)
		}
	}
	if c.auth != "" {
		lines = append(lines, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(c.auth)))
	}
	if c.proxyAuth != "" {
		lines = append(lines, "Proxy-Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(c.proxyAuth)))
	}
	return c.withBody(lines, c.posting)
}

// askAsCurl writes the request as libcurl does, which gives way to headers of the user.
func (c *check) askAsCurl(h *hop) []byte {
	version := " HTTP/1.1"
	if c.http10 {
		version = " HTTP/1.0"
	}
	name := h.name()
	if h.host == "" && strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	lines := []string{c.method + " " + h.path + version}
	for _, header := range []string{"Host: " + name + h.portSuffix(), "User-Agent: " + c.agent, "Accept: */*"} {
		if !c.overridden(header) {
			lines = append(lines, header)
		}
	}
	if c.auth != "" {
		lines = append(lines, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(c.auth)))
	}
	lines = append(append(lines, "Connection: close"), c.headers...)
	return c.withBody(lines, c.method == "POST")
}

// withBody adds the data of -P and ends the request.
func (c *check) withBody(lines []string, posting bool) []byte {
	if !posting {
		return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n")
	}
	kind := c.contentType
	if kind == "" {
		kind = "application/x-www-form-urlencoded"
	}
	if header := "Content-Type: " + kind; !c.curl || !c.overridden(header) {
		lines = append(lines, header)
	}
	lines = append(lines, "Content-Length: "+strconv.Itoa(len(c.post)))
	return []byte(strings.Join(lines, "\r\n") + "\r\n\r\n" + c.post)
}

// portSuffix gives the port for a Host header, empty if it is the scheme's own.
func (h *hop) portSuffix() string {
	if !h.tls && h.virtual == 80 || h.tls && h.virtual == 443 {
		return ""
	}
	return ":" + strconv.Itoa(h.virtual)
}

// hostHeader gives the index of the last Host header among the user's; -1 if there is none.
func (c *check) hostHeader() int {
	for i := len(c.headers) - 1; i >= 0; i-- {
		if strings.HasPrefix(c.headers[i], "Host:") {
			return i
		}
	}
	return -1
}

// overridden says whether the user gave a header of the same name.
func (c *check) overridden(header string) bool {
	name, _, _ := strings.Cut(header, ":")
	for _, h := range c.headers {
		if own, _, _ := strings.Cut(h, ":"); strings.EqualFold(own, name) {
			return true
		}
	}
	return false
}
