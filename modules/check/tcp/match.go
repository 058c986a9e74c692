package tcp

import "bytes"

// matcher knows when an answer is the one that was expected, as np_expect_match in utils_tcp.c.
type matcher struct {
	expect   []string
	anywhere bool // anywhere in the answer rather than at its beginning
	all      bool // every string rather than any
}

// verdict is what a matcher says about the answer so far.
type verdict uint8

const (
	unasked verdict = iota // nothing is expected, or nothing was compared
	matched
	unclear // more of the answer may make it match
	mismatched
)

// judge compares the answer so far. Nothing behind a NUL byte counts.
func (m *matcher) judge(answer []byte) verdict {
	answer = text(answer)
	found, begun := 0, false
	for _, want := range m.expect {
		switch {
		case m.anywhere && bytes.Contains(answer, []byte(want)):
			found++
		case m.anywhere:
		case len(answer) >= len(want) && string(answer[:len(want)]) == want:
			found++
		case len(answer) < len(want) && want[:len(answer)] == string(answer):
			begun = true
		}
	}
	switch {
	case m.all && found == len(m.expect), !m.all && found > 0:
		return matched
	case begun || m.anywhere:
		return unclear
	}
	return mismatched
}

// text gives what a C program takes for the string in b.
func text(b []byte) []byte {
	if end := bytes.IndexByte(b, 0); end >= 0 {
		return b[:end]
	}
	return b
}

// trimmed gives the answer as it is shown: without white space at its end; empty if no more than one byte is left, as
// check_tcp has it.
func trimmed(answer []byte) []byte {
	last := len(answer) - 1
	for last > 0 && bytes.IndexByte([]byte(" \t\n\v\f\r"), answer[last]) >= 0 {
		last--
	}
	if last <= 0 {
		return nil
	}
	return text(answer[:last+1])
}
