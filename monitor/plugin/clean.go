package plugin

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean gives raw as valid UTF-8 without anything that a terminal or a log could obey: escape sequences go, line ends
// become LF, other control characters become blanks, and bytes that are not UTF-8 become U+FFFD.
func clean(raw []byte) string {
	if harmless(raw) {
		return string(raw)
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		switch {
		case r == 0x1b:
			size = escapeLen(raw[i:])
		case r == '\r':
			if i+1 < len(raw) && raw[i+1] != '\n' {
				b.WriteByte('\n')
			}
		case r == '\n' || r == '\t' || !unsafeRune(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
		i += size
	}
	return b.String()
}

func harmless(raw []byte) bool {
	for _, c := range raw {
		if c < 0x20 && c != '\n' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}

// unsafeRune holds for control characters and for those that turn the direction of text round, which can make a line
// read as something else.
func unsafeRune(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}

// escapeLen gives the length of the ANSI escape sequence that s starts with (ECMA-48: CSI sequences end with a byte from
// 0x40 to 0x7e). Of anything but a CSI sequence only the escape itself goes.
func escapeLen(s []byte) int {
	if len(s) < 2 || s[1] != '[' {
		return 1
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case 0x40 <= c && c <= 0x7e:
			return i + 1
		case c < 0x20 || c > 0x7e:
			return i
		}
	}
	return len(s)
}
