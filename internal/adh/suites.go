package adh

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"hash"
)

// The suites, by their numbers in the TLS registry.
const (
	DHAnonAES256GCMSHA384 uint16 = 0x00a7
	DHAnonAES128GCMSHA256 uint16 = 0x00a6
	DHAnonAES256CBCSHA256 uint16 = 0x006d
	DHAnonAES128CBCSHA256 uint16 = 0x006c
	DHAnonAES256CBCSHA    uint16 = 0x003a
	DHAnonAES128CBCSHA    uint16 = 0x0034
	ECDHAnonAES256CBCSHA  uint16 = 0xc019
	ECDHAnonAES128CBCSHA  uint16 = 0xc018
)

// renegotiationInfo is the suite number that stands for an empty renegotiation_info extension (RFC 5746, 3.3).
const renegotiationInfo uint16 = 0x00ff

// suite is what a suite's number stands for.
type suite struct {
	id     uint16
	name   string
	ec     bool // ECDH instead of DH
	keyLen int  // AES key, bytes
	// mac makes records' MAC in CBC mode; nil means GCM.
	mac    func() hash.Hash
	macLen int
	// prf is the hash of TLS 1.2's key schedule.
	prf func() hash.Hash
	// new12 says that the suite came with TLS 1.2.
	new12 bool
}

// suites is what there is, best first. Every NRPE since 2.15 finds one here. Never written to.
var suites = [...]suite{
	{id: DHAnonAES256GCMSHA384, name: "ADH-AES256-GCM-SHA384", keyLen: 32, prf: sha512.New384, new12: true},
	{id: DHAnonAES128GCMSHA256, name: "ADH-AES128-GCM-SHA256", keyLen: 16, prf: sha256.New, new12: true},
	{id: DHAnonAES256CBCSHA256, name: "ADH-AES256-SHA256", keyLen: 32, mac: sha256.New, macLen: 32, prf: sha256.New, new12: true},
	{id: DHAnonAES128CBCSHA256, name: "ADH-AES128-SHA256", keyLen: 16, mac: sha256.New, macLen: 32, prf: sha256.New, new12: true},
	{id: DHAnonAES256CBCSHA, name: "ADH-AES256-SHA", keyLen: 32, mac: sha1.New, macLen: 20, prf: sha256.New},
	{id: DHAnonAES128CBCSHA, name: "ADH-AES128-SHA", keyLen: 16, mac: sha1.New, macLen: 20, prf: sha256.New},
	{id: ECDHAnonAES256CBCSHA, name: "AECDH-AES256-SHA", ec: true, keyLen: 32, mac: sha1.New, macLen: 20, prf: sha256.New},
	{id: ECDHAnonAES128CBCSHA, name: "AECDH-AES128-SHA", ec: true, keyLen: 16, mac: sha1.New, macLen: 20, prf: sha256.New},
}

// Suites gives the numbers of all suites, best first. The slice is the caller's.
func Suites() []uint16 {
	ids := make([]uint16, len(suites))
	for i, s := range suites {
		ids[i] = s.id
	}
	return ids
}

// SuiteName gives a suite's name as OpenSSL writes it, or "".
func SuiteName(id uint16) string {
	if s := suiteByID(id); s != nil {
		return s.name
	}
	return ""
}

func suiteByID(id uint16) *suite {
	for i := range suites {
		if suites[i].id == id {
			return &suites[i]
		}
	}
	return nil
}

// fits says whether the suite can be used in a version of the protocol.
func (s *suite) fits(version uint16) bool {
	return version >= tls.VersionTLS12 || !s.new12
}

// text names the alerts that a side of these suites has reason to send (RFC 8446, 6).
func (a AlertError) text() string {
	switch a {
	case 10:
		return "unexpected message"
	case 20:
		return "bad record MAC"
	case 22:
		return "record overflow"
	case HandshakeFailure:
		return "handshake failure: no suite in common"
	case 42:
		return "bad certificate"
	case 47:
		return "illegal parameter"
	case 48:
		return "unknown CA"
	case 49:
		return "access denied"
	case 50:
		return "decode error"
	case 51:
		return "decrypt error"
	case ProtocolVersion:
		return "protocol version: none in common"
	case 71:
		return "insufficient security"
	case 80:
		return "internal error"
	case 116:
		return "certificate required"
	}
	return "see the TLS alert registry"
}
