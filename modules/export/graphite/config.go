package graphite

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/modules"
)

// config is what a definition says.
type config struct {
	targets     []target
	byHash      bool
	pickle, udp bool
	watch       bool // keeps a connection that shows when a target ends
	timeout     time.Duration
	// resend is how much of what a target took is sent again when it was away.
	resend        time.Duration
	ignoreLatency time.Duration
	baseUnits     bool
	paths         paths
	// The thresholds and bounds that are sent beside a value.
	warn, crit, least, most bool
	// skipped are Shinken's filters: labels by service description, without any for the whole service.
	skipped map[string][]string
}

// target is where carbon listens. The instance tells several carbons of one machine apart for the hash, as carbon's own
// DESTINATIONS do.
type target struct{ host, port, instance string }

// String gives the address.
func (t target) String() string { return net.JoinHostPort(t.host, t.port) }

const (
	defaultTimeout      = 30 * time.Second
	leastTime, mostTime = time.Second, 10 * time.Minute
	// carbon writes what it has every second if it keeps up, and forgets what it has not written when it ends.
	defaultResend = time.Minute
)

func readConfig(s *modules.Settings) *config {
	c := &config{
		pickle:        s.Bool("use_pickle", s.Choice("protocol", "plaintext", "plaintext", "pickle") == "pickle"),
		udp:           s.Choice("transport", "tcp", "tcp", "udp") == "udp",
		watch:         s.Bool("watch", true),
		byHash:        s.Choice("mode", "all", "all", "hash") == "hash",
		timeout:       s.Duration("timeout", defaultTimeout, leastTime, mostTime),
		resend:        s.Duration("resend", defaultResend, 0, 10*time.Minute),
		ignoreLatency: s.Duration("ignore_latency_limit", 0, 0, time.Hour),
		baseUnits:     s.Bool("base_units", false),
		warn:          s.Bool("send_warning", false), crit: s.Bool("send_critical", false),
		least: s.Bool("send_min", false), most: s.Bool("send_max", false),
		skipped: readFilters(s),
		paths:   readPaths(s),
	}
	if c.udp && c.pickle {
		s.Wrong("transport", "carbon takes pickles over TCP only")
	}
	c.targets = readTargets(s, c.pickle)
	for _, t := range c.targets {
		switch {
		case t.port == "2004" && !c.pickle:
			s.Doubt("port", "2004 is where carbon usually takes pickles; it drops plaintext there: write 2003, or protocol pickle")
		case t.port == "2003" && c.pickle:
			s.Doubt("port", "2003 is where carbon usually takes plaintext; it drops pickles there: write 2004, or protocol plaintext")
		}
	}
	// Of Shinken's: its memory for the time that carbon is away, which the stream is here, and its web pages.
	s.Moot("cache_max_length", "cache_commit_volume", "tick_limit", "templates_path", "uri", "login", "password")
	return c
}

// readTargets reads targets, or host and port.
func readTargets(s *modules.Settings, pickle bool) []target {
	port := 2003
	if pickle {
		port = 2004
	}
	usual := strconv.Itoa(s.Int("port", port, 1, 65535))
	words := s.Words("targets")
	if len(words) == 0 {
		return []target{{host: s.Text("host", "127.0.0.1"), port: usual}}
	}
	if s.Has("host") {
		s.Wrong("host", "stands beside targets: write one of the two")
	}
	var all []target
	seen := map[string]bool{}
	for _, word := range words {
		t, ok := parseTarget(word, usual)
		switch {
		case !ok:
			s.Wrong("targets", "%q is no host:port, nor host:port:instance", word)
		case seen[t.String()]:
			s.Wrong("targets", "%s is there twice", t)
		}
		seen[t.String()] = true
		all = append(all, t)
	}
	return all
}

// parseTarget reads host, host:port or host:port:instance; an IPv6 address stands in brackets.
func parseTarget(word, port string) (t target, ok bool) {
	t.port = port
	rest := word
	if end := strings.IndexByte(word, ']'); strings.HasPrefix(word, "[") && end > 0 {
		t.host, rest = word[1:end], word[end+1:]
		if rest != "" && rest[0] != ':' {
			return t, false
		}
		rest = strings.TrimPrefix(rest, ":")
	} else {
		t.host, rest, _ = strings.Cut(word, ":")
	}
	number, instance, _ := strings.Cut(rest, ":")
	if t.instance = instance; number != "" {
		t.port = number
	}
	n, err := strconv.Atoi(t.port)
	return t, t.host != "" && err == nil && n > 0 && n < 1<<16 && !strings.Contains(instance, ":")
}

// readFilters reads lines "service:label,label".
func readFilters(s *modules.Settings) map[string][]string {
	skipped := map[string][]string{}
	for _, f := range s.All("filter") {
		colon := strings.LastIndexByte(f.Value, ':')
		if colon < 1 {
			s.WrongAt(f, "write service_description:label,label; without labels for the whole service")
			continue
		}
		service := f.Value[:colon]
		list := skipped[service]
		for label := range strings.SplitSeq(f.Value[colon+1:], ",") {
			if label = strings.TrimSpace(label); label != "" {
				list = append(list, label)
			}
		}
		skipped[service] = list
	}
	return skipped
}
