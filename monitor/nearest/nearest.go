// Package nearest knows which of the names that exist a mistyped one was probably meant to be.
package nearest

import "iter"

// Of gives the name that differs from word by the fewest typing mistakes (a letter too many, missing, wrong, or two
// changed over), the first of several; empty if word is too far from all of them to guess. Upper and lower case count as
// different.
func Of(word string, names iter.Seq[string]) string {
	best, least := "", allowed(word)+1
	if len(word) > longest {
		return ""
	}
	for name := range names {
		if d := distance(word, name, least); d < least {
			best, least = name, d
		}
	}
	return best
}

// longest is the length of the longest word that is worth a guess.
const longest = 80

// allowed gives how many mistakes are believed: one, and another for each five letters.
func allowed(word string) int { return 1 + len(word)/5 }

// distance gives the optimal string alignment distance of a and b, or some number that is not below limit. Bytes count
// as letters.
func distance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	var rows [3][longest + 8 + longest/5]int
	before, last, row := rows[0][:len(b)+1], rows[1][:len(b)+1], rows[2][:len(b)+1]
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			d := min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, before[j-1]+1)
			}
			row[j+1] = d
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
