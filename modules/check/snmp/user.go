package snmp

import (
	"errors"
	"fmt"
)

// user is who asks in SNMPv3, with what secrets. Without auth nothing is signed, without priv nothing encrypted.
type user struct {
	name, context string
	auth          *authProtocol
	authPassword  string
	priv          *privProtocol
	privPassword  string
}

// userKey is all that makes one user differ from another, to compare.
type userKey struct{ name, context, auth, authPassword, priv, privPassword string }

func (u *user) key() userKey {
	k := userKey{name: u.name, context: u.context, authPassword: u.authPassword, privPassword: u.privPassword}
	if u.auth != nil {
		k.auth = u.auth.name
	}
	if u.priv != nil {
		k.priv = u.priv.name
	}
	return k
}

func (u *user) flags() byte {
	var f byte
	if u.auth != nil {
		f |= flagAuth
	}
	if u.priv != nil {
		f |= flagPriv
	}
	return f
}

// security holds the words of SNMPv3 options until all are there.
type security struct{ level, name, auth, authPassword, priv, privPassword string }

// setSecurity takes the options of SNMPv3.
func (c *command) setSecurity(id rune, value string) {
	switch id {
	case 'N':
		c.user.context = value
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
func (s *security) user(context string) (user, error) {
	u := user{name: s.name, context: context}
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
	if u.auth = authNamed(s.auth); u.auth == nil {
		return u, fmt.Errorf("-a %q is not supported", s.auth)
	}
	u.authPassword = s.authPassword
	if s.level == "authPriv" {
		if u.priv = privNamed(s.priv); u.priv == nil {
			return u, fmt.Errorf("-x %q is not supported", s.priv)
		}
		u.privPassword = s.privPassword
	}
	const shortest = 8 // RFC 3414, 11.2
	if len(u.authPassword) < shortest || u.priv != nil && len(u.privPassword) < shortest {
		return u, errors.New("-A, -X: SNMPv3 passwords have at least 8 characters")
	}
	return u, nil
}
