package snmp

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// leadingFloat reads the number that s starts with, as strtod(3) does in the C locale; n is how many bytes it took, 0
// for none. Hexadecimal numbers count, as they do there, and so do inf and nan.
func leadingFloat(s string) (v float64, n int) {
	start := span(s, " \t\n\v\f\r")
	digits := start
	if digits < len(s) && (s[digits] == '+' || s[digits] == '-') {
		digits++
	}
	end := digits
	switch rest := s[digits:]; {
	case len(rest) > 2 && rest[0] == '0' && rest[1]|0x20 == 'x':
		end += 2 + mantissa(rest[2:], "0123456789abcdefABCDEF")
		if end == digits+2 { // only the zero is a number
			return 0, digits + 1
		}
		exponent := exponent(s[end:], 'p')
		text := s[start : end+exponent]
		if exponent == 0 {
			text += "p0" // Go asks for an exponent in hexadecimal numbers
		}
		v, _ = strconv.ParseFloat(text, 64)
		return v, end + exponent
	default:
		end += mantissa(rest, "0123456789")
		if end == digits {
			end += word(rest)
		} else {
			end += exponent(s[end:], 'e')
		}
	}
	if end == digits {
		return 0, 0
	}
	v, _ = strconv.ParseFloat(s[start:end], 64) // ±Inf when out of range, as in C
	return v, end
}

// span gives the length of the start of s that consists of set's characters.
func span(s, set string) int { return len(s) - len(strings.TrimLeft(s, set)) }

// mantissa gives the length of the digits, with or without a point, that s starts with.
func mantissa(s, set string) int {
	whole := span(s, set)
	if whole == len(s) || s[whole] != '.' {
		return whole
	}
	fraction := span(s[whole+1:], set)
	if whole+fraction == 0 {
		return 0
	}
	return whole + 1 + fraction
}

// exponent gives the length of the exponent that s starts with: 0 unless there are digits in it.
func exponent(s string, letter byte) int {
	if s == "" || s[0]|0x20 != letter {
		return 0
	}
	n := 1
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	digits := span(s[n:], "0123456789")
	if digits == 0 {
		return 0
	}
	return n + digits
}

// word gives the length of inf, infinity or nan at the start of s.
func word(s string) int {
	for _, w := range [...]string{"infinity", "inf", "nan"} {
		if len(s) >= len(w) && strings.EqualFold(s[:len(w)], w) {
			return len(w)
		}
	}
	return 0
}

// formatFloat writes v as C's printf does for a format of floatFormat's.
func formatFloat(format string, v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	return fmt.Sprintf(format, v)
}

var floatVerb = regexp.MustCompile(`^((?:[^%]|%%)*%[-+ 0]*[0-9]{0,2}(?:\.[0-9]{0,2})?)l?([eEfFgG])((?:[^%]|%%)*)$`)

// floatFormat checks that a format for C's printf prints one floating point number, and gives it as Go's fmt takes it.
func floatFormat(format string) (string, error) {
	m := floatVerb.FindStringSubmatch(format)
	if m == nil || len(format) > 64 {
		return "", fmt.Errorf("format %q: only one of %%f, %%e and %%g is supported", format)
	}
	return m[1] + strings.Replace(m[2], "F", "f", 1) + m[3], nil
}
