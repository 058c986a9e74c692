package realpeer

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"
)

// Port gives a TCP port of 127.0.0.1 that was free a moment ago. It lies below those that Linux gives to connections: one that
// somebody tries again and again while nobody listens would in the end be connected to itself, and taken. No other test is given
// the same until this one ends, whatever process it runs in.
func Port(t testing.TB) int {
	t.Helper()
	return port(t, "TCP", func(addr string) (io.Closer, error) { return net.Listen("tcp", addr) })
}

// UDPPort gives a UDP port of 127.0.0.1, as Port does.
func UDPPort(t testing.TB) int {
	t.Helper()
	return port(t, "UDP", func(addr string) (io.Closer, error) { return net.ListenPacket("udp", addr) })
}

func port(t testing.TB, kind string, listen func(addr string) (io.Closer, error)) int {
	t.Helper()
	for range 1000 {
		port := 10_000 + rand.IntN(22_000)
		// A name of a socket that is in no folder goes with the process that has it.
		mine, err := net.Listen("unix", fmt.Sprintf("@onbu-test-%s-%d", kind, port))
		if err != nil {
			continue
		}
		if l, err := listen(fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			t.Cleanup(func() { mine.Close() })
			return port
		}
		mine.Close()
	}
	t.Fatalf("no %s port of 127.0.0.1 is free", kind)
	return 0
}
