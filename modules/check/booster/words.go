package booster

import "errors"

// words divides a line as snmp_booster does, with Python's shlex: blanks part words; single quotes keep everything, double
// quotes all but a backslash in front of a quote or another backslash. Nothing else means anything: no shell ever sees
// these lines, and people write brackets and dollar signs in them.
func words(line string) ([]string, error) {
	var list []string
	var word []byte
	begun := false
	var quote byte
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && quote != '\'':
			if i+1 == len(line) {
				return nil, errors.New("a backslash ends the line")
			}
			begun = true
			if next := line[i+1]; quote == 0 || next == '"' || next == '\\' {
				c = next
				i++
			}
			word = append(word, c)
		case c == quote:
			quote = 0
		case quote != 0:
			word = append(word, c)
		case c == '\'' || c == '"':
			quote, begun = c, true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if begun {
				list, word, begun = append(list, string(word)), word[:0], false
			}
		default:
			word, begun = append(word, c), true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is never closed")
	}
	if begun {
		list = append(list, string(word))
	}
	return list, nil
}
