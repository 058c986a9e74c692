package target

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"hash/crc32"
	"math/big"
	"net"
	"time"

	"github.com/onbu/onbu/internal/adh"
)

// nrpeSays is every NRPE target's answer.
const nrpeSays = "OK - load average: 0.10, 0.12, 0.09|load1=0.100;15.000;30.000;0; load5=0.120;10.000;25.000;0; load15=0.090;5.000;20.000;0;"

// nrpe answers NRPE queries of the versions 2, 3 and 4, without a look at their CRC or their command. It closes first, as the
// nrpe daemon does.
func nrpe() quick { return quick{answer: nrpeAnswers()} }

// nrpeAnswers gives the answer to a query of each version.
func nrpeAnswers() func(query []byte) []byte {
	answers := [...][]byte{2: nrpePacket(2), 3: nrpePacket(3), 4: nrpePacket(4)}
	return func(query []byte) []byte {
		if n := nrpeLen(query); n == 0 || len(query) < n {
			return nil
		}
		return answers[binary.BigEndian.Uint16(query)]
	}
}

// nrpeLen gives how long a query is that begins so, 0 if that cannot be said yet or is nonsense (common.h of NRPE 4.1).
func nrpeLen(query []byte) int {
	if len(query) < 16 {
		return 0
	}
	text := int(binary.BigEndian.Uint32(query[12:]) & 0xffff)
	switch binary.BigEndian.Uint16(query) {
	case 2:
		return 1036
	case 3:
		return 19 + text
	case 4:
		return 16 + text
	}
	return 0
}

// nrpePacket makes the answer in one version.
func nrpePacket(version uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, version)
	b = append(b, 0, 2, 0, 0, 0, 0, 0, 0)
	if version == 2 {
		b = append(b, nrpeSays...)
		b = append(b, make([]byte, 1036-len(b))...)
	} else {
		b = append(b, 0, 0)
		b = binary.BigEndian.AppendUint32(b, uint32(len(nrpeSays)+1))
		b = append(append(b, nrpeSays...), 0)
	}
	if version == 3 {
		b = append(b, 0, 0, 0)
	}
	binary.BigEndian.PutUint32(b[4:], crc32.ChecksumIEEE(b))
	return b
}

// nrpeOver answers NRPE queries over connections that wrap protects.
func nrpeOver(wrap func(net.Conn) net.Conn) func(context.Context, func(port int)) error {
	answer := nrpeAnswers()
	return func(ctx context.Context, ready func(port int)) error {
		return listen(ctx, ready, func(raw net.Conn) {
			_ = raw.SetDeadline(time.Now().Add(10 * patience))
			c := wrap(raw)
			defer c.Close()
			buf := make([]byte, 2048)
			for n := 0; n < len(buf); {
				got, err := c.Read(buf[n:])
				if err != nil {
					return
				}
				n += got
				if a := answer(buf[:n]); a != nil {
					_, _ = c.Write(a)
					return
				}
			}
		})
	}
}

// nrpeTLS answers over TLS of one version with a certificate. Without tickets every handshake is a whole one.
func nrpeTLS(version uint16, tickets bool) func(context.Context, func(port int)) error {
	return func(ctx context.Context, ready func(port int)) error {
		certificate, err := certificate()
		if err != nil {
			return err
		}
		config := &tls.Config{
			Certificates: []tls.Certificate{certificate}, MinVersion: version, MaxVersion: version, SessionTicketsDisabled: !tickets,
		}
		return nrpeOver(func(c net.Conn) net.Conn { return tls.Server(c, config) })(ctx, ready)
	}
}

// nrpeADH answers over TLS 1.2 with anonymous Diffie-Hellman keys, every handshake a whole one.
func nrpeADH(ctx context.Context, ready func(port int)) error {
	config := adh.Config{Shares: adh.NewShares()} // OpenSSL does not; it would take half of the machine
	return nrpeOver(func(c net.Conn) net.Conn { return adh.Server(c, config) })(ctx, ready)
}

// certificate makes one that vouches for itself.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
