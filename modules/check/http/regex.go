package http

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var errNotTheSame = errors.New("means something else, or nothing, to Go's regular expressions")

// compile makes of a POSIX extended regular expression, as regcomp(3) of the GNU C library reads it, one of Go's that
// matches the same texts; nil for none. Expressions that it cannot say the same of are refused.
//
// Unless linespan is set lines are texts of their own (REG_NEWLINE): ^ and $ match at each, and neither . nor [^x]
// matches a line feed.
func compile(pattern string, ignoreCase, linespan bool) (*regexp.Regexp, error) {
	if pattern == "" {
		return nil, nil
	}
	if len(pattern) > 1023 { // MAX_RE_SIZE of check_http, which cuts it off
		return nil, errors.New("longer than 1023 bytes")
	}
	flags := "(?m"
	if linespan {
		flags = "(?s"
	}
	if ignoreCase {
		flags += "i"
	}
	translated, err := translate(pattern, linespan)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(flags + ")" + translated)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotTheSame, err)
	}
	return re, nil
}

func translate(pattern string, linespan bool) (string, error) {
	var out strings.Builder
	for i := 0; i < len(pattern); {
		var part string
		switch rest := pattern[i:]; {
		case rest[0] == '\\':
			if len(rest) < 2 || !strings.ContainsRune(`.[]()*+?{}|^$\/-"'<>:;,=!@#%&~wWsSbB`, rune(rest[1])) ||
				rest[1] == '<' || rest[1] == '>' || rest[1] == '\'' {
				return "", fmt.Errorf("%.8q %w", rest, errNotTheSame)
			}
			part = rest[:2]
		case rest[0] == '[':
			if part = bracket(rest); part == "" {
				return "", fmt.Errorf("%.16q %w", rest, errNotTheSame)
			}
		case strings.HasPrefix(rest, "(?"), rest[0] == '{' && !interval(rest),
			i > 0 && strings.IndexByte("*+?}", pattern[i-1]) >= 0 && strings.IndexByte("*+?{", rest[0]) >= 0:
			return "", fmt.Errorf("%.8q %w", rest, errNotTheSame)
		default:
			part = rest[:1]
		}
		out.WriteString(part)
		if strings.HasPrefix(part, "[^") && !linespan {
			s := out.String()
			out.Reset()
			out.WriteString(s[:len(s)-1] + `\n]`)
		}
		i += len(part)
	}
	return out.String(), nil
}

// interval says whether s starts with {n}, {n,} or {n,m}.
func interval(s string) bool {
	inner, _, closed := strings.Cut(s[1:], "}")
	low, high, _ := strings.Cut(inner, ",")
	return closed && low != "" && strings.Trim(low+high, "0123456789") == ""
}

// bracket gives the bracket expression that s starts with; empty if it has none, or one that differs: a backslash stands
// for itself in POSIX, and there are collating symbols.
func bracket(s string) string {
	end := 1
	if strings.HasPrefix(s[end:], "^") {
		end++
	}
	if strings.HasPrefix(s[end:], "]") {
		end++
	}
	for end < len(s) {
		switch rest := s[end:]; {
		case rest[0] == ']':
			return s[:end+1]
		case rest[0] == '\\', strings.HasPrefix(rest, "[."), strings.HasPrefix(rest, "[="):
			return ""
		case strings.HasPrefix(rest, "[:"):
			class := strings.Index(rest, ":]")
			if class < 0 {
				return ""
			}
			end += class + 2
		default:
			end++
		}
	}
	return ""
}
