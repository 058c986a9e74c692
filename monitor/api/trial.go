package api

import "slices"

// TriedRules is what POST /api/piggyback/try gives.
type TriedRules struct {
	// Problems are mistakes in the definitions, a line each; then nothing was tried.
	Problems []string `json:"problems"`
	Trial
}

// Trial is what rules would do to the names that are in the payloads of today.
type Trial struct {
	Names []TriedName `json:"names"`
	// Conflicts are hosts that different names would become, a sentence each.
	Conflicts []string `json:"conflicts"`
}

// TriedName is a name in the output of a source, what it became and what it would become.
type TriedName struct {
	Source string `json:"source"`
	Name   string `json:"name"`
	// Before are the hosts that it is for today, After those that it would be for, both sorted.
	Before []string `json:"before"`
	After  []string `json:"after"`
	// Where says of each of After where that host is looked at: here, the name of a site, or orphan. Without any, Verdict says
	// why not.
	Where   []string `json:"where"`
	Verdict string   `json:"verdict"`
}

// Changes says whether the rules make a difference to the name.
func (n *TriedName) Changes() bool { return !slices.Equal(n.Before, n.After) }
