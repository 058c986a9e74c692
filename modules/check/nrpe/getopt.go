package nrpe

import (
	"fmt"
	"strings"
)

// option is one option of a command line. Its value is empty for options that take none.
type option struct {
	letter byte
	value  string
}

// long is check_nrpe's table of long names; a colon after the letter says that a value follows (check_nrpe.c,
// process_arguments).
var long = [...]struct{ name, letter string }{
	{"host", "H:"},
	{"config-file", "f:"},
	{"bind", "b:"},
	{"command", "c:"},
	{"args", "a:"},
	{"no-ssl", "n"},
	{"unknown-timeout", "u"},
	{"v2-packets-only", "2"},
	{"v3-packets-only", "3"},
	{"ipv4", "4"},
	{"ipv6", "6"},
	{"use-adh", "d:"},
	{"ssl-version", "S:"},
	{"cipher-list", "L:"},
	{"client-cert", "C:"},
	{"key-file", "K:"},
	{"ca-cert-file", "A:"},
	{"ssl-logging", "s:"},
	{"timeout", "t:"},
	{"port", "p:"},
	{"payload-size", "P:"},
	{"log-file", "g:"},
	{"help", "h"},
	{"license", "l"},
	{"version", "V"},
	{"stderr-to-stdout", "E"},
	{"disable-syslog", "D"},
}

// getopt reads options as GNU getopt_long does: clusters, values attached or in the next word, long names cut short as
// far as they stay clear, other words skipped. It stops after -a and gives the words that check_nrpe sends as arguments:
// those from the one that held -a's value on, so that in -aVALUE and --args=VALUE the option itself is sent too.
func getopt(words []string) (opts []option, args []string, err error) {
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case word == "--":
			return opts, nil, nil
		case strings.HasPrefix(word, "--"):
			var o option
			if o, i, err = longOption(words, i); err != nil {
				return nil, nil, err
			}
			opts = append(opts, o)
		case len(word) > 1 && word[0] == '-':
			if opts, i, err = cluster(opts, words, i); err != nil {
				return nil, nil, err
			}
		}
		if n := len(opts); n > 0 && opts[n-1].letter == 'a' {
			return opts, words[i:], nil
		}
	}
	return opts, nil, nil
}

// cluster reads -abc VALUE; it gives the place of the last word that it used.
func cluster(opts []option, words []string, i int) ([]option, int, error) {
	for rest := words[i][1:]; rest != ""; {
		letter := rest[0]
		rest = rest[1:]
		known, wants := lookUp(letter)
		switch {
		case !known:
			return nil, i, fmt.Errorf("there is no option -%c", letter)
		case !wants:
			opts = append(opts, option{letter: letter})
		case rest != "":
			return append(opts, option{letter, rest}), i, nil
		case i+1 < len(words):
			return append(opts, option{letter, words[i+1]}), i + 1, nil
		default:
			return nil, i, fmt.Errorf("option -%c needs a value", letter)
		}
	}
	return opts, i, nil
}

func lookUp(letter byte) (known, wantsValue bool) {
	for _, l := range long {
		if l.letter[0] == letter {
			return true, len(l.letter) > 1
		}
	}
	return false, false
}

// longOption reads --name, --name=VALUE or --name VALUE; it gives the place of the last word that it used.
func longOption(words []string, i int) (option, int, error) {
	name, value, attached := strings.Cut(words[i][2:], "=")
	letter, err := longName(name)
	if err != nil {
		return option{}, i, err
	}
	o := option{letter: letter[0], value: value}
	switch wants := len(letter) > 1; {
	case wants && !attached && i+1 == len(words):
		return o, i, fmt.Errorf("option --%s needs a value", name)
	case wants && !attached:
		o.value = words[i+1]
		i++
	case !wants && attached:
		return o, i, fmt.Errorf("option --%s takes no value", name)
	}
	return o, i, nil
}

// longName finds a long name, whole or cut short.
func longName(name string) (letter string, err error) {
	found := ""
	for _, l := range long {
		if l.name == name {
			return l.letter, nil
		}
		if strings.HasPrefix(l.name, name) {
			if found != "" {
				return "", fmt.Errorf("option --%s could mean several", name)
			}
			found = l.letter
		}
	}
	if found == "" {
		return "", fmt.Errorf("there is no option --%s", name)
	}
	return found, nil
}
