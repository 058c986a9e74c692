package snmp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/snmp"
)

// target is an agent as a command line names it.
type target struct {
	peer    string // host:port as net-snmp's messages name it
	network string // "ip4" or "ip6"
	host    string
	port    uint16
	literal netip.Addr // valid if host is an address
}

// agent is whom a command line asks, and how. Lines share it.
type agent struct {
	target
	snmp.Device // without an address if the host is a name
}

func newAgent(l *line) (*agent, error) {
	a := &agent{Device: snmp.Device{Version: l.version, Community: l.community, Timeout: l.timeout, Retries: l.retries}}
	var err error
	if a.target, err = parseTarget(l.host, l.port); err != nil {
		return nil, err
	}
	a.Addr = netip.AddrPortFrom(a.literal, a.port)
	if l.version == snmp.Version3 {
		user, err := l.security.user()
		if err != nil {
			return nil, err
		}
		a.User = &user
	}
	return a, nil
}

// alarm is how long the plugin runs at most. It falls short of what the tries take when the timeout is above 5 s.
func (a *agent) alarm() time.Duration { return a.Timeout*time.Duration(a.Retries) + 5*time.Second }

// parseTarget reads the host as net-snmp 5.9 does: IPv4, or what udp: or udp6: in front of it says.
func parseTarget(host, port string) (target, error) {
	t := target{peer: host + ":" + port, network: "ip4", host: host}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || port[0] == '+' {
		return t, fmt.Errorf("port %q: write a number from 1 to 65535", port)
	}
	t.port = uint16(number)
	if after, ok := strings.CutPrefix(host, "udp6:"); ok {
		t.network, t.host = "ip6", after
		if inner, ok := strings.CutPrefix(after, "["); ok {
			t.host = strings.TrimSuffix(inner, "]")
		}
	} else if after, ok := strings.CutPrefix(host, "udp:"); ok {
		t.host = after
	}
	if addr, err := netip.ParseAddr(t.host); err == nil {
		t.literal = addr
		if addr.Is4() != (t.network == "ip4") || addr.Zone() != "" {
			return t, fmt.Errorf("host %q: an IPv6 address is written udp6:[address]", host)
		}
		return t, nil
	}
	if t.host == "" || len(t.host) > 253 || strings.ContainsAny(t.host, "/:[] \t\n\x00") || oddAddress(t.host) {
		return t, fmt.Errorf("host %q: only names, addresses, and those with udp: or udp6: are supported", host)
	}
	return t, nil
}

// oddAddress says whether the C library may take a host for an address that Go does not know: "127.1", "0x7f000001".
func oddAddress(host string) bool {
	return host[0] >= '0' && host[0] <= '9' && strings.Trim(host, "0123456789abcdefxABCDEFX.") == ""
}

// resolve gives the agent's address and port.
func (t *target) resolve(ctx context.Context, names *net.Resolver) (netip.AddrPort, error) {
	if t.literal.IsValid() {
		return netip.AddrPortFrom(t.literal, t.port), nil
	}
	found, err := names.LookupNetIP(ctx, t.network, t.host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(found[0].Unmap(), t.port), nil
}
