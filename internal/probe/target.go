package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Family restricts a target to one kind of addresses, as -4 and -6 do.
type Family uint8

// The families.
const (
	AnyFamily Family = iota
	IPv4
	IPv6
)

// Target is a place to connect to: a host and port, or the path of a unix socket. It is immutable.
type Target struct {
	host    string
	port    uint16
	path    string
	family  Family
	literal netip.Addr // valid if host is an address
	names   *net.Resolver
}

// NewTarget makes a target of a name or an address. A nil resolver is the system's. The error is for hosts that
// getaddrinfo(3) understands and Go does not ("127.1"), and for ports that do not exist.
func NewTarget(host string, port int, family Family, names *net.Resolver) (Target, error) {
	if port < 0 || port > 65535 {
		return Target{}, fmt.Errorf("port %d: there are only 0 to 65535", port)
	}
	t := Target{host: host, port: uint16(port), family: family, names: names}
	if t.names == nil {
		t.names = net.DefaultResolver
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case err == nil:
		t.literal = addr
	case host == "" || len(host) > 255 || strings.ContainsAny(host, " \t\r\n\x00/[]:"):
		return Target{}, fmt.Errorf("host %.64q is neither a name nor an address", host)
	case oddAddress(host):
		return Target{}, fmt.Errorf("host %q is an address in a form that is not supported", host)
	}
	return t, nil
}

// oddAddress says whether inet_aton(3) may take host for an address: "127.1", "0x7f000001".
func oddAddress(host string) bool {
	return host[0] >= '0' && host[0] <= '9' && strings.Trim(host, "0123456789abcdefxABCDEFX.") == ""
}

// UnixTarget makes a target of the path of a unix socket, which has at most 107 bytes (sun_path in unix(7)).
func UnixTarget(path string) (Target, error) {
	if len(path) > 107 || strings.ContainsRune(path, 0) {
		return Target{}, fmt.Errorf("path of unix socket %.128q is too long", path)
	}
	return Target{path: path}, nil
}

// Host gives the host as it was written, or the path of the unix socket.
func (t *Target) Host() string {
	if t.path != "" {
		return t.path
	}
	return t.host
}

// String gives what a person calls the target.
func (t *Target) String() string {
	if t.path != "" {
		return t.path
	}
	return net.JoinHostPort(t.host, strconv.Itoa(int(t.port)))
}

// LookupError says that a name has no address; Reason is in the words of gai_strerror(3).
type LookupError struct {
	Reason string
	Err    error
}

func (e *LookupError) Error() string { return fmt.Sprintf("%s (%v)", e.Reason, e.Err) }

func (e *LookupError) Unwrap() error { return e.Err }

// ConnectError says that a connection could not be opened; the target refused it, or the network did.
type ConnectError struct {
	Target string // "address 10.0.0.7 and port 80", "file socket /run/x"
	Errno  syscall.Errno
}

// Error is the sentence of np_net_connect in netutils.c of the Monitoring Plugins.
func (e *ConnectError) Error() string { return "connect to " + e.Target + ": " + strerror(e.Errno) }

func (e *ConnectError) Unwrap() error { return e.Errno }

// strerror gives the text of strerror(3): Go has the same with a small first letter.
func strerror(errno syscall.Errno) string {
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}

// TimedOut says whether err means that the check's time was over.
func TimedOut(err error) bool {
	if _, ok := errors.AsType[syscall.Errno](err); ok {
		return false // ETIMEDOUT: the kernel gave up, before our time was over
	}
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, context.Canceled)
}

// Local says whether err is this machine's trouble rather than the target's: no free port, no file descriptor, no right.
func Local(err error) bool {
	for _, errno := range []syscall.Errno{
		syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
		syscall.EPERM, syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT,
	} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// addresses gives what the target's name stands for, in the order of RFC 6724, as getaddrinfo does.
func (t *Target) addresses(ctx context.Context) ([]netip.Addr, error) {
	if t.literal.IsValid() {
		if t.family == IPv4 && !t.literal.Is4() || t.family == IPv6 && t.literal.Is4() {
			return nil, &LookupError{"Address family for hostname not supported", errors.New(t.host)}
		}
		return []netip.Addr{t.literal}, nil
	}
	network := [...]string{AnyFamily: "ip", IPv4: "ip4", IPv6: "ip6"}[t.family]
	found, err := t.names.LookupNetIP(ctx, network, t.host)
	if err != nil {
		return nil, lookupFailed(ctx, err)
	}
	return found, nil
}

func lookupFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	dns, ok := errors.AsType[*net.DNSError](err)
	if ok && !dns.IsNotFound && (dns.IsTemporary || dns.IsTimeout) {
		return &LookupError{"Temporary failure in name resolution", err}
	}
	return &LookupError{"Name or service not known", err}
}
