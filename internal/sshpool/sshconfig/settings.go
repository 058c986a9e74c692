// Package sshconfig knows how ssh(1) is told to reach a host: the options of ssh_config(5), given with -o or in the user's
// and the system's file. It understands those that say where a connection goes and what it proves; others are either known
// to change nothing for a command that is run without a terminal, or are refused, so that ssh itself can be asked to do it.
package sshconfig

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settings are the options for one host. As with ssh, the first value of an option counts; identity files add up.
type Settings struct {
	HostName string // empty for the name that was given
	User     string // empty for the local user's name
	Port     int    // 0 for 22
	Network  string // "tcp", "tcp4" or "tcp6"; empty for "tcp"
	Bind     string // the address to come from, or empty
	// Alias is the name that the host has in the files of known hosts, if not its own.
	Alias string
	// Identities are the files with keys, with ~ and % not yet replaced; empty for ssh's usual ones.
	Identities     []string
	IdentitiesOnly bool
	// Agent is the agent's socket: empty for what SSH_AUTH_SOCK says, "none" for none.
	Agent string
	// UserKnown and GlobalKnown are files of known hosts; nil for the usual ones, empty for none.
	UserKnown, GlobalKnown []string
	// Strict is the value of StrictHostKeyChecking: "yes", "ask", "accept-new" or "no".
	Strict string
	// ConnectTimeout bounds connecting and shaking hands; 0 for no bound of its own.
	ConnectTimeout time.Duration
	// Quiet says that no messages are wanted: QUIET, FATAL or ERROR as LogLevel. Silent is QUIET and FATAL.
	Quiet, Silent bool

	given map[string]bool
}

// errElse is why an option is refused.
var errElse = errors.New("only ssh itself does that")

// Option takes an option as it stands behind -o: "Keyword value" or "Keyword=value".
func (s *Settings) Option(text string) error {
	d, err := parse(text)
	if err != nil || d.keyword == "" {
		return fmt.Errorf("ssh option %q: %w", text, errors.Join(err, errElse))
	}
	return s.set(d)
}

// Set takes an option that has one value.
func (s *Settings) Set(keyword, value string) error {
	return s.set(directive{keyword: strings.ToLower(keyword), args: []string{value}})
}

// Clone gives a copy that can be added to.
func (s *Settings) Clone() Settings {
	c := *s
	c.given, c.Identities = maps.Clone(s.given), slices.Clone(s.Identities)
	return c
}

// directive is a line of a configuration.
type directive struct {
	keyword string // in small letters
	args    []string
	path    string // of the file, and
	line    int    // where in it
}

// set takes a directive unless there was one before.
func (s *Settings) set(d directive) error {
	take, known := options[d.keyword]
	switch {
	case slices.Contains(harmless, d.keyword):
		return nil
	case !known || len(d.args) == 0:
		return fmt.Errorf("ssh option %s: %w", d.keyword, errElse)
	case s.given[d.keyword] && d.keyword != "identityfile":
		return nil
	}
	if err := take(s, d.args); err != nil {
		return fmt.Errorf("ssh option %s %s: %w", d.keyword, strings.Join(d.args, " "), err)
	}
	if s.given == nil {
		s.given = map[string]bool{}
	}
	s.given[d.keyword] = true
	return nil
}

// harmless are the options that change nothing for a command without terminal, forwarding and questions. Ciphers and their
// like are among them: they say what ssh would offer, and the pool offers what is safe.
var harmless = []string{
	"addkeystoagent", "batchmode", "casignaturealgorithms", "checkhostip", "ciphers", "clearallforwardings", "compression", "controlmaster",
	"controlpath", "controlpersist", "connectionattempts", "enableescapecommandline", "enablesshkeysign", "escapechar", "exitonforwardfailure", "fingerprinthash",
	"forwardagent", "forwardx11", "forwardx11timeout", "forwardx11trusted", "gatewayports", "gssapiauthentication", "gssapidelegatecredentials",
	"gssapikeyexchange", "gssapirenewalforcesrekey", "gssapitrustdns", "hashknownhosts", "hostbasedacceptedalgorithms", "hostbasedauthentication",
	"hostkeyalgorithms", "ipqos", "kbdinteractiveauthentication", "kbdinteractivedevices", "challengeresponseauthentication", "kexalgorithms", "macs",
	"numberofpasswordprompts", "passwordauthentication", "permitlocalcommand", "pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes", "rekeylimit",
	"requiredrsasize", "sendenv", "serveralivecountmax", "serveraliveinterval", "setenv", "stdinnull", "streamlocalbindmask", "streamlocalbindunlink",
	"syslogfacility", "tcpkeepalive", "updatehostkeys", "visualhostkey", "xauthlocation", "ignoreunknown", "protocol", "useroaming",
}

// options are those that are understood, by keyword in small letters.
var options = map[string]func(*Settings, []string) error{
	"hostname":     func(s *Settings, a []string) error { s.HostName = a[0]; return nil },
	"user":         func(s *Settings, a []string) error { s.User = a[0]; return nil },
	"bindaddress":  func(s *Settings, a []string) error { s.Bind = a[0]; return nil },
	"hostkeyalias": func(s *Settings, a []string) error { s.Alias = a[0]; return nil },
	"port": func(s *Settings, a []string) (err error) {
		s.Port, err = number(a[0], 1, 65535)
		return err
	},
	"identityfile": func(s *Settings, a []string) error {
		if !strings.EqualFold(a[0], "none") && !slices.Contains(s.Identities, a[0]) {
			s.Identities = append(s.Identities, a[0])
		}
		return nil
	},
	"identitiesonly": func(s *Settings, a []string) (err error) {
		s.IdentitiesOnly, err = yes(a[0])
		return err
	},
	"identityagent": func(s *Settings, a []string) error {
		if a[0] != "SSH_AUTH_SOCK" {
			s.Agent = a[0]
		}
		return nil
	},
	"userknownhostsfile":   func(s *Settings, a []string) error { s.UserKnown = files(a); return nil },
	"globalknownhostsfile": func(s *Settings, a []string) error { s.GlobalKnown = files(a); return nil },
	"connecttimeout": func(s *Settings, a []string) error {
		if strings.EqualFold(a[0], "none") {
			return nil
		}
		n, err := number(a[0], 0, 1<<20)
		s.ConnectTimeout = time.Duration(n) * time.Second
		return err
	},
	"addressfamily":            family,
	"stricthostkeychecking":    strict,
	"loglevel":                 level,
	"pubkeyauthentication":     wantsKeys,
	"preferredauthentications": prefers,
	"verifyhostkeydns":         refuseUnlessNo,
	"canonicalizehostname":     refuseUnlessNo,
	"forkafterauthentication":  refuseUnlessNo,
	"requesttty":               ttyUnlessForced,
	"tunnel":                   refuseUnlessNo,
	"proxycommand":             refuseUnlessNone,
	"proxyjump":                refuseUnlessNone,
	"remotecommand":            refuseUnlessNone,
	"sessiontype":              refuseUnlessDefault,
}

func family(s *Settings, a []string) error {
	network, ok := map[string]string{"any": "tcp", "inet": "tcp4", "inet6": "tcp6"}[strings.ToLower(a[0])]
	if !ok {
		return errElse
	}
	s.Network = network
	return nil
}

func strict(s *Settings, a []string) error {
	switch v := strings.ToLower(a[0]); v {
	case "yes", "true":
		s.Strict = "yes"
	case "no", "false", "off":
		s.Strict = "no"
	case "ask", "accept-new":
		s.Strict = v
	default:
		return errElse
	}
	return nil
}

func level(s *Settings, a []string) error {
	switch strings.ToLower(a[0]) {
	case "quiet", "fatal":
		s.Quiet, s.Silent = true, true
	case "error":
		s.Quiet = true
	case "info":
	default: // VERBOSE and DEBUG say what only ssh knows
		return errElse
	}
	return nil
}

func wantsKeys(_ *Settings, a []string) error {
	if on, err := yes(a[0]); err != nil || !on {
		return errElse
	}
	return nil
}

// prefers takes lists that have public keys in them: nothing else can be done without a person.
func prefers(_ *Settings, a []string) error {
	if !slices.Contains(strings.Split(strings.ToLower(a[0]), ","), "publickey") {
		return errElse
	}
	return nil
}

func refuseUnlessNo(_ *Settings, a []string) error {
	if on, err := yes(a[0]); err != nil || on {
		return errElse
	}
	return nil
}

func refuseUnlessNone(_ *Settings, a []string) error {
	if !strings.EqualFold(a[0], "none") {
		return errElse
	}
	return nil
}

func refuseUnlessDefault(_ *Settings, a []string) error {
	if !strings.EqualFold(a[0], "default") {
		return errElse
	}
	return nil
}

// ttyUnlessForced lets pass what asks for no terminal, or for one only where there is one.
func ttyUnlessForced(_ *Settings, a []string) error {
	if v := strings.ToLower(a[0]); v != "no" && v != "auto" && v != "false" {
		return errElse
	}
	return nil
}

// files gives a list of files; "none" stands for no file.
func files(a []string) []string {
	list := []string{}
	for _, f := range a {
		if !strings.EqualFold(f, "none") {
			list = append(list, f)
		}
	}
	return list
}

func yes(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "yes", "true":
		return true, nil
	case "no", "false":
		return false, nil
	}
	return false, errElse
}

func number(v string, low, high int) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		return 0, errElse
	}
	return n, nil
}
