package api

import (
	"fmt"
	"strings"
)

// Gap is work that nobody does: that of a role, or of a tag which nobody serves who works.
type Gap struct {
	Role string `json:"role"`
	// Tag is a poller_tag or reactionner_tag, None for what has none; left out where nobody works in the role at all.
	Tag string `json:"tag,omitempty"`
	// Lost says what is not done.
	Lost string `json:"lost"`
	// Idle says of those who would do it how they are: "beta is in maintenance".
	Idle []string `json:"idle,omitempty"`
}

// What names what the gap is in.
func (g *Gap) What() string {
	if g.Tag == "" {
		return g.Role
	}
	return g.Role + "_tag " + g.Tag
}

// idleNamed is how many nodes are named.
const idleNamed = 3

// Text says that nobody works, what is lost, and how those are who would.
func (g *Gap) Text() string {
	text := "none works: " + g.Lost
	if g.Tag != "" {
		text = "no " + g.Role + " that works serves it: " + g.Lost
	}
	if len(g.Idle) == 0 {
		return text
	}
	text += "; " + strings.Join(g.Idle[:min(len(g.Idle), idleNamed)], ", ")
	if more := len(g.Idle) - idleNamed; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}
