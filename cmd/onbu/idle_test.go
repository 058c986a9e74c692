package main_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules/listen/nsca/packet"
	"github.com/onbu/onbu/monitor/api"
)

// 5,000 connections to an NSCA port that say nothing, from as many addresses, are all held at once with the settings as they are. Those who
// send beside them lose nothing, and an idle connection costs a bounded amount of memory.
func TestASenderBesideFiveThousandIdleConnections(t *testing.T) {
	const many, services = 5000, 500
	if n := descriptors(t); n < many+1000 {
		t.Fatalf("the limit of open files is %d here: raise it (ulimit -n %d)", n, many+1000)
	}
	c := newConfig(t)
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	c.host("web1")
	for i := range services {
		c.service("web1", fmt.Sprint("s", i), "fine", "active_checks_enabled 0", "max_check_attempts 1")
	}
	port := realpeer.Port(t)
	c.Define("module", "module_name field", "module_type nsca_server", fmt.Sprint("port ", port), "encryption_method 1", "password secret", "timeout 3600")
	o := serve(t, t.TempDir(), "run", c.write())
	o.says(`msg="listens for NSCA"`)
	o.seen(fmt.Sprint("web1/s", services-1), "is there", func(api.Object) bool { return true })
	before := o.memory("VmHWM")
	idle := make([]net.Conn, many)
	for i := range idle {
		idle[i], _ = greeted(t, port, i)
	}
	with := o.memory("VmHWM")
	k, err := packet.NewKey(packet.XOR, "secret")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for i := range services {
		conn, init := greeted(t, port, 1)
		raw := packet.NewEncoder(k, init).Append(nil, packet.Packet{Host: []byte("web1"), Service: fmt.Append(nil, "s", i), Output: []byte("fine")}, packet.Long)
		if _, err := conn.Write(raw); err != nil {
			t.Error("a sender beside them:", err)
		}
		conn.Close()
	}
	took := time.Since(began)
	o.counts("onbu_nsca_results_total", services)
	o.counts("onbu_passive_results_total", services)
	t.Logf("most memory: %d kB, with them %d, after the senders %d; %d results on a connection each took %s", before, with, o.memory("VmHWM"), services, took)
	if each := (with - before) << 10 / many; each > 32<<10 {
		t.Errorf("an idle connection costs %d bytes", each)
	}
	for i, conn := range idle {
		_ = conn.SetReadDeadline(time.Now())
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("connection %d was not held: %v", i, err)
		}
	}
}

// greeted gives the nth connection to an NSCA server, and its greeting. Each comes from an address of its own, and is closed when the test is over.
func greeted(t *testing.T, port, n int) (net.Conn, []byte) {
	t.Helper()
	n += 1 << 16
	from := net.Dialer{Timeout: patience, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, byte(n >> 16), byte(n >> 8), byte(n)}), 0))}
	c, err := from.DialContext(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	init := make([]byte, packet.InitSize)
	if _, err := io.ReadFull(c, init); err != nil {
		t.Fatalf("the greeting: %v", err)
	}
	return c, init
}

// descriptors is how many files a process may have open at the same time.
func descriptors(t *testing.T) uint64 {
	t.Helper()
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		t.Fatal(err)
	}
	return r.Max
}

// memory gives a size in kB out of what the kernel says of the daemon: VmRSS is what it has in memory, VmHWM the most it had.
func (o *onbu) memory(what string) int {
	o.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", o.Process.Process.Pid))
	if err != nil {
		o.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), what+":")
	kb, err := strconv.Atoi(strings.Fields(rest + " none")[0])
	if err != nil {
		o.t.Fatalf("%s: %v", what, err)
	}
	return kb
}
