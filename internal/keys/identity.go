// Package keys knows who may take part: the authority of an installation, what stands in the certificates that it gives to
// bus servers and daemons, which of them were revoked, and how a new machine gets one with a token that counts once.
package keys

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/onbu/onbu/internal/bus"
)

// Server is the role of a server of the bus: the others connect to it.
const Server bus.Role = "bus"

// Identity is who a certificate is for. Roles are sorted, and none comes twice.
type Identity struct {
	Name  string
	Roles []bus.Role
}

// scheme begins the URI in a certificate that says who it is for: onbu:poller+scheduler/p1.
const scheme = "onbu"

// NewIdentity checks a name and roles.
func NewIdentity(name string, roles ...bus.Role) (Identity, error) {
	if err := checkName(name); err != nil {
		return Identity{}, err
	}
	roles = slices.Clone(roles)
	slices.Sort(roles)
	roles = slices.Compact(roles)
	if len(roles) == 0 {
		return Identity{}, fmt.Errorf("no role for %s: choose from %s", name, roleNames())
	}
	for _, r := range roles {
		if r != Server && !slices.Contains(bus.Roles(), r) {
			return Identity{}, fmt.Errorf("no role is called %q: there are %s", r, roleNames())
		}
	}
	return Identity{name, roles}, nil
}

func roleNames() string {
	names := []string{string(Server)}
	for _, r := range bus.Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// mostName bounds a name; the longest name of a machine that DNS allows in one label.
const mostName = 63

// checkName keeps names fit for files, certificates and log lines.
func checkName(name string) error {
	if len(name) == 0 || len(name) > mostName || name[0] == '.' || name[0] == '-' {
		return fmt.Errorf("the name %.80q: 1 to %d letters, digits and . _ - are wanted, and a letter or digit first", name, mostName)
	}
	for _, c := range []byte(name) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return fmt.Errorf("the name %q: only letters, digits and . _ - are wanted", name)
		}
	}
	return nil
}

// ParseRoles reads roles with commas between.
func ParseRoles(text string) []bus.Role {
	var roles []bus.Role
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		roles = append(roles, bus.Role(word))
	}
	return roles
}

// Has says whether the identity has a role.
func (i Identity) Has(r bus.Role) bool { return slices.Contains(i.Roles, r) }

// Daemon gives the roles that daemons have: all but Server.
func (i Identity) Daemon() []bus.Role {
	return slices.DeleteFunc(slices.Clone(i.Roles), func(r bus.Role) bool { return r == Server })
}

// Equal says whether both have the same name and roles.
func (i Identity) Equal(o Identity) bool { return i.Name == o.Name && slices.Equal(i.Roles, o.Roles) }

// String gives the name and the roles for people: "p1 (poller)".
func (i Identity) String() string {
	words := make([]string, len(i.Roles))
	for n, r := range i.Roles {
		words[n] = string(r)
	}
	return i.Name + " (" + strings.Join(words, ", ") + ")"
}

// URI is how a certificate names the identity. A nats-server that maps users by certificate calls the user so.
func (i Identity) URI() *url.URL {
	words := make([]string, len(i.Roles))
	for n, r := range i.Roles {
		words[n] = string(r)
	}
	return &url.URL{Scheme: scheme, Opaque: strings.Join(words, "+") + "/" + i.Name}
}

// errNobody: a certificate that says nothing that we understand.
var errNobody = errors.New("the certificate names no daemon: it was not made by `onbu keys`")

// Of reads the identity from a certificate, which must have been verified.
func Of(c *x509.Certificate) (Identity, error) {
	for _, u := range c.URIs {
		if u.Scheme != scheme {
			continue
		}
		roles, name, ok := strings.Cut(u.Opaque, "/")
		if !ok {
			return Identity{}, errNobody
		}
		var all []bus.Role
		for word := range strings.SplitSeq(roles, "+") {
			all = append(all, bus.Role(word))
		}
		return NewIdentity(name, all...)
	}
	return Identity{}, errNobody
}
