package nrpe

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// check_nrpe's defaults and limits (NRPE 4.1, common.h and check_nrpe.c).
const (
	defaultPort    = 5666
	defaultCommand = "_NRPE_CHECK" // asks for the server's version
	defaultTimeout = 10
	maxQuery       = 2047
	maxTimeout     = 1 << 31
	maxPayload     = 64 << 10
)

// settings is what a command line says. It is not changed once parsed.
type settings struct {
	host    string
	literal netip.Addr // the host, if it is an address
	port    uint16
	network string // of the resolver: "ip", "ip4" or "ip6"
	bind    netip.Addr
	query   string
	timeout time.Duration
	// trouble is the state when the server cannot be reached in time.
	trouble  monitor.State
	versions []uint16 // of packets, in the order to be tried
	payload  int      // text in a version 2 packet, bytes
	tlsSettings
}

// reader collects what the options say until all are read.
type reader struct {
	settings
	seconds int
	v2, v3  bool
	fixed   bool // -P
	noSSL   bool
	adh     byte
	ciphers string
}

// parse reads the words after the program's name.
func parse(words []string) (settings, error) {
	opts, args, err := getopt(words)
	if err != nil {
		return settings{}, err
	}
	r := reader{adh: '1', ciphers: defaultCiphers, seconds: defaultTimeout, settings: settings{
		port: defaultPort, network: "ip", query: defaultCommand, trouble: monitor.Critical, payload: v2Text,
		tlsSettings: tlsSettings{minTLS: tls.VersionTLS10, maxTLS: tls.VersionTLS13},
	}}
	for _, o := range opts {
		if err := r.take(o); err != nil {
			return settings{}, err
		}
	}
	if err := r.finish(args); err != nil {
		return settings{}, err
	}
	return r.settings, nil
}

// take reads one option. The last of a kind counts.
func (r *reader) take(o option) error {
	var err error
	switch o.letter {
	case 'H':
		r.host = strings.Clone(o.value)
	case 'p':
		r.port, err = port(o.value)
	case 'c':
		r.query = strings.Clone(o.value)
	case 't':
		err = r.takeTimeout(o.value)
	case 'u':
		r.trouble = monitor.Unknown
	case 'b':
		if r.bind, err = netip.ParseAddr(o.value); err != nil {
			err = fmt.Errorf("-b %s is not an address", o.value)
		}
	case '4':
		r.network = "ip4"
	case '6':
		r.network = "ip6"
	case '2':
		r.v2 = true
	case '3':
		r.v3 = true
	case 'P':
		err = r.takePayload(o.value)
	case 'f':
		// Parse opens nothing, and what is in the file decides what the check is.
		err = errors.New("-f takes options from a file; only the plugin reads it")
	case 'h', 'V', 'l':
		err = fmt.Errorf("-%c makes no check; only the plugin answers it", o.letter)
	default:
		err = r.takeTLS(o)
	}
	return err
}

// takeTLS reads the options about TLS. Where nothing is logged, the options about logging change nothing.
func (r *reader) takeTLS(o option) error {
	switch o.letter {
	case 'n':
		r.noSSL = true
	case 'd':
		if o.value == "" || o.value[0] < '0' || o.value[0] > '2' {
			return fmt.Errorf("-d %s is not 0, 1 or 2", o.value)
		}
		r.adh = o.value[0]
	case 'S':
		return r.takeVersion(o.value)
	case 'L':
		r.ciphers = o.value
	case 'A':
		r.files.ca = strings.Clone(o.value)
	case 'C':
		r.files.cert = strings.Clone(o.value)
	case 'K':
		r.files.key = strings.Clone(o.value)
	}
	return nil
}

// takeTimeout reads SECONDS, SECONDS:STATE or :STATE.
func (r *reader) takeTimeout(value string) error {
	number, state, _ := strings.Cut(value, ":")
	if state, _, _ = strings.Cut(state, ":"); state != "" {
		s, ok := stateNamed(state)
		if !ok {
			return fmt.Errorf("-t %s: the state must be OK, WARNING, CRITICAL, UNKNOWN or 0 to 3", value)
		}
		r.trouble = s
	}
	if number == "" && value != "" {
		return nil
	}
	r.seconds = leadingNumber(number, maxTimeout)
	if r.seconds <= 0 {
		return fmt.Errorf("-t %s: the time must be a number of seconds above 0", value)
	}
	return nil
}

func stateNamed(s string) (monitor.State, bool) {
	for state := monitor.OK; state <= monitor.Unknown; state++ {
		if strings.EqualFold(s, state.ServiceName()) || len(s) == 1 && s[0] == '0'+byte(state) {
			return state, true
		}
	}
	return 0, false
}

func port(value string) (uint16, error) {
	n := leadingNumber(value, 1<<20)
	if n <= 0 || n > 65535 {
		return 0, fmt.Errorf("-p %s is not a port", value)
	}
	return uint16(n), nil
}

func (r *reader) takePayload(value string) error {
	n := leadingNumber(value, maxPayload+1)
	if n < 0 || n > maxPayload {
		return fmt.Errorf("-P %s is not a size up to %d", value, maxPayload)
	}
	if r.fixed = n > 0; r.fixed {
		r.payload = n
	}
	return nil
}

// leadingNumber reads a number as C's atoi does: blanks, a sign, digits, and no complaint about what follows. Numbers
// beyond limit become limit.
func leadingNumber(s string, limit int) int {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	n := 0
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = min(limit, n*10+int(s[i]-'0'))
	}
	if negative {
		return -n
	}
	return n
}

// finish checks what the options say together, and puts the rest in place.
func (r *reader) finish(args []string) error {
	switch {
	case r.host == "":
		return errors.New("-H is missing")
	case (r.files.cert == "") != (r.files.key == ""):
		return errors.New("-C and -K belong together")
	case r.fixed && !r.v2:
		return errors.New("-P needs -2")
	case r.v2 && r.v3:
		return errors.New("-2 and -3 exclude each other")
	case r.v2:
		r.versions = []uint16{2}
	case r.v3:
		r.versions = []uint16{3, 2}
	default:
		r.versions = []uint16{4, 3, 2}
	}
	if a, err := netip.ParseAddr(r.host); err == nil {
		r.literal = a.Unmap()
	}
	r.timeout = time.Duration(r.seconds) * time.Second
	r.query = join(r.query, args)
	return r.chooseModes(r.noSSL, r.adh, r.ciphers)
}

// join puts "!" between command and arguments and cuts where check_nrpe's buffer ends.
func join(query string, args []string) string {
	query = query[:min(len(query), maxQuery)]
	for _, a := range args {
		room := maxQuery - 1 - len(query)
		if room <= 0 {
			break
		}
		query += "!" + a[:min(len(a), room)]
	}
	return query
}
