package snmp

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/monitor"
)

// Options without a letter.
const (
	rateOption = probe.LongOnly + iota
	rateMultiplierOption
	offsetOption
	invertOption
	extraOption
)

// syntax is the command line of check_snmp 2.3.3.
func syntax() *probe.Syntax {
	s := &probe.Syntax{Aliases: map[string]string{"-to": "-t", "-wv": "-w", "-cv": "-c"}}
	add := func(id rune, argument probe.Argument, names ...string) {
		for _, name := range names {
			s.Options = append(s.Options, probe.Option{ID: id, Long: name, Argument: argument})
		}
	}
	for id, name := range map[rune]string{
		'H': "hostname", 'C': "community", 'd': "delimiter", 'z': "nulloid", 'D': "output-delimiter", 's': "string",
		't': "timeout", 'R': "eregi", 'l': "label", 'u': "units", 'p': "port", 'e': "retries", 'E': "",
		'm': "miblist", 'P': "protocol", 'N': "context", 'L': "seclevel", 'U': "secname", 'a': "authproto",
		'x': "privproto", 'A': "authpasswd", 'X': "privpasswd", 'M': "multiplier", 'f': "fmtstr", 'w': "warning",
		'c': "critical", rateMultiplierOption: "rate-multiplier", offsetOption: "offset",
	} {
		add(id, probe.Value, name)
	}
	add('o', probe.Value, "oid", "object")
	add('r', probe.Value, "regex", "ereg")
	add(extraOption, probe.OptionalValue, "extra-opts")
	for id, name := range map[rune]string{
		'n': "next", 'O': "perf-oids", '4': "ipv4", '6': "ipv6", 'h': "help", 'V': "version", 'v': "verbose",
		rateOption: "rate", invertOption: "invert-search",
	} {
		add(id, probe.NoValue, name)
	}
	return s
}

// method is how a value without thresholds is judged.
type method uint8

const (
	byPresence method = iota
	byString
	byRegexp
)

// line is a command line while it is being parsed.
type line struct {
	*command
	host, port string
	hostGiven  bool
	version    snmp.Version
	community  string
	security   security
	timeout    time.Duration
	retries    int
	shape      []byte // the options of command, one after the other
}

// command is what a command line says, except for whom to ask and how: lines that are alike for many hosts share it. It is
// immutable once parsed.
type command struct {
	next           bool
	oidText        []string
	names          []snmp.OID
	mibs           string
	mibsGiven      bool
	symbolic       bool // an -o holds more than digits, dots and commas: the plugin loads MIB files
	named          bool // values and names are printed as with MIB files
	delimiter      string
	outDelimiter   string
	labels, units  []string
	perfOIDs       bool
	warn, crit     string
	warnGiven      bool
	critGiven      bool
	thresholds     []threshold
	methods        []method
	want           string
	pattern        string
	ignoreCase     bool
	regexp         *regexp.Regexp
	invert         bool
	nullState      monitor.State
	offset         float64
	multiplier     float64
	format         string
	rate           bool
	rateMultiplier float64
}

// maxWords bounds the text that the plugin keeps of -s and -r (MAX_INPUT_BUFFER - 1).
const maxWords = 8191

func parse(args []string, syntax *probe.Syntax, known mib) (*line, error) {
	c := &line{
		command: &command{
			delimiter: " = ", outDelimiter: " ", nullState: monitor.Unknown, multiplier: 1, rateMultiplier: 1,
		},
		community: "public", port: "161", timeout: 10 * time.Second, retries: 5,
		security: security{level: "noAuthNoPriv", auth: "MD5", priv: "DES"},
	}
	rest, err := syntax.Parse(args, c.set)
	if err != nil {
		return nil, err
	}
	if !c.hostGiven {
		if len(rest) == 0 {
			return nil, errors.New("no host: give one with -H")
		}
		c.host = rest[0]
	}
	if err := c.finish(known); err != nil {
		return nil, err
	}
	return c, nil
}

// finish checks what takes more than one option to check.
func (c *command) finish(known mib) error {
	var err error
	if err = c.resolveNames(known); err != nil {
		return err
	}
	if c.thresholds, err = thresholds(c.warn, c.crit, len(c.names)); err != nil {
		return err
	}
	if c.pattern != "" {
		if c.regexp, err = compile(c.pattern, c.ignoreCase); err != nil {
			return err
		}
	}
	return nil
}

// set takes one option.
func (c *line) set(id rune, value string) error {
	switch id {
	case 'H':
		c.host, c.hostGiven = value, true
	case 'p':
		c.port = value
	case 'C':
		c.community = value
	case 'P':
		return c.setVersion(value)
	case 't', 'e', 'E':
		return c.setTries(id, value)
	case '4', '6':
		// The plugin takes them and does nothing with them: udp6: in front of the host is what makes it use IPv6.
	case 'N', 'L', 'U', 'a', 'A', 'x', 'X':
		c.setSecurity(id, value)
	case 'h', 'V', 'v', extraOption:
		return fmt.Errorf("-%c is for people, or reads files: the plugin does it", id)
	default:
		c.shape = append(append(utf8.AppendRune(c.shape, id), value...), 0)
		return c.command.set(id, value)
	}
	return nil
}

// set takes the options that lines for many hosts have alike.
func (c *command) set(id rune, value string) error {
	switch id {
	case 'n':
		c.next = true
	case 'o':
		return c.addOIDs(value)
	case 'm':
		c.mibs, c.mibsGiven = value, true
	default:
		return c.setJudgement(id, value)
	}
	return nil
}

func (c *line) setVersion(value string) error {
	version, ok := map[string]snmp.Version{"1": snmp.Version1, "2c": snmp.Version2c, "3": snmp.Version3}[value]
	if !ok {
		return fmt.Errorf("-P %q: SNMP has versions 1, 2c and 3", value)
	}
	c.version = version
	return nil
}

func (c *line) setTries(id rune, value string) error {
	if id == 't' {
		seconds, err := probe.Int(value, 1, 86400)
		c.timeout = time.Duration(seconds) * time.Second
		return wrap(id, err)
	}
	var err error
	c.retries, err = probe.Int(value, 0, 1000)
	return wrap(id, err)
}

func wrap(id rune, err error) error {
	if err != nil {
		return fmt.Errorf("-%c: %w", id, err)
	}
	return nil
}

// setJudgement takes the options that say what to make of the values.
func (c *command) setJudgement(id rune, value string) error {
	var err error
	switch id {
	case 'w':
		c.warn, c.warnGiven = value, true
	case 'c':
		c.crit, c.critGiven = value, true
	case 's', 'r', 'R':
		return c.addMethod(id, value)
	case invertOption:
		c.invert = true
	case 'z':
		var state int
		state, err = probe.Int(value, 0, 3)
		c.nullState = monitor.State(state)
	case rateOption:
		c.rate = true
	case rateMultiplierOption:
		var n int
		n, err = probe.Int(value, 1, math.MaxInt32)
		c.rateMultiplier = float64(n)
	case offsetOption:
		c.offset, _ = leadingFloat(value)
	default:
		return c.setFormat(id, value)
	}
	return wrap(id, err)
}

// setFormat takes the options that say how the output looks.
func (c *command) setFormat(id rune, value string) error {
	var err error
	switch id {
	case 'd':
		c.delimiter = value
		if value == "" {
			return errors.New("-d: an empty delimiter parts nothing")
		}
	case 'D':
		c.outDelimiter = value
	case 'l':
		c.labels, err = appendList(c.labels, value)
	case 'u':
		c.units, err = appendList(c.units, value)
	case 'O':
		c.perfOIDs = true
	case 'M':
		if strings.Trim(value, "0123456789.,") == "" {
			c.multiplier, _ = leadingFloat(value)
		}
	case 'f':
		if c.multiplier != 1 { // the order of the options counts, as in the plugin
			c.format, err = floatFormat(value)
		}
	}
	return wrap(id, err)
}

// addMethod takes -s, -r or -R. The first of them is for the first object, and so on, but what to look for is one
// string and one expression for all: those given last. A -R makes each -r after it ignore case too.
func (c *command) addMethod(id rune, value string) error {
	if len(c.methods) == 8 {
		return errors.New("more than eight of -s, -r and -R")
	}
	value = value[:min(len(value), maxWords)]
	if id == 's' {
		c.want, c.methods = value, append(c.methods, byString)
		return nil
	}
	if value == "" {
		return fmt.Errorf("-%c: an empty expression", id)
	}
	c.ignoreCase = c.ignoreCase || id == 'R'
	c.pattern, c.methods = value, append(c.methods, byRegexp)
	return nil
}

// appendList takes a list of labels or units apart as thisarg and nextarg of check_snmp do: blanks before each go; a
// quote is taken off, with all behind it, commas too, as one; a comma at the end stays.
func appendList(list []string, s string) ([]string, error) {
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		comma := strings.IndexByte(s, ',')
		switch {
		case strings.HasPrefix(s, "'"):
			if !strings.Contains(s[1:], "'") {
				return nil, fmt.Errorf("%q: a quote is not closed", s)
			}
			return append(list, s[1:]), nil
		case comma == 0:
			return append(list, ""), nil
		case comma < 0 || comma == len(s)-1:
			return append(list, s), nil
		}
		list, s = append(list, s[:comma]), s[comma+1:]
	}
}
