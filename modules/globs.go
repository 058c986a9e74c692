package modules

import (
	"slices"
	"unicode/utf8"
)

// Globs are patterns of names: * stands for any text, ? for one letter. No patterns at all fit every name.
type Globs []string

// Fit says whether a pattern fits the whole name.
func (g Globs) Fit(name string) bool {
	return len(g) == 0 || slices.ContainsFunc(g, func(pattern string) bool { return fits(pattern, name) })
}

// fits goes back to the last star only, so that it takes at most the product of both lengths.
func fits(pattern, name string) bool {
	star, from := -1, 0
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && pattern[p] == '?':
			_, size := utf8.DecodeRuneInString(name[n:])
			p, n = p+1, n+size
		case p < len(pattern) && pattern[p] == name[n]:
			p, n = p+1, n+1
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
