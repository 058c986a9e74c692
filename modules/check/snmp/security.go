package snmp

import (
	"errors"
	"fmt"

	"github.com/onbu/onbu/internal/snmp"
)

// security holds the words of SNMPv3 options until all are there.
type security struct{ level, name, context, auth, authPassword, priv, privPassword string }

// setSecurity takes the options of SNMPv3.
func (c *line) setSecurity(id rune, value string) {
	switch id {
	case 'N':
		c.security.context = value
	case 'L':
		c.security.level = value
	case 'U':
		c.security.name = value
	case 'a':
		c.security.auth = value
	case 'A':
		c.security.authPassword = value
	case 'x':
		c.security.priv = value
	case 'X':
		c.security.privPassword = value
	}
}

// user makes an SNMPv3 user of the words.
func (s *security) user() (snmp.User, error) {
	u := snmp.User{Name: s.name, Context: s.context}
	if s.name == "" || len(s.name) > 32 {
		return u, errors.New("-U: SNMPv3 needs a user name of 1 to 32 bytes")
	}
	switch s.level {
	case "noAuthNoPriv":
		return u, nil
	case "authNoPriv", "authPriv":
	default:
		return u, fmt.Errorf("-L %q: the levels are noAuthNoPriv, authNoPriv and authPriv", s.level)
	}
	if u.Auth = snmp.AuthName(s.auth); u.Auth == "" {
		return u, fmt.Errorf("-a %q is not supported", s.auth)
	}
	u.AuthPassword = s.authPassword
	if s.level == "authPriv" {
		if u.Priv = snmp.PrivName(s.priv); u.Priv == "" {
			return u, fmt.Errorf("-x %q is not supported", s.priv)
		}
		u.PrivPassword = s.privPassword
	}
	const shortest = 8 // RFC 3414, 11.2
	if len(u.AuthPassword) < shortest || u.Priv != "" && len(u.PrivPassword) < shortest {
		return u, errors.New("-A, -X: SNMPv3 passwords have at least 8 characters")
	}
	return u, nil
}
