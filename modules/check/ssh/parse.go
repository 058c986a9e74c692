package ssh

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/internal/sshpool/sshconfig"
)

// all is the number of lines to skip that stands for all of them.
const all = -1

// settings is what a command line says. It is not changed once parsed.
type settings struct {
	host       string
	command    string
	identities []string // of -i
	ssh        sshconfig.Settings
	timeout    time.Duration
	// skipOut and skipErr are how many lines of the two streams do not count.
	skipOut, skipErr int
	warnOnErr        bool // --warn-on-stderr
	unknown          bool // -U
}

// warnOnErr is an option that has a long name only: 2.3's getopt string has no W, so that the plugin takes -W for a mistake.
const warnOnErr = probe.LongOnly

// syntax is check_by_ssh's table of options (check_by_ssh.c, process_arguments).
var syntax = probe.Syntax{
	Aliases: map[string]string{"-to": "-t"},
	Options: []probe.Option{
		{ID: 'V', Long: "version"},
		{ID: 'h', Long: "help"},
		{ID: 'v', Long: "verbose"},
		{ID: 'f', Long: "fork"},
		{ID: 't', Long: "timeout", Argument: probe.Value},
		{ID: 'U', Long: "unknown-timeout"},
		{ID: 'H', Long: "host", Argument: probe.Value},
		{ID: 'H', Long: "hostname", Argument: probe.Value},
		{ID: 'p', Long: "port", Argument: probe.Value},
		{ID: 'O', Long: "output", Argument: probe.Value},
		{ID: 'n', Long: "name", Argument: probe.Value},
		{ID: 's', Long: "services", Argument: probe.Value},
		{ID: 'i', Long: "identity", Argument: probe.Value},
		{ID: 'u', Long: "user", Argument: probe.Value},
		{ID: 'l', Long: "logname", Argument: probe.Value},
		{ID: 'C', Long: "command", Argument: probe.Value},
		{ID: 'S', Long: "skip", Argument: probe.OptionalValue},
		{ID: 'S', Long: "skip-stdout", Argument: probe.OptionalValue},
		{ID: 'E', Long: "skip-stderr", Argument: probe.OptionalValue},
		{ID: warnOnErr, Long: "warn-on-stderr"},
		{ID: '1', Long: "proto1"},
		{ID: '2', Long: "proto2"},
		{ID: '4', Long: "use-ipv4"},
		{ID: '6', Long: "use-ipv6"},
		{ID: 'o', Long: "ssh-option", Argument: probe.Value},
		{ID: 'q', Long: "quiet"},
		{ID: 'F', Long: "configfile", Argument: probe.Value},
	},
}

// reader collects what the options say until all are read.
type reader struct {
	settings
	commands int
	family   string
	quiet    bool
}

// parse reads the words after the program's name. The strings that it keeps are parts of them.
func parse(words []string) (settings, error) {
	r := reader{settings: settings{timeout: 10 * time.Second}}
	rest, err := syntax.Parse(words, r.take)
	if err != nil {
		return settings{}, err
	}
	if r.commands == 0 {
		r.command = strings.Join(rest, " ")
	}
	if r.family != "" {
		r.ssh.Network = r.family
	}
	if r.quiet {
		r.ssh.Quiet, r.ssh.Silent = true, true
	}
	return r.settings, r.finish()
}

// take reads one option.
func (r *reader) take(id rune, value string) (err error) {
	switch id {
	case 'H':
		r.host = value
	case 'C':
		r.commands++
		r.command = value
	case 't':
		var n int
		n, err = probe.Int(value, 1, 1<<30)
		r.timeout = time.Duration(n) * time.Second
	case 'p':
		err = r.ssh.Set("port", value)
	case 'l', 'u':
		err = r.ssh.Set("user", value)
	case 'i':
		r.identities = append(r.identities, value)
	case 'o':
		err = r.ssh.Option(value)
	case 'S':
		r.skipOut, err = lines(value)
	case 'E':
		r.skipErr, err = lines(value)
	default:
		err = r.flag(id)
	}
	return err
}

// flag reads an option that takes no value, or that only the plugin knows what to do with.
func (r *reader) flag(id rune) error {
	switch id {
	case warnOnErr:
		r.warnOnErr = true
	case 'U':
		r.unknown = true
	case '2': // there is no other protocol any more
	case '4':
		r.family = "tcp4"
	case '6':
		r.family = "tcp6"
	case 'q':
		r.quiet = true
	case 'O', 'n', 's':
		return fmt.Errorf("-%c is for passive results, which only the plugin writes", id)
	case 'F':
		return errors.New("-F names a configuration of ssh; only ssh itself reads it")
	default:
		return fmt.Errorf("-%c is not supported natively", id)
	}
	return nil
}

// lines reads how many lines to skip; nothing means all.
func lines(value string) (int, error) {
	if value == "" {
		return all, nil
	}
	return probe.Int(value, 0, 1<<30)
}

// finish checks what the options say together.
func (r *reader) finish() error {
	switch {
	case r.commands > 1:
		return errors.New("several -C are for passive results, which only the plugin writes")
	case len(r.command) <= 1:
		return errors.New("there is no command to run")
	case r.host == "" || r.host[0] == '-' || strings.Contains(r.host, "://") || strings.ContainsAny(r.host, " \t\r\n/"):
		return fmt.Errorf("host %.64q is none, or one that only ssh itself understands", r.host)
	}
	if at := strings.LastIndexByte(r.host, '@'); at >= 0 {
		user := r.host[:at]
		r.host = r.host[at+1:]
		if user == "" || r.host == "" {
			return errors.New("user@host needs both")
		}
		return r.ssh.Set("user", user)
	}
	return nil
}
