package syslog_test

import (
	"net"
	"strings"
	"testing"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// As a proxy does that has no server behind it: what came before that is answered with a reset, or what comes after it.
func TestAConnectionThatIsClosedUnreadIsNoDelivery(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	m := module(t, "transport", "tcp", "host", "127.0.0.1", "port", port, "timeout", "500ms")
	for range 200 {
		if err := m.Export(t.Context(), []monitor.Brok{line("HOST ALERT: web;DOWN;HARD;1;gone")}); err == nil {
			t.Fatal("taken as delivered, although nobody read a byte")
		}
	}
}

func TestAMessageThatNoDatagramHoldsIsPassedOver(t *testing.T) {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.LocalAddr().String())
	m := module(t, "transport", "udp", "host", "127.0.0.1", "port", port, "max_message", "100000")
	broks := []monitor.Brok{line("HOST ALERT: web;DOWN;HARD;1;" + strings.Repeat("x", 80_000)), line("HOST ALERT: web;DOWN;HARD;1;gone")}
	if err := m.Export(t.Context(), broks); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1000)
	if n, _, err := l.ReadFrom(b); err != nil || !strings.HasSuffix(string(b[:n]), ";gone") {
		t.Errorf("%q, %v", b[:n], err)
	}
	if n := m.(modules.Refusing).Refused(); n != 1 {
		t.Errorf("%d counted", n)
	}
}
