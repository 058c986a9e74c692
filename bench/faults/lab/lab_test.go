package lab_test

import (
	"net"
	"testing"
	"time"

	"github.com/onbu/onbu/bench/faults/lab"
	"github.com/onbu/onbu/internal/realpeer"
)

func TestACutIsSilentAndOneWayIfWanted(t *testing.T) {
	realpeer.Root(t, "network namespaces")
	realpeer.Program(t, "ip", "iproute2")
	realpeer.Program(t, "nft", "nftables")
	l, err := lab.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	a, err := l.Machine("a")
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Machine("b")
	if err != nil {
		t.Fatal(err)
	}
	ping := func(from, to *lab.Machine) error {
		p, err := from.Start("ping", realpeer.Program(t, "ping", "iputils-ping"), "-c", "1", "-W", "1", to.Addr.String())
		if err != nil {
			t.Fatal(err)
		}
		return p.Wait()
	}
	if err := ping(a, b); err != nil {
		t.Fatalf("before the cut: %v", err)
	}
	if err := b.Deaf(a); err != nil {
		t.Fatal(err)
	}
	if ping(a, b) == nil {
		t.Error("b hears a, to which it is deaf")
	}
	if err := b.Heal(); err != nil {
		t.Fatal(err)
	}
	if err := a.Unplug(); err != nil {
		t.Fatal(err)
	}
	if ping(b, a) == nil {
		t.Error("a hears b without a cable")
	}
	if err := a.Plug(); err != nil {
		t.Fatal(err)
	}
	if err := ping(b, a); err != nil {
		t.Errorf("after all: %v", err)
	}
	if c, err := net.DialTimeout("tcp", a.Path(1), time.Second); err == nil {
		c.Close()
	} else if op := err.(*net.OpError); op.Timeout() {
		t.Errorf("this process has no way into the lab: %v", err)
	}
}
