package objects

import "fmt"

// suggest gives `; did you mean "x"?` for the candidate nearest to word, or nothing when none is near. Of several that
// are equally near it takes the first in the alphabet.
func suggest(word string, candidates []string) string {
	limit := max(1, min(3, len(word)/3))
	best, at := "", limit+1
	for _, c := range candidates {
		d := distance(word, c, limit)
		if d < at || d == at && d <= limit && c < best {
			best, at = c, d
		}
	}
	if at > limit {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// longest bounds the words that are compared.
const longest = 64

// distance is how many letters must be put in, left out, changed or swapped with the next to make a into b (Damerau and
// Levenshtein), or more than limit as soon as that is certain.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit || len(a) > longest || len(b) > longest {
		return limit + 1
	}
	var rows [3][longest + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		prev2, prev, row := &rows[(i+1)%3], &rows[(i+2)%3], &rows[i%3]
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+unlike(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
	}
	return rows[len(a)%3][len(b)]
}

func unlike(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
