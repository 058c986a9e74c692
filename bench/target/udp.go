package target

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// answerer gives the answer of the host at an address to a datagram; nil if there is none. The answer is read before the next call.
type answerer func(datagram []byte, host netip.Addr, now time.Time) []byte

// socketBuffer holds what a poller sends while the target does not run.
const socketBuffer = 8 << 20

// serveUDP answers on one port of all loopback addresses until ctx ends, each from the address that was asked.
func serveUDP(ctx context.Context, answer answerer, delay time.Duration, ready func(port int)) error {
	config := net.ListenConfig{Control: loopbackWithAddress}
	l, err := config.ListenPacket(ctx, "udp4", "0.0.0.0:0")
	if err != nil {
		return err
	}
	conn := l.(*net.UDPConn)
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	_ = conn.SetReadBuffer(socketBuffer)
	ready(conn.LocalAddr().(*net.UDPAddr).Port)
	later := make(chan *held, 1<<16)
	defer close(later)
	go release(later, conn)
	datagram, control := make([]byte, 1<<16), make([]byte, 128)
	for {
		n, m, _, from, err := conn.ReadMsgUDPAddrPort(datagram, control)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		}
		host, ok := reply(control[:m])
		if !ok {
			return fmt.Errorf("the kernel does not say which address was asked: %x", control[:m])
		}
		out := answer(datagram[:n], host, time.Now())
		switch {
		case out == nil:
		case delay == 0:
			_, _, _ = conn.WriteMsgUDPAddrPort(out, control[:m], from) // what is lost is lost, as on any network
		default:
			later <- &held{time.Now().Add(delay), append([]byte(nil), out...), append([]byte(nil), control[:m]...), from}
		}
	}
}

// held is an answer that waits. All wait for the same time, so that the first is due first.
type held struct {
	due               time.Time
	datagram, control []byte
	to                netip.AddrPort
}

func release(later <-chan *held, conn *net.UDPConn) {
	for h := range later {
		time.Sleep(time.Until(h.due))
		_, _, _ = conn.WriteMsgUDPAddrPort(h.datagram, h.control, h.to)
	}
}

// loopbackWithAddress binds a socket to the loopback interface and has each datagram come with the address that it was sent to.
func loopbackWithAddress(network, address string, c syscall.RawConn) error {
	if err := onlyLoopback(network, address, c); err != nil {
		return err
	}
	var set error
	err := c.Control(func(fd uintptr) { set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1) })
	return errors.Join(err, set)
}

// reply gives the address that a datagram was sent to, and turns its control message into one that sends from there: ip(7),
// IP_PKTINFO. A header of 16 bytes is followed by the interface, the local address and the one in the datagram.
func reply(control []byte) (host netip.Addr, ok bool) {
	const header, size = 16, 28
	if len(control) < size || binary.NativeEndian.Uint32(control[12:]) != syscall.IP_PKTINFO {
		return netip.Addr{}, false
	}
	info := control[header:size]
	host = netip.AddrFrom4([4]byte(info[8:12]))
	clear(info[:4])
	copy(info[4:8], info[8:12])
	return host, true
}
