package icmp_test

import (
	"fmt"
	"os"
	osexec "os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/internal/realpeer"
)

// network makes a network namespace of the test's own with loopback up, runs setup in it (commands, a line each, words parted by blanks), moves
// the test's goroutine into it and gives the words that run a program there. Both go with the test.
//
// In it 10.99.0.0/24 has no living host but 10.99.0.1 (nobody answers ARP), 10.98.1.0/24 is a black hole, 10.98.2.0/24
// unreachable, 10.97.0.0/24 swallows packets, and there is no other route.
func network(t testing.TB, setup string) (inside []string) {
	t.Helper()
	realpeer.Root(t, "a network namespace")
	ip := realpeer.Program(t, "ip", "iproute2")
	name := fmt.Sprintf("onbu-test-%d", os.Getpid())
	do(t, ip, "netns", "add", name)
	runtime.LockOSThread() // never unlocked: the thread ends with the test's goroutine
	t.Cleanup(func() { _ = osexec.Command(ip, "netns", "del", name).Run() })
	inside = []string{ip, "netns", "exec", name}
	for line := range strings.Lines(`
		ip link set lo up
		ip addr add 10.97.0.1/32 dev lo
		ip route add 10.97.0.0/24 dev lo src 10.97.0.1
		ip link add va type veth peer name vb
		ip link set va up
		ip link set vb up
		ip addr add 10.99.0.1/24 dev va
		ip route add blackhole 10.98.1.0/24
		ip route add unreachable 10.98.2.0/24
		` + setup) {
		if words := strings.Split(strings.TrimSpace(line), " "); len(words) > 1 {
			do(t, append(inside[:len(inside):len(inside)], words...)...)
		}
	}
	f, err := os.Open("/run/netns/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	return inside
}

func do(t testing.TB, argv ...string) {
	t.Helper()
	if out, err := osexec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
}
