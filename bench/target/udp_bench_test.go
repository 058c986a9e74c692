package target_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/gosnmp/gosnmp"

	"github.com/onbu/onbu/internal/mmsg"
)

// BenchmarkSNMP asks for one object at a time, with 256 questions under way, from a client that reads no answer: a question and
// its answer cost what is shown, both sides and the kernel together.
func BenchmarkSNMP(b *testing.B) {
	port := uint16(start(b, "snmp"))
	p := gosnmp.SnmpPacket{
		Version: gosnmp.Version2c, Community: "public", PDUType: gosnmp.GetRequest, RequestID: 7,
		Variables: []gosnmp.SnmpPDU{{Name: ".1.3.6.1.2.1.31.1.1.1.6.1", Type: gosnmp.Null}},
	}
	question, err := p.MarshalMsg()
	if err != nil {
		b.Fatal(err)
	}
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	_, _ = conn.SetReadBuffer(4<<20), conn.SetWriteBuffer(4<<20)
	s, err := mmsg.New(conn)
	if err != nil {
		b.Fatal(err)
	}
	in, out := mmsg.ForReceiving(mmsg.Batch, 1500, 0), mmsg.ForSending(mmsg.Batch)
	under, answered := 0, 0
	b.ResetTimer()
	_ = s.Readable(func() bool {
		for {
			if err := s.Receive(in); err != nil {
				b.Error(err)
				return true
			}
			answered += in.Len()
			under -= in.Len()
			if answered >= b.N {
				return true
			}
			for under < 256 {
				out.Reset()
				for i := range mmsg.Batch {
					host := netip.AddrFrom4([4]byte{127, 1, byte(answered), byte(i + 1)})
					out.Add(question, netip.AddrPortFrom(host, port), nil)
				}
				n, _ := s.Send(out, 0)
				under += n
			}
			if in.Len() == 0 {
				return false
			}
		}
	})
}
