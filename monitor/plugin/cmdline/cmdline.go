// Package cmdline knows how a command line falls into words: exactly as /bin/sh divides it (POSIX.1-2017, Shell Command
// Language, sections 2.2 and 2.3), for those lines that need no more of a shell than that.
package cmdline

import (
	"errors"
	"fmt"
	"strings"
)

// ErrShell is what Words returns, wrapped, for a line that only a shell can run. The whole error says why, in words that
// fit after "needs a shell: ".
var ErrShell = errors.New("only a shell can run this")

// Words divides a command line into words; the first is the program. Quotes and backslashes are resolved as a shell does.
//
// An error means that a shell has to run the line, because it holds syntax beyond words and quotes, because its first word
// means something only to a shell, or because it is not whole and the shell will say so better. Which files exist,
// variables and aliases are never looked at: a line with "*" needs a shell.
//
// Words without quotes point into line.
func Words(line string) ([]string, error) {
	s := splitter{line: line}
	words := make([]string, 0, 8)
	for {
		if s.skipBlanks(); s.at == len(line) {
			break
		}
		word, bare, err := s.word()
		if err != nil {
			return nil, err
		}
		if len(words) == 0 && bare && shellsOwn(word) {
			return nil, fmt.Errorf("%q is a word of the shell's: %w", word, ErrShell)
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("the command line is empty: %w", ErrShell)
	}
	return words, nil
}

// splitter walks through a line.
type splitter struct {
	line string
	at   int
	// started says that the program's name has begun, so that a word with "=" sets no variable any more.
	started bool
}

func (s *splitter) skipBlanks() {
	for s.at < len(s.line) && isBlank(s.line[s.at]) {
		s.at++
	}
}

// Carriage returns and the like are letters to a shell.
func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// word reads a word that begins at s.at. It is bare if no part of it was quoted.
func (s *splitter) word() (word string, bare bool, err error) {
	begin := s.at
	if err := s.wordStart(); err != nil {
		return "", false, err
	}
	for s.at < len(s.line) && !isBlank(s.line[s.at]) {
		c := s.line[s.at]
		if c == '\'' || c == '"' || c == '\\' {
			word, err = s.quoted(begin)
			return word, false, err
		}
		if err := s.plain(c, begin); err != nil {
			return "", false, err
		}
		s.at++
	}
	s.started = true
	return s.line[begin:s.at], true, nil
}

// wordStart refuses what means something only at the beginning of a word.
func (s *splitter) wordStart() error {
	switch s.line[s.at] {
	case '#':
		return needs("# begins a comment")
	case '~':
		return s.tilde()
	}
	return nil
}

// tilde refuses a "~" that may stand for a home directory. Before a colon it does not: that is a threshold such as ~:10.
// POSIX and dash see it so; bash, against POSIX, would put the home directory there, which nobody means.
func (s *splitter) tilde() error {
	rest := s.line[s.at+1:]
	end := strings.IndexFunc(rest, func(r rune) bool { return r == ' ' || r == '\t' || r == '/' })
	if end < 0 {
		end = len(rest)
	}
	if name := rest[:end]; strings.HasPrefix(name, ":") && !strings.ContainsAny(name, `'"\`) {
		return nil
	}
	return needs("~ stands for a home directory")
}

// plain refuses an unquoted character that is more than a letter.
func (s *splitter) plain(c byte, begin int) error {
	switch c {
	case '\n':
		return needs("a line feed ends a command")
	case 0:
		return needs("it holds a NUL byte")
	case '=':
		if !s.started && isVariable(strings.TrimSuffix(s.line[begin:s.at], "+")) {
			return needs("%s= sets a variable", s.line[begin:s.at])
		}
	default:
		if i := strings.IndexByte("$`|;&<>()*?[{", c); i >= 0 {
			return needs("unquoted %c at byte %d", c, s.at+1)
		}
	}
	return nil
}

func needs(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrShell)...)
}

// quoted reads the rest of a word that began at begin and has its first quote at s.at.
func (s *splitter) quoted(begin int) (string, error) {
	word := append(make([]byte, 0, len(s.line)-begin), s.line[begin:s.at]...)
	var err error
	for s.at < len(s.line) && !isBlank(s.line[s.at]) {
		switch c := s.line[s.at]; c {
		case '\'':
			word, err = s.single(word)
		case '"':
			word, err = s.double(word)
		case '\\':
			word, err = s.backslash(word)
		default:
			// A variable's name must not be quoted, so an equals sign after a quote sets none.
			s.started = true
			if err = s.plain(c, begin); err == nil {
				word = append(word, c)
				s.at++
			}
		}
		if err != nil {
			return "", err
		}
	}
	s.started = true
	return string(word), nil
}

// single appends what stands in single quotes, from the quote at s.at on: everything means itself.
func (s *splitter) single(word []byte) ([]byte, error) {
	text, rest, closed := strings.Cut(s.line[s.at+1:], "'")
	if !closed {
		return nil, needs("a single quote is never closed")
	}
	if strings.IndexByte(text, 0) >= 0 {
		return nil, needs("it holds a NUL byte")
	}
	s.at = len(s.line) - len(rest)
	return append(word, text...), nil
}

// double appends what stands in double quotes, from the quote at s.at on: a backslash only quotes $ ` " \ and the line
// feed, and stays otherwise.
func (s *splitter) double(word []byte) ([]byte, error) {
	for s.at++; s.at < len(s.line); s.at++ {
		switch c := s.line[s.at]; c {
		case '"':
			s.at++
			return word, nil
		case '$', '`', 0:
			return nil, needs("%q in double quotes at byte %d", c, s.at+1)
		case '\\':
			if s.at+1 == len(s.line) {
				return nil, needs("a double quote is never closed")
			}
			s.at++
			switch next := s.line[s.at]; {
			case next == 0:
				return nil, needs("it holds a NUL byte")
			case next == '\n':
			case strings.IndexByte("$`\"\\", next) >= 0:
				word = append(word, next)
			default:
				word = append(word, '\\', next)
			}
		default:
			word = append(word, c)
		}
	}
	return nil, needs("a double quote is never closed")
}

// backslash appends the character that the backslash at s.at quotes.
func (s *splitter) backslash(word []byte) ([]byte, error) {
	if s.at+1 == len(s.line) {
		return nil, needs("it ends with a backslash")
	}
	next := s.line[s.at+1]
	if next == '\n' || next == 0 {
		return nil, needs("a backslash before %q", next)
	}
	s.at += 2
	return append(word, next), nil
}

// isVariable says whether name can be a shell variable's.
func isVariable(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// shellsOwn says whether a first word belongs to a shell's syntax, or is a built-in command of sh or bash that no program
// can stand in for.
func shellsOwn(word string) bool {
	switch word {
	case "!", "{", "}", "[[", "]]", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if",
		"in", "select", "then", "time", "until", "while":
		return true
	case ".", ":", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "chdir", "command", "compgen", "complete",
		"compopt", "continue", "declare", "dirs", "disown", "enable", "eval", "exec", "exit", "export", "fc", "fg",
		"getopts", "hash", "help", "history", "jobs", "let", "local", "logout", "mapfile", "popd", "pushd", "read",
		"readarray", "readonly", "return", "set", "shift", "shopt", "source", "suspend", "times", "trap", "type",
		"typeset", "ulimit", "umask", "unalias", "unset", "wait":
		return true
	}
	return false
}
