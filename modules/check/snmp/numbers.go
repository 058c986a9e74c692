package snmp

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// number is what strtod(3) takes of the start of a text, in the C locale.
var number = regexp.MustCompile(`^[ \t\n\v\f\r]*([-+]?(?:0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][-+]?[0-9]+)?|` +
	`(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|(?i:inf(?:inity)?|nan)))`)

// leadingFloat reads the number that s starts with, as strtod does; n is how many bytes it took, 0 for none.
func leadingFloat(s string) (v float64, n int) {
	m := number.FindStringSubmatchIndex(s)
	if m == nil {
		return 0, 0
	}
	text := s[m[2]:m[3]]
	if strings.ContainsAny(text, "xX") && !strings.ContainsAny(text, "pP") {
		text += "p0" // Go asks for an exponent in hexadecimal numbers
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, 0
	}
	return v, m[1]
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
