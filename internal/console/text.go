package console

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable takes away what could play with the terminal or deceive the reader: output comes from anywhere. Besides
// control characters these are the invisible ones that change the direction of what follows.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, text)
}

// Printable is a text from outside without what could play with a terminal or deceive its reader; tabs become blanks.
func Printable(text string) string { return printable(strings.ReplaceAll(text, "\t", "    ")) }

// columns is how many columns of a terminal a text takes: two for East Asian wide letters and for pictures, none for
// marks that stand on the letter before them.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += width(r)
	}
	return n
}

func width(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0xff61 && r <= 0xffdc: // the half-width forms of what follows
		return 1
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		r >= 0x3000 && r <= 0x303e, r >= 0xff01 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}

// cut shortens a text to so many columns.
func cut(text string, room int, bounded bool) string {
	if !bounded || columns(text) <= room {
		return text
	}
	if room < 2 {
		return ""
	}
	used := 0
	for i, r := range text {
		if used += width(r); used > room-1 {
			return text[:i] + "…"
		}
	}
	return text
}
