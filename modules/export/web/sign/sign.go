// Package sign knows who is at the other end of a browser, and what he may do: users of a file who sign in with a password, those
// whom a reverse proxy has asked already, and everybody else.
package sign

import (
	"fmt"
	"strings"
)

// Role is what somebody may do; each may do what those before it may.
type Role uint8

// The roles.
const (
	Nobody  Role = iota // sees the page to sign in
	Read                // sees everything
	Command             // acknowledges, sets downtimes, comments, has checks made
	Admin               // puts nodes into maintenance too
)

// Roles are those that a user can have, as they are written.
func Roles() []string { return []string{Read.String(), Command.String(), Admin.String()} }

// String gives the role as it is written in files and settings.
func (r Role) String() string { return [...]string{"nobody", "read", "command", "admin"}[r] }

// ParseRole reads the role of a user.
func ParseRole(word string) (Role, error) {
	for r := Read; r <= Admin; r++ {
		if strings.EqualFold(word, r.String()) {
			return r, nil
		}
	}
	return Nobody, fmt.Errorf("%.40q is no role: write %s", word, strings.Join(Roles(), ", "))
}

// Person is who is there. The name is empty for somebody who has not signed in.
type Person struct {
	Name string
	Role Role
	// Proxied says that a reverse proxy has asked him who he is: there is no session of ours that could be ended.
	Proxied bool
}
