package collectd

import (
	"net"
	"testing"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
)

// The receiver starts a listener again that gave up, and can only if it ends.
func TestAPortThatCannotBeReadAnyMoreEndsTheListener(t *testing.T) {
	s := modules.Read(sinktest.Define("c", "collectd", "port 0"))
	l := New(s, sinktest.Env()).(*Listener)
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := l.work(t.Context(), conn, &sinktest.Sink{}); err == nil {
		t.Error("it says nothing of what is wrong")
	}
}
