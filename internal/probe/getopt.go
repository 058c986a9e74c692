package probe

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Argument tells whether an option takes a value.
type Argument uint8

// The kinds of options: -j, -p PORT, -S[VERSION].
const (
	NoValue Argument = iota
	Value
	OptionalValue
)

// LongOnly is the first ID for options without a letter.
const LongOnly rune = 0x100

// Option is one option of a plugin.
type Option struct {
	// ID is the option's letter, or LongOnly and up for an option without one. Several long names may have one ID.
	ID       rune
	Long     string
	Argument Argument
}

// Syntax is the command line of a plugin, as getopt_long(3) of the GNU C library reads it.
type Syntax struct {
	Options []Option
	// Aliases are words that the plugin replaces before it looks for options: "-to" for "-t".
	Aliases map[string]string
	// InOrder ends the options at the first word that is none ("+" in getopt).
	InOrder bool
}

// Parse hands each option to set, in the order of the line, and returns the words that are no options. An error of set
// ends it. args are the words behind the program's name; they are not kept.
func (s *Syntax) Parse(args []string, set func(id rune, value string) error) ([]string, error) {
	r := reader{syntax: s, args: args, set: set}
	for len(r.args) > 0 {
		word := r.next()
		switch {
		case word == "--":
			for len(r.args) > 0 {
				r.rest = append(r.rest, r.next())
			}
		case strings.HasPrefix(word, "--"):
			if err := r.long(word[2:]); err != nil {
				return nil, err
			}
		case len(word) > 1 && word[0] == '-':
			if err := r.letters(word[1:]); err != nil {
				return nil, err
			}
		case s.InOrder:
			r.rest = append(r.rest, word)
			for len(r.args) > 0 {
				r.rest = append(r.rest, r.next())
			}
		default:
			r.rest = append(r.rest, word)
		}
	}
	return r.rest, nil
}

// reader is a command line being read.
type reader struct {
	syntax *Syntax
	args   []string
	rest   []string
	set    func(rune, string) error
}

// next takes the next word off the line.
func (r *reader) next() string {
	word := r.args[0]
	r.args = r.args[1:]
	if alias, ok := r.syntax.Aliases[word]; ok {
		return alias
	}
	return word
}

// letters reads a word of single letters; what follows the first that takes a value is that value.
func (r *reader) letters(word string) error {
	for i, letter := range word {
		o, ok := r.byLetter(letter)
		if !ok {
			return fmt.Errorf("option -%c is not known", letter)
		}
		rest := word[i+len(string(letter)):]
		switch {
		case o.Argument == NoValue:
			if err := r.set(o.ID, ""); err != nil {
				return err
			}
		case rest != "" || o.Argument == OptionalValue:
			return r.set(o.ID, rest)
		default:
			return r.value(o, "-"+string(letter))
		}
	}
	return nil
}

// long reads "name" or "name=value".
func (r *reader) long(word string) error {
	name, value, given := strings.Cut(word, "=")
	o, err := r.byName(name)
	switch {
	case err != nil:
		return err
	case given && o.Argument == NoValue:
		return fmt.Errorf("option --%s takes no value", name)
	case given || o.Argument != Value:
		return r.set(o.ID, value)
	}
	return r.value(o, "--"+name)
}

// value hands on the next word as the option's value.
func (r *reader) value(o Option, name string) error {
	if len(r.args) == 0 {
		return fmt.Errorf("option %s needs a value", name)
	}
	return r.set(o.ID, r.next())
}

func (r *reader) byLetter(letter rune) (Option, bool) {
	for _, o := range r.syntax.Options {
		if o.ID == letter && letter < LongOnly {
			return o, true
		}
	}
	return Option{}, false
}

// byName finds a long option by its name or an abbreviation that fits one option only.
func (r *reader) byName(name string) (Option, error) {
	var found Option
	for _, o := range r.syntax.Options {
		if o.Long == "" || !strings.HasPrefix(o.Long, name) {
			continue
		}
		if o.Long == name {
			return o, nil
		}
		if found.ID != 0 && found.ID != o.ID {
			return Option{}, fmt.Errorf("option --%s may be --%s or --%s", name, found.Long, o.Long)
		}
		found = o
	}
	if found.ID == 0 {
		return Option{}, fmt.Errorf("option --%s is not known", name)
	}
	return found, nil
}

var errNumber = errors.New("not a plain number in range")

// Int reads a whole number from low to high. The plugins' own reading forgives more (blanks, several signs); such a line
// is left to them.
func Int(value string, low, high int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high || value[0] == '+' {
		return 0, fmt.Errorf("%q: %w", value, errNumber)
	}
	return n, nil
}
