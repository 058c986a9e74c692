package probe

import (
	"fmt"
	"time"
)

// Common is what nearly every plugin is told: port, kind of address, time limit.
type Common struct {
	Port    int // 0 until it is set
	Family  Family
	Timeout time.Duration
}

// CommonOptions gives the options that Common reads, and those that every plugin has and no module: -v, -V and -h.
func CommonOptions() []Option {
	return []Option{
		{ID: 'p', Long: "port", Argument: Value},
		{ID: '4', Long: "use-ipv4"},
		{ID: '6', Long: "use-ipv6"},
		{ID: 't', Long: "timeout", Argument: Value},
		{ID: 'v', Long: "verbose"},
		{ID: 'V', Long: "version"},
		{ID: 'h', Long: "help"},
	}
}

// Set takes an option; known is false if it is none of Common's.
func (c *Common) Set(id rune, value string) (known bool, err error) {
	switch id {
	case 'p':
		c.Port, err = Int(value, 1, 65535)
	case '4':
		c.Family = IPv4
	case '6':
		c.Family = IPv6
	case 't':
		c.Timeout, err = Seconds(value)
	default:
		return false, nil
	}
	return true, err
}

// Seconds reads a whole number of seconds, at least one and at most a day.
func Seconds(value string) (time.Duration, error) {
	n, err := Int(value, 1, 86400)
	return time.Duration(n) * time.Second, err
}

// Name gives an option as it is written on a command line: -p, --sni.
func (s *Syntax) Name(id rune) string {
	for _, o := range s.Options {
		if o.ID == id && id >= LongOnly {
			return "--" + o.Long
		}
	}
	return "-" + string(id)
}

// Naming puts the option in front of an error.
func (s *Syntax) Naming(id rune, err error) error {
	return fmt.Errorf("option %s: %w", s.Name(id), err)
}
