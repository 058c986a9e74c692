package snmp

// User is who asks in SNMPv3, with what secrets: the User-based Security Model. Without Auth nothing is signed, without Priv
// nothing encrypted. Users with the same fields are the same user.
type User struct {
	Name, Context string
	// Auth is a name that AuthName gives, or empty; AuthPassword has at least 8 octets then.
	Auth, AuthPassword string
	// Priv is a name that PrivName gives, or empty; it takes an Auth too.
	Priv, PrivPassword string
}

// AuthName gives the name of an authentication protocol as User has it, for the names that snmpget 5.9.3 takes after -a,
// in any case: MD5, SHA, SHA-224 to SHA-512. It gives "" for others.
func AuthName(name string) string {
	if p := authNamed(name); p != nil {
		return p.name
	}
	return ""
}

// PrivName is AuthName for privacy protocols, snmpget's -x: DES, AES, AES-192, AES-256, AES-192-C, AES-256-C.
func PrivName(name string) string {
	if p := privNamed(name); p != nil {
		return p.name
	}
	return ""
}

// user is a User with its protocols.
type user struct {
	User
	auth *authProtocol
	priv *privProtocol
}

func newUser(u User) *user { return &user{u, authNamed(u.Auth), privNamed(u.Priv)} }

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
