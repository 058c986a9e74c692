package outbound

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// OneLine makes a line of what somebody else said, of so many bytes at most.
func OneLine(s string, most int) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	clean = strings.Join(strings.Fields(clean), " ")
	if len(clean) > most {
		clean = strings.ToValidUTF8(clean[:most], "") + "…"
	}
	return clean
}

// RetryAfter reads RFC 9110 10.2.3, seconds or a date; what is longer than most is cut down to it, and what is neither is 0.
func RetryAfter(text string, most time.Duration) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, most)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), 0), most)
	}
	return 0
}
