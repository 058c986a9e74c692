package ini

import (
	"errors"
	"fmt"
	"strings"
)

const (
	// maxDepth is how deep values may name values that name values (ConfigObj's MAX_INTERPOL_DEPTH).
	maxDepth = 10
	// maxReplaced bounds what values that name each other many times can grow to.
	maxReplaced = 1 << 16
)

// replace replaces $Name and ${Name} by the value of that name: of the section itself, then of its section DEFAULT, then of
// those around it. "$$" is a dollar sign, and so is one that no name follows.
func (s *Section) replace(text string, depth int) (string, error) {
	if !strings.Contains(text, "$") {
		return text, nil
	}
	if depth == maxDepth {
		return "", errors.New("$ names a value that names itself, or values too deep in each other")
	}
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(text, "$")
		b.WriteString(plain)
		if !found {
			return b.String(), nil
		}
		name, after := reference(rest)
		switch {
		case name != "":
			value, in, err := s.lookUp(name)
			if err == nil {
				value, err = in.replace(value, depth+1)
			}
			if err != nil {
				return "", err
			}
			b.WriteString(value)
		case strings.HasPrefix(rest, "$"):
			b.WriteByte('$')
			after = rest[1:]
		default:
			b.WriteByte('$')
		}
		if b.Len() > maxReplaced {
			return "", errors.New("it grows beyond all bounds when the names in it are replaced")
		}
		text = after
	}
}

// reference reads what may be a name behind a "$"; name is empty if there is none.
func reference(rest string) (name, after string) {
	braced := strings.HasPrefix(rest, "{")
	if braced {
		rest = rest[1:]
	}
	n := 0
	for n < len(rest) && letter(rest[n], n > 0) {
		n++
	}
	if braced {
		if n == len(rest) || rest[n] != '}' {
			return "", "{" + rest
		}
		return rest[:n], rest[n+1:]
	}
	return rest[:n], rest[n:]
}

func letter(c byte, digits bool) bool {
	return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' || digits && '0' <= c && c <= '9'
}

// lookUp finds a value by name, and the section that has it.
func (s *Section) lookUp(name string) (string, *Section, error) {
	for at := s; at != nil; at = at.parent {
		for _, in := range []*Section{at, at.Section("DEFAULT")} {
			if in == nil {
				continue
			}
			if v, ok := in.values[name]; ok {
				if len(v.Items) != 1 {
					return "", nil, fmt.Errorf("$%s names a list (%s)", name, v.Pos)
				}
				return v.Items[0], in, nil
			}
		}
	}
	return "", nil, fmt.Errorf("$%s is not defined: write a line %s = … in the same section or in one around it", name, name)
}
