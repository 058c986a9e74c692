package snmp

import (
	"fmt"
	"regexp"
	"strings"
)

// compile turns a POSIX extended regular expression, as regcomp(3) of the GNU C library takes it, into one of Go's. For
// a yes or no the two agree on all that both accept; what they read differently is refused.
func compile(pattern string, ignoreCase bool) (*regexp.Regexp, error) {
	if what := unlikeRE2(pattern); what != "" {
		return nil, fmt.Errorf("expression %q: %s is read differently here", pattern, what)
	}
	flags := "(?m)"
	if ignoreCase {
		flags = "(?mi)"
	}
	re, err := regexp.Compile(flags + pattern)
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", pattern, err)
	}
	return re, nil
}

// unlikeRE2 names the first part of a pattern that RE2 and POSIX understand differently.
func unlikeRE2(pattern string) string {
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		switch c := pattern[i]; {
		case c >= 0x80 || c < ' ':
			return "a character that is not ASCII"
		case c == '\\' && !sameEscape.MatchString(rest):
			return "an escape"
		case c == '\\':
			i++
		case c == '[':
			set := sameSet.FindString(rest)
			if set == "" {
				return "a set in brackets"
			}
			i += len(set) - 1
		case c == '{':
			if !interval.MatchString(rest) {
				return "{"
			}
			i += strings.IndexByte(rest, '}') - 1 // at the } we look once more, for what follows it
		case strings.HasPrefix(rest, "(?"),
			strings.IndexByte("^*+?}", c) >= 0 && len(rest) > 1 && strings.IndexByte("*+?{", rest[1]) >= 0:
			return rest[:2]
		}
	}
	return ""
}

var (
	// sameEscape is an escape with one meaning: of punctuation, or \w \W \s \S \b \B. \< \> and those of quotes are
	// GNU's own.
	sameEscape = regexp.MustCompile(`^\\(?:[wWsSbB]|[!-&(-/:;=?@\[-_{-~])`)
	// sameSet is a bracket expression without backslashes (literal in POSIX) and collating elements (not in RE2).
	sameSet  = regexp.MustCompile(`^\[\^?\]?(?:\[:[a-z]+:\]|[^\\\[\]]|\[[^\\:.=\[\]])*\]`)
	interval = regexp.MustCompile(`^\{[0-9]+(?:,[0-9]*)?\}`)
)
