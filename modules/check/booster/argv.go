package booster

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
)

// command is a parsed command line.
type command struct {
	host, address string
	port          uint16
	version       int // as it is on the wire: 0 for 1, 1 for 2c
	community     string
	timeout       time.Duration
	retries       int
	// group is how many objects may be asked for at once; 0 for as the device likes.
	group    int
	template string
	instance string // empty for none
	// name is looked for in the column that mapName names in the files, or columnOID is.
	name, mapName, columnOID string
	triggers                 string
	datasource               string
	maxima                   map[string]float64 // by datasource
}

// option is one that the programs know; all but -r take a value.
type option struct {
	letter byte
	long   string
}

// options are those of both generations, and one of our own: where the files are.
func options() []option {
	return []option{
		{'H', "host-name"},
		{'H', "hostname"}, // the first generation's
		{'A', "host-address"},
		{'S', "service"},
		{'C', "community"},
		{'V', "snmp-version"},
		{'P', "port"},
		{'s', "timeout"},
		{'e', "retry"},
		{'t', "dstemplate"},
		{'i', "instance"},
		{'n', "instance-name"},
		{'m', "mapping"},
		{'N', "mapping-name"},
		{'T', "triggergroup"},
		{'b', "use-getbulk"},
		{'M', "max-rep-map"},
		{'g', "request-group-size"},
		{'c', "no-concurrency"},
		{'d', "maximise-datasources"},
		{'v', "maximise-datasources-value"},
		{realCheck, "real-check"},
		{datasourceOption, "datasource"},
	}
}

const (
	realCheck        = 'r'
	datasourceOption = 0 // has no letter
)

// parse reads the words behind the program's name.
func parse(args []string) (*command, error) {
	values, err := read(args)
	if err != nil {
		return nil, err
	}
	c := &command{
		host: values['H'], address: values['A'], version: 1, community: "public", port: 161, timeout: 5 * time.Second, retries: 1,
		template: values['t'], instance: values['i'], name: values['n'], mapName: values['N'], columnOID: strings.TrimPrefix(values['m'], "."),
		triggers: values['T'], datasource: values[datasourceOption],
	}
	if c.address == "" { // the first generation's, whose host is the address
		c.address, c.community, c.timeout, c.retries = c.host, "public3", 20*time.Second, 0
		if c.instance == "" && c.name == "" {
			c.instance = "0"
		}
	}
	if values['C'] != "" {
		c.community = values['C']
	}
	return c, errors.Join(c.numbers(values), c.mapped(), c.complete(), c.maximise(values['d'], values['v']))
}

// read takes the options off the line. What is not set is not there: nothing, None, a macro that nobody replaced, and, since
// a macro without a value leaves the next option in its place, an option.
func read(args []string) (map[byte]string, error) {
	known, values := options(), map[byte]string{}
	for len(args) > 0 {
		o, value, attached, err := match(known, args[0])
		if err != nil {
			return nil, err
		}
		args = args[1:]
		if o.letter == realCheck {
			continue
		}
		if !attached {
			if len(args) == 0 {
				return nil, fmt.Errorf("option -%s needs a value", o.name())
			}
			if _, _, _, err := match(known, args[0]); err == nil {
				continue
			}
			value, args = args[0], args[1:]
		}
		if unset(value) {
			value = ""
		}
		values[o.letter] = value
	}
	return values, nil
}

func unset(value string) bool {
	return strings.EqualFold(value, "none") || strings.HasPrefix(value, "-") || strings.HasPrefix(value, "$")
}

func (o option) name() string {
	if o.letter == datasourceOption {
		return "-" + o.long
	}
	return string(rune(o.letter))
}

// match finds the option that a word is, with the value that it has in the same word.
func match(known []option, word string) (o option, value string, attached bool, err error) {
	for _, o := range known {
		if long, found := strings.CutPrefix(word, "--"); found {
			name, value, attached := strings.Cut(long, "=")
			if name == o.long {
				return o, value, attached, nil
			}
		} else if len(word) > 1 && word[0] == '-' && word[1] == o.letter {
			return o, word[2:], len(word) > 2, nil
		}
	}
	if strings.HasPrefix(word, "-") {
		return o, "", false, fmt.Errorf("option %s is not known", word)
	}
	return o, "", false, fmt.Errorf("%q is no option, and belongs to none: put quotes around values with blanks", word)
}

// numbers reads the options that are numbers.
func (c *command) numbers(values map[byte]string) error {
	var errs []error
	number := func(letter byte, low, high int, set func(int)) {
		if values[letter] == "" {
			return
		}
		n, err := probe.Int(values[letter], low, high)
		if err != nil {
			errs = append(errs, fmt.Errorf("-%c: %w", letter, err))
			return
		}
		set(n)
	}
	number('P', 1, math.MaxUint16, func(n int) { c.port = uint16(n) })
	number('s', 1, 3600, func(n int) { c.timeout = time.Duration(n) * time.Second })
	number('e', 0, 100, func(n int) { c.retries = n })
	number('g', 1, 1<<16, func(n int) { c.group = n })
	switch v := values['V']; v {
	case "", "2c", "2":
	case "1":
		c.version = 0
	default:
		errs = append(errs, fmt.Errorf("-V %s: versions 1 and 2c are supported; snmp_booster has no option for the keys of version 3", v))
	}
	return errors.Join(errs...)
}

// mapped takes the first generation's -i "map(NAME,INSTANCE)" apart.
func (c *command) mapped() error {
	inside, isMap := strings.CutPrefix(c.instance, "map(")
	if !isMap {
		return nil
	}
	name, instance, comma := strings.Cut(strings.TrimSuffix(inside, ")"), ",")
	if !comma || !strings.HasSuffix(inside, ")") {
		return fmt.Errorf("-i %s: write map(NAME,INSTANCE)", c.instance)
	}
	c.instance, c.mapName, c.name = "", strings.TrimSpace(name), strings.TrimSpace(instance)
	return nil
}

func (c *command) complete() error {
	switch {
	case c.address == "":
		return errors.New("no host: give its name with -H and its address with -A")
	case c.template == "":
		return errors.New("no template: give one with -t")
	case c.datasource == "":
		return errors.New("where are the datasource files? Give their folder with --datasource, or as datasource in the definition of the module snmp_booster")
	case c.instance == "" && c.name != "" && c.mapName == "" && c.columnOID == "":
		return errors.New("-n names an instance, and no map says where to look for it: give one with -N")
	}
	for _, text := range []string{c.instance, c.columnOID} {
		if strings.Trim(text, "0123456789.") != "" {
			return fmt.Errorf("%s is no instance: an instance is written in numbers and dots; give names with -n and -N", text)
		}
	}
	if c.instance != "" { // else the map says it
		c.name, c.mapName, c.columnOID = "", "", ""
	}
	return nil
}

// maximise reads maxima that the command line sets.
func (c *command) maximise(names, values string) error {
	if names == "" && values == "" {
		return nil
	}
	list, maxima := strings.Split(names, ","), strings.Split(values, ",")
	if len(list) != len(maxima) {
		return fmt.Errorf("-d has %d datasources and -v %d maxima", len(list), len(maxima))
	}
	c.maxima = map[string]float64{}
	for i, name := range list {
		x, err := strconv.ParseFloat(strings.TrimSpace(maxima[i]), 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("-v: %q is no number", maxima[i])
		}
		c.maxima[strings.TrimSpace(name)] = x
	}
	return nil
}
