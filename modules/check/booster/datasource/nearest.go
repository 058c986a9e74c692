package datasource

import (
	"maps"
	"slices"
	"strings"
)

// nearest gives the name that somebody who wrote name may have meant; empty if none is near.
func nearest[T any](name string, have map[string]T) string {
	best, least := "", 1+max(1, min(2, len(name)/2))
	for _, other := range slices.Sorted(maps.Keys(have)) {
		if d := distance(strings.ToLower(name), strings.ToLower(other)); d < least {
			best, least = other, d
		}
	}
	return best
}

// distance is how many letters have to be put in, taken out or changed (Levenshtein); it gives up on long names.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var row [65]int
	for j := range len(b) + 1 {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
