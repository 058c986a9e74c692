package icmp

import (
	"fmt"
	"strconv"
	"strings"
)

// option is an option as given; value is empty for those that take none.
type option struct {
	letter byte
	value  string
}

// getopt takes a command line's arguments apart as GNU getopt(3) does: letters is its list of short options, those
// followed by ":" taking a value; long gives the letter of each long option. Options and other words may be mixed.
func getopt(args []string, letters string, long map[string]byte) (options []option, words []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			return options, append(words, args...), nil
		case strings.HasPrefix(arg, "--"):
			o, rest, err := longOption(arg[2:], args, letters, long)
			if err != nil {
				return nil, nil, err
			}
			options, args = append(options, o), rest
		case len(arg) > 1 && arg[0] == '-':
			group, rest, err := shortOptions(arg[1:], args, letters)
			if err != nil {
				return nil, nil, err
			}
			options, args = append(options, group...), rest
		default:
			words = append(words, arg)
		}
	}
	return options, words, nil
}

func longOption(text string, args []string, letters string, long map[string]byte) (option, []string, error) {
	name, value, hasValue := strings.Cut(text, "=")
	letter, ok := long[name]
	if !ok {
		return option{}, nil, fmt.Errorf("option --%s is not supported", name)
	}
	switch takes := takesValue(letters, letter); {
	case !takes && hasValue:
		return option{}, nil, fmt.Errorf("option --%s takes no value", name)
	case takes && !hasValue && len(args) == 0:
		return option{}, nil, fmt.Errorf("option --%s has no value", name)
	case takes && !hasValue:
		value, args = args[0], args[1:]
	}
	return option{letter, value}, args, nil
}

// shortOptions reads a group such as -4n1: options without value, then perhaps one with.
func shortOptions(group string, args []string, letters string) (options []option, rest []string, err error) {
	for i := range len(group) {
		letter := group[i]
		if letter == ':' || strings.IndexByte(letters, letter) < 0 {
			return nil, nil, fmt.Errorf("option -%c is not supported", letter)
		}
		if !takesValue(letters, letter) {
			options = append(options, option{letter: letter})
			continue
		}
		value := group[i+1:]
		if value == "" {
			if len(args) == 0 {
				return nil, nil, fmt.Errorf("option -%c has no value", letter)
			}
			value, args = args[0], args[1:]
		}
		return append(options, option{letter, value}), args, nil
	}
	return options, args, nil
}

func takesValue(letters string, letter byte) bool {
	return strings.HasPrefix(letters[strings.IndexByte(letters, letter)+1:], ":")
}

// number reads a decimal number from low to high. What C's strtoul would read in another way (octal, hexadecimal, signs,
// rests) is refused.
func number(o option, low, high int) (int, error) {
	n, ok := decimal(o.value)
	if !ok || n < low || n > high {
		return 0, fmt.Errorf("option -%c: %q is not a number from %d to %d", o.letter, o.value, low, high)
	}
	return n, nil
}

func decimal(s string) (int, bool) {
	if len(s) > 1 && s[0] == '0' || strings.ContainsAny(s, "+-_") {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 32)
	return int(n), err == nil
}
