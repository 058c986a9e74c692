package cmdline

import "strings"

// Quote turns dst[begin:], a value that came to stand at this place, into what a shell and Words read as exactly that
// value: one word or a part of one, whatever is in it. An empty value at the beginning of a word becomes an empty word.
// The place moves to behind it. What is ordinary is left as it is.
//
// A NUL byte, which no command line can hold, is dropped. At places that cannot be followed (see the package's tests for
// which) everything is dropped that could mean something, and blanks become underscores.
func (c *Context) Quote(dst []byte, begin int) []byte {
	value := dst[begin:]
	if c.isPlain(value) {
		c.pass()
		return dst
	}
	end := len(dst)
	dst = c.quote(dst, value)
	return append(dst[:begin], dst[end:]...)
}

// isPlain says whether a value can stand at this place as it is.
func (c *Context) isPlain(value []byte) bool {
	switch {
	case c.waits():
		return false
	case len(value) == 0:
		return c.mode != bare || c.word
	}
	digits, last := true, byte(0)
	for _, b := range value {
		if !isOrdinary(b) || b == ',' || b == '.' && last == '.' { // bash makes words of {a,b} and {1..9}
			return false
		}
		digits, last = digits && '0' <= b && b <= '9', b
	}
	// A shell takes digits before < or > for the number of a file.
	return !digits || c.mode != bare || c.word
}

// waits says whether the last character acts on the next one.
func (c *Context) waits() bool { return nothing < c.open && c.open <= brace }

// pass moves the place to behind a value.
func (c *Context) pass() { c.open, c.word, c.letters = nothing, true, 0 }

// quote appends what stands for a value.
func (c *Context) quote(dst, value []byte) []byte {
	switch {
	case len(value) == 0 && c.waits(), c.open == brace:
		return dst
	case c.mode == lost:
		return appendHarmless(dst, value)
	case c.mode == single:
		dst = appendSingle(dst, value)
	case c.mode == double:
		dst = c.appendDouble(dst, value)
	default:
		dst = c.appendBare(dst, value)
	}
	c.pass()
	return dst
}

// appendBare quotes outside of quotes. A backslash that waits for a character gets the first; a dollar sign gets one that
// a backslash quotes, since bash takes both $' and $" for something of its own.
func (c *Context) appendBare(dst, value []byte) []byte {
	if c.open == backslash || c.open == dollar {
		if value = trim(value); len(value) == 0 {
			return dst
		}
		if c.open == dollar {
			dst = append(dst, '\\')
		}
		n := 1
		for n < len(value) && value[n] >= 0x80 { // the rest of a letter that takes several bytes
			n++
		}
		dst = append(dst, value[:n]...)
		if value = value[n:]; len(value) == 0 {
			return dst
		}
	}
	dst = appendSingle(append(dst, '\''), value)
	return append(dst, '\'')
}

// trim drops what a backslash cannot quote from the beginning of a value.
func trim(value []byte) []byte {
	for len(value) > 0 && (value[0] == '\n' || value[0] == 0) {
		value = value[1:]
	}
	return value
}

// appendSingle quotes inside of single quotes.
func appendSingle(dst, value []byte) []byte {
	for _, b := range value {
		switch b {
		case 0:
		case '\'':
			dst = append(dst, `'\''`...)
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// appendDouble quotes inside of double quotes. A backslash that waits is made one that stands for itself; a dollar sign or
// the name of a variable is kept apart by ending the quotes and beginning new ones.
func (c *Context) appendDouble(dst, value []byte) []byte {
	switch c.open {
	case backslash:
		dst = append(dst, '\\')
	case dollar, name:
		dst = append(dst, '"', '"')
	}
	for _, b := range value {
		switch b {
		case 0:
			continue
		case '$', '`', '"', '\\':
			dst = append(dst, '\\')
		}
		dst = append(dst, b)
	}
	return dst
}

// appendHarmless appends what means nothing to any shell anywhere.
func appendHarmless(dst, value []byte) []byte {
	for _, b := range value {
		switch {
		case isOrdinary(b):
			dst = append(dst, b)
		case b == ' ', b == '\t', b == '\n':
			dst = append(dst, '_')
		}
	}
	return dst
}

// Defuse takes out of dst[begin:] what means something to a shell even inside of quotes that another shell has taken off,
// but for blanks: for command lines that hand their words on to be read again (see Rereads).
func Defuse(dst []byte, begin int) []byte {
	to := dst[:begin]
	for _, b := range dst[begin:] {
		switch {
		case b == '\n':
			to = append(to, ' ')
		case strings.IndexByte("$`\"'\\;&|<>()*?[]{}~!#^\r\x00", b) < 0:
			to = append(to, b)
		}
	}
	return to
}

// Rereads says whether a command line seems to give words to an interpreter that reads them as a program: sh -c, eval,
// ssh, perl -e and the like. Quoting cannot help there, since nobody knows how often it is taken off.
func Rereads(line string) bool {
	letter := byte(0) // the option after which the program comes
	for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune(" \t\n'\"`;&|()", r) }) {
		if letter != 0 && len(word) > 1 && word[0] == '-' && word[1] != '-' && word[len(word)-1] == letter {
			return true
		}
		switch program := word[strings.LastIndexByte(word, '/')+1:]; program {
		case "eval", "ssh", "rsh", "su", "check_by_ssh":
			return true
		case "sh", "bash", "dash", "ash", "ksh", "zsh", "busybox":
			letter = 'c'
		case "perl", "ruby", "node":
			letter = 'e'
		case "php":
			letter = 'r'
		default:
			if strings.HasPrefix(program, "python") {
				letter = 'c'
			}
		}
	}
	return false
}
