package icmp

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/internal/realpeer"
)

func TestWhatHasArrivedIsReadBeforeATargetIsLost(t *testing.T) {
	realpeer.Root(t, "a raw ICMP socket")
	s, err := openSocket(v4)
	if err != nil {
		t.Fatal(err)
	}
	c := newConn(s, 0) // nobody receives, as on a machine that has no time to
	defer c.close()
	a := &answer{world: &world{}}
	c.begin(line1(t, "check_icmp -n 1 127.0.0.1"), []target{{addr: netip.MustParseAddr("127.0.0.1")}}, false, time.Time{}, a)
	if n, err := c.sendBatch(); n != 1 || err != nil {
		t.Fatalf("sent %d, %v", n, err)
	}
	raw, err := s.file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) { _, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 10_000) })
	c.start = c.start.Add(-time.Hour) // an hour later
	c.expire()
	if a.times != 1 || !strings.Contains(a.Output, "lost 0%") || strings.Contains(a.Output, "rta 3600") {
		t.Errorf("answered %d times: %+v, %v, want the round trip of then", a.times, a.Outcome, err)
	}
}
