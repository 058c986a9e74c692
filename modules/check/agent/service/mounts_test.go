package service_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

const mountsExample = `<<<mounts>>>
/dev/sda2 / ext4 rw,relatime,errors=remount-ro,commit=5 0 0
/dev/sdb1 /my\040disk xfs rw,noatime 0 0
/dev/loop3 /snap/core/1 squashfs ro,nodev 0 0
`

func TestMountOptionsAreThoseThatWereFound(t *testing.T) {
	if got, want := offers(t, "mounts", mountsExample), []string{"/=Mount options of /", "/my disk=Mount options of /my disk"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var h host
	found := func(options string) []string { return []string{"-i", "/", "-o", "options=" + options} }
	expect(t, h.look(t, "mounts", mountsExample, found("rw,relatime,errors=remount-ro")...), monitor.OK, "mounted exactly as expected", "")
	expect(t, h.look(t, "mounts", mountsExample, found("rw,noatime,errors=remount-ro")...), monitor.Warning, "missing: noatime(!), exceeding: relatime(!)", "")
	readOnly := strings.Replace(mountsExample, "rw,relatime", "ro,relatime", 1)
	expect(t, h.look(t, "mounts", readOnly, found("rw,relatime,errors=remount-ro")...), monitor.Critical,
		"has switched to read-only and is probably damaged(!!), missing: rw(!), exceeding: ro(!)", "")
	expect(t, h.look(t, "mounts", readOnly, "-i", "/"), monitor.Critical,
		"mounted read-only, probably because of errors(!!), ext4 with ro,relatime,errors=remount-ro,commit=5", "")
	expect(t, h.look(t, "mounts", mountsExample, "-i", "/my disk"), monitor.OK, "xfs with rw,noatime", "")
	expect(t, h.look(t, "mounts", mountsExample, "-i", "/gone"), monitor.Critical,
		`there is no mount "/gone" in the agent's output, but /, /my disk, /snap/core/1(!!)`, "")
}

const tcpExample = "<<<tcp_conn_stats>>>\n01 10\n0A 15\n06 3\nFF 1\n01 2\n"

func TestConnectionsAreCountedByState(t *testing.T) {
	var h host
	got := h.look(t, "tcp_conn_stats", tcpExample, "-w", "100", "-c", "200")
	expect(t, got, monitor.OK, "Established: 12",
		"ESTABLISHED=12;100;200;0 SYN_SENT=0;;;0 SYN_RECV=0;;;0 FIN_WAIT1=0;;;0 FIN_WAIT2=0;;;0 TIME_WAIT=3;;;0 CLOSED=0;;;0 CLOSE_WAIT=0;;;0 LAST_ACK=0;;;0 LISTEN=15;;;0 CLOSING=0;;;0")
	if got.LongOutput != "TIME_WAIT: 3\nLISTEN: 15" {
		t.Errorf("long output: got %q", got.LongOutput)
	}
	expect(t, h.look(t, "tcp_conn_stats", tcpExample, "-o", "time_wait=2,4"), monitor.Warning, "Established: 12, TIME_WAIT: 3 (warn/crit at 2/4)(!)", "")
	expect(t, h.look(t, "tcp_conn_stats", tcpExample, "-o", "listen=20:"), monitor.Warning, "Established: 12, LISTEN: 15 (warn/crit below 20/never)(!)", "")
	expect(t, h.look(t, "tcp_conn_stats", "<<<tcp_conn_stats>>>\nx\n"), monitor.Unknown, "the agent does not show the TCP connections(?)", "")
}
