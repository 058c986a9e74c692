package snmp

import (
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/internal/mmsg"
)

// startResponder answers GETs for any object with a number, on one port of all loopback addresses, from the address that
// was asked, as cheaply as we know how: it is the other side of benchmarks. It gives the port.
func startResponder(t testing.TB) uint16 {
	t.Helper()
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_PKTINFO, 1) })
	if err != nil {
		t.Fatal(err)
	}
	forceBuffer(conn, receiveBuffer)
	s, err := mmsg.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		serveNumbers(s)
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

func serveNumbers(s *mmsg.Socket) {
	in, out := mmsg.ForReceiving(mmsg.Batch, 2048, 64), mmsg.ForSending(mmsg.Batch)
	answers := make([][]byte, mmsg.Batch)
	_ = s.Readable(func() bool {
		for s.Receive(in) == nil && in.Len() > 0 {
			out.Reset()
			for i := range in.Len() {
				answers[i] = appendNumbers(answers[i][:0], in.Payload(i))
				out.Add(answers[i], in.From(i), in.Control(i))
			}
			for from := 0; from < out.Len(); {
				n, err := s.Send(out, from)
				if from += n; err != nil {
					from++
				}
			}
		}
		return false
	})
}

// appendNumbers answers a request: each object gets the Counter32 123456.
func appendNumbers(b, msg []byte) []byte {
	all := newReader(msg)
	r := all.enter(tagSequence)
	version := r.int()
	community, _ := r.octets()
	_, body := r.element()
	var p pdu
	p.kind, p.request = tagResponse, int32(body.int())
	body.int()
	body.int()
	var room [128]Binding
	p.bindings = room[:0]
	for list := body.enter(tagSequence); list.more(); {
		one := list.enter(tagSequence)
		name := one.enter(TagOID)
		p.bindings = append(p.bindings, Binding{Name: view(name.bytes()), Tag: TagCounter32, Value: number})
	}
	return appendCommunity(b, Version(version), string(community), &p)
}

var number = []byte{0x01, 0xe2, 0x40}

// loopback gives the n-th of many addresses of this machine.
func loopback(n int, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, byte(1 + n>>16), byte(n >> 8), byte(n)}), port)
}
