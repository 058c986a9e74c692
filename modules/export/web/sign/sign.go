// Package sign knows who is at the other end of a browser, and what he may do.
package sign

import (
	"net"
	"net/http"
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

// String gives the role as it is written in files and settings.
func (r Role) String() string { return [...]string{"nobody", "read", "command", "admin"}[r] }

// Person is who is there. The name is empty for somebody who has not signed in.
type Person struct {
	Name string
	Role Role
}

// Gate tells people apart.
type Gate struct {
	// Anonymous is what somebody may do who has not signed in.
	Anonymous Role
}

// Who says who makes a request.
func (g *Gate) Who(*http.Request) Person { return Person{Role: g.Anonymous} }

// From is where a request comes from, for logs.
func From(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
