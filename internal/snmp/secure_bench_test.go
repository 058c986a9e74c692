package snmp

import (
	"fmt"
	"testing"

	"github.com/gosnmp/gosnmp"
)

// BenchmarkSecure compares the two codecs of SNMPv3, signed with SHA-256 and encrypted with AES, keys known. gosnmp's
// decoder does not verify the signature by itself, ours does.
func BenchmarkSecure(b *testing.B) {
	for _, n := range []int{1, 10} {
		names := objects(b, n)
		s := secureUser()
		p := request(tagResponse, 7, names)
		for i := range p.bindings {
			p.bindings[i].Tag, p.bindings[i].Value = TagCounter32, []byte{1, 0xe2, 0x40}
		}
		q := request(tagGet, 7, names)
		answer := s.encode(42, p)
		b.Run(fmt.Sprintf("ours/encode/objects=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.encode(42, q)
			}
		})
		b.Run(fmt.Sprintf("ours/decode/objects=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if m, err := s.decode(42, answer); err != nil || len(m.pdu.bindings) != n {
					b.Fatal(err)
				}
			}
		})
		g, variables := gosnmpUser(b, s, names)
		b.Run(fmt.Sprintf("gosnmp/encode/objects=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.SnmpEncodePacket(gosnmp.GetRequest, variables, 0, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("gosnmp/decode/objects=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				msg := append([]byte(nil), answer...) // it is decrypted in place
				if p, err := g.SnmpDecodePacket(msg); err != nil || len(p.Variables) != n {
					b.Fatal(err)
				}
			}
		})
	}
}

// gosnmpUser gives gosnmp the user and the engine of s, with keys.
func gosnmpUser(tb testing.TB, s *usm, names []OID) (*gosnmp.GoSNMP, []gosnmp.SnmpPDU) {
	tb.Helper()
	parameters := &gosnmp.UsmSecurityParameters{
		UserName: s.user.Name, AuthenticationProtocol: gosnmp.SHA256, AuthenticationPassphrase: s.user.AuthPassword,
		PrivacyProtocol: gosnmp.AES, PrivacyPassphrase: s.user.PrivPassword, AuthoritativeEngineID: s.engine.id,
		AuthoritativeEngineBoots: uint32(s.engine.boots), AuthoritativeEngineTime: uint32(s.engine.time),
	}
	if err := parameters.InitSecurityKeys(); err != nil {
		tb.Fatal(err)
	}
	g := &gosnmp.GoSNMP{
		Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, MsgFlags: gosnmp.AuthPriv | gosnmp.Reportable,
		SecurityParameters: parameters, ContextEngineID: s.engine.id, MaxOids: 60,
	}
	var variables []gosnmp.SnmpPDU
	for _, name := range names {
		variables = append(variables, gosnmp.SnmpPDU{Name: name.String(), Type: gosnmp.Null})
	}
	return g, variables
}

// BenchmarkLocalisedKey is what an agent costs once: the first time with the hash of the password, then without.
func BenchmarkLocalisedKey(b *testing.B) {
	auth := authNamed("SHA-256")
	b.Run("new password", func(b *testing.B) {
		for b.Loop() {
			newKeyRing(8).localised(auth, "authpass12", "\x80\x00\x1f\x88\x04test")
		}
	})
	b.Run("new agent", func(b *testing.B) {
		ring := newKeyRing(1 << 20)
		for i := 0; b.Loop(); i++ {
			ring.localised(auth, "authpass12", fmt.Sprint("\x80\x00\x1f\x88\x04", i))
		}
	})
	b.Run("known agent", func(b *testing.B) {
		ring := newKeyRing(8)
		for b.Loop() {
			ring.localised(auth, "authpass12", "\x80\x00\x1f\x88\x04test")
		}
	})
}
