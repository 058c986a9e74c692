package service_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

const lnxIfBegin = `<<<lnx_if>>>
[start_iplink]
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000
    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff
    alias to the core
3: eth1: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc mq state DOWN
    link/ether 52:54:00:12:34:57 brd ff:ff:ff:ff:ff:ff
7: veth12ab@if6: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500
[end_iplink]
<<<lnx_if:sep(58)>>>
    lo:    4520      54    0    0    0     0          0         0     4520       54    0    0    0     0       0          0
  eth1:       0       0    0    0    0     0          0         0        0        0    0    0    0     0       0          0
veth12ab:     9       9    0    0    0     0          0         0        9        9    0    0    0     0       0          0
  eth0: `

const lnxIfEnd = `
[lo]
	Link detected: yes
[eth0]
	Speed: 1000Mb/s
	Duplex: Full
	Auto-negotiation: on
	Link detected: yes
	Address: 52:54:00:12:34:56
[eth1]
	Speed: Unknown!
	Link detected: no
`

func lnxIfAt(eth0 string) string { return lnxIfBegin + eth0 + lnxIfEnd }

func TestInterfaceTellsItsRates(t *testing.T) {
	var h host
	got := h.look(t, "lnx_if", lnxIfAt("1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0"), "-i", "eth0")
	expect(t, got, monitor.OK, "to the core, state: up, MAC: 52:54:00:12:34:56, speed: 1 Gbit/s, waiting for a second look to know the rate", "")
	got = h.look(t, "lnx_if", lnxIfAt("75001000 6010 0 0 0 0 0 0 602000 620 0 0 0 0 0 0"), "-i", "eth0")
	expect(t, got, monitor.OK,
		"to the core, state: up, MAC: 52:54:00:12:34:56, speed: 1 Gbit/s, in: 1.19 MiB/s (1.00%), out: 9.77 KiB/s (0.01%)",
		"in=1250000B;;;0;125000000 in_packets=100;;;0 in_errors=0;0.01;0.1;0 in_discards=0;;;0 "+
			"out=10000B;;;0;125000000 out_packets=10;;;0 out_errors=0;0.001;0.01;0 out_discards=0;;;0")
}

func TestInterfaceLevelsArePercentsOfTheSpeedOrBytes(t *testing.T) {
	for _, c := range []struct {
		args  string
		state monitor.State
		says  string
	}{
		{"-w 1% -c 2%", monitor.Warning, "in: 1.19 MiB/s (1.00%) (warn/crit at 1.00%/2.00%)(!)"},
		{"-w 100K -c 1M", monitor.Critical, "in: 1.19 MiB/s (1.00%) (warn/crit at 100.00 KiB/s/1.00 MiB/s)(!!)"},
		{"-w 90% -c 95% -o speed=10M", monitor.Critical, "in: 1.19 MiB/s (100.00%)"},
		{"-w 1% -c 2% -o in=50%,60%", monitor.OK, "in: 1.19 MiB/s (1.00%), "},
		{"-w 2K: -c 1K:", monitor.OK, "out: 9.77 KiB/s"},
		{"-o errors=x,y", monitor.Unknown, `"x" is no number`},
		{"-o speed=fast", monitor.Unknown, "such as 100M or 10G"},
	} {
		var h host
		args := append([]string{"-i", "eth0"}, strings.Fields(c.args)...)
		h.look(t, "lnx_if", lnxIfAt("1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0"), args...)
		got := h.look(t, "lnx_if", lnxIfAt("75001000 6010 0 0 0 0 0 0 602000 620 0 0 0 0 0 0"), args...)
		if got.State != c.state || !strings.Contains(got.Output, c.says) {
			t.Errorf("%s: got %v %s\nwant %v and %q", c.args, got.State, got.Output, c.state, c.says)
		}
	}
}

func TestInterfaceErrorsCount(t *testing.T) {
	var h host
	h.look(t, "lnx_if", lnxIfAt("0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"), "-i", "eth0")
	got := h.look(t, "lnx_if", lnxIfAt("600 5994 6 0 0 0 0 0 600 6000 0 60 0 0 0 0"), "-i", "eth0", "-o", "discards=0.5,5")
	if want := "in errors: 0.10% (warn/crit at 0.01%/0.10%)(!!)"; got.State != monitor.Critical || !strings.Contains(got.Output, want) {
		t.Errorf("got %v %s, want CRITICAL and %s", got.State, got.Output, want)
	}
	if want := "out discards: 1.00/s (warn/crit at 0.50/s/5.00/s)(!)"; !strings.Contains(got.Output, want) {
		t.Errorf("got %s, want in it %s", got.Output, want)
	}
}

func TestInterfaceThatIsDownIsCriticalUnlessToldOtherwise(t *testing.T) {
	var h host
	output := lnxIfAt("0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0")
	for args, want := range map[string]monitor.State{"": monitor.Critical, "state=any": monitor.OK, "state=down": monitor.OK} {
		list := []string{"-i", "eth1"}
		if args != "" {
			list = append(list, "-o", args)
		}
		if got := h.look(t, "lnx_if", output, list...); got.State != want {
			t.Errorf("-o %s: got %v %s, want %v", args, got.State, got.Output, want)
		}
	}
}

func TestInterfaceIsFoundByNameAliasAndIndex(t *testing.T) {
	var h host
	output := lnxIfAt("0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0")
	for _, item := range []string{"eth0", "to the core", "2", "02"} {
		if got := h.look(t, "lnx_if", output, "-i", item); !strings.Contains(got.Output, "52:54:00:12:34:56") {
			t.Errorf("-i %s: got %s, want eth0", item, got.Output)
		}
	}
	got := h.look(t, "lnx_if", output, "-i", "eth9")
	expect(t, got, monitor.Unknown, `there is no interface "eth9" in the agent's output, but eth0, eth1, lo, veth12ab(?)`, "")
}

func TestOnlyInterfacesThatAreUpAndStayAreOffered(t *testing.T) {
	if got, want := offers(t, "lnx_if", lnxIfAt("0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0")), []string{"eth0=Interface eth0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
