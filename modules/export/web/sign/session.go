package sign

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// session is what a cookie says. It is signed and not stored, so that several brokers with one key and one users file take it.
type session struct {
	id [12]byte
	// issued is when he signed in, seen when he last did something; Unix seconds.
	issued, seen int64
	// mark is of his line in the users file: with another role or password the session is over.
	mark [8]byte
	name string
}

const (
	// mostCookie bounds what is looked at of a cookie.
	mostCookie = 512
	// fixed is what a session takes without the name, and sumSize its signature.
	fixed   = 12 + 8 + 8 + 8
	sumSize = sha256.Size
	// ahead is how far another broker's clock may go before ours.
	ahead = 2 * time.Minute
)

// key signs sessions.
type key []byte

func (k key) sum(what string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, k)
	h.Write([]byte("onbu " + what + " 1\x00"))
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// cookie is the name of the cookie: a browser sends cookies to all ports of a machine, and two installations are not to take each
// other's away.
func (k key) cookie() string { return "onbu-" + hex.EncodeToString(k.sum("cookie")[:4]) }

// mark is of a user as he is.
func (k key) mark(u *User) (m [8]byte) {
	copy(m[:], k.sum("user", []byte(u.String())))
	return m
}

// begin gives a new session of a user.
func (k key) begin(u *User, now time.Time) session {
	s := session{issued: now.Unix(), seen: now.Unix(), mark: k.mark(u), name: u.Name}
	rand.Read(s.id[:]) // crypto/rand never fails
	return s
}

// seal gives the session as a cookie's value.
func (k key) seal(s *session) string {
	b := make([]byte, 0, fixed+len(s.name)+sumSize)
	b = append(b, s.id[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.issued))
	b = binary.BigEndian.AppendUint64(b, uint64(s.seen))
	b = append(b, s.mark[:]...)
	b = append(b, s.name...)
	return base64.RawURLEncoding.EncodeToString(append(b, k.sum("session", b)...))
}

// open reads what seal gave with the same key.
func (k key) open(value string) (*session, bool) {
	if len(value) > mostCookie {
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(b) <= fixed+sumSize {
		return nil, false
	}
	body, sum := b[:len(b)-sumSize], b[len(b)-sumSize:]
	if !hmac.Equal(sum, k.sum("session", body)) {
		return nil, false
	}
	s := &session{name: string(body[fixed:])}
	r := bytes.NewReader(body)
	_ = binary.Read(r, binary.BigEndian, &s.id) // the length is known
	_ = binary.Read(r, binary.BigEndian, &s.issued)
	_ = binary.Read(r, binary.BigEndian, &s.seen)
	_ = binary.Read(r, binary.BigEndian, &s.mark)
	return s, true
}

// over says that a session has lasted too long, or that nothing was done with it for too long.
func (s *session) over(now time.Time, idle, lifetime time.Duration) bool {
	issued, seen := time.Unix(s.issued, 0), time.Unix(s.seen, 0)
	return now.Sub(issued) >= lifetime || now.Sub(seen) >= idle || issued.Sub(now) > ahead || seen.Sub(now) > ahead
}
