// Package lab knows how to make machines on one machine: a network namespace for each, joined by a bridge, with processes in
// them that can be killed and stopped, and a network between them that can be cut in one direction or both.
package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Lab is a network of machines. Without root there are no namespaces: all machines have addresses of the loopback device
// then, and nothing between them can be cut. Any goroutine may use it.
type Lab struct {
	dir    string
	net    [3]byte // the first bytes of the addresses
	tag    string  // begins the names of all namespaces
	tools  tools
	mu     sync.Mutex
	all    []*Machine
	disks  []string // where disks are mounted
	closed bool
}

// tools are the programs that a lab with namespaces needs; empty ones are not there.
type tools struct{ ip, nft string }

// The numbers of the addresses that this process has in the lab's network.
const outside, stranger = 254, 253

// Outside is the address of this process in the lab's network, and Stranger another one of it, for what comes from somebody else.
func (l *Lab) Outside() netip.Addr  { return l.addr(outside) }
func (l *Lab) Stranger() netip.Addr { return l.addr(stranger) }

// Isolated says whether machines have a network namespace each.
func (l *Lab) Isolated() bool { return l.tools.ip != "" }

// New makes a lab whose files are below dir. Where this process is root and iproute2 is there, machines are namespaces.
func New(dir string) (*Lab, error) {
	pid := os.Getpid()
	l := &Lab{dir: dir, net: [3]byte{127, 77, byte(pid)}, tag: fmt.Sprintf("onbu-f%d", pid)}
	if os.Geteuid() != 0 {
		return l, nil
	}
	ip, err := find("ip")
	if err != nil {
		return l, nil
	}
	l.tools.ip = ip
	l.tools.nft, _ = find("nft") // without it nothing can be cut, and Cut says so
	l.net = [3]byte{10, 128 + byte(pid>>8)%100, byte(pid)}
	if err := l.bridge(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// find gives the path of a program that may lie where only root looks.
func find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", err
}

// bridge makes the namespace that all cables lead to, and a cable to this process.
func (l *Lab) bridge() error {
	sw, ours := l.tag+"-sw", l.device()
	return l.ip(
		"netns add "+sw,
		"-n "+sw+" link add br0 type bridge",
		"-n "+sw+" link set br0 up",
		"link add "+ours+" type veth peer name lab netns "+sw,
		"-n "+sw+" link set lab master br0 up",
		"addr add "+l.addr(outside).String()+"/24 dev "+ours,
		"addr add "+l.addr(stranger).String()+"/24 dev "+ours,
		"link set "+ours+" up",
	)
}

// device is the lab's end of the cable from this process.
func (l *Lab) device() string { return fmt.Sprintf("onf%d", os.Getpid()) }

// addr is the nth address of the lab.
func (l *Lab) addr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{l.net[0], l.net[1], l.net[2], byte(n)})
}

// ip runs commands of ip, one after the other, until one fails.
func (l *Lab) ip(lines ...string) error {
	for _, line := range lines {
		if err := run(l.tools.ip, strings.Fields(line)...); err != nil {
			return err
		}
	}
	return nil
}

func run(program string, args ...string) error {
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(program), strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// Close ends all processes and takes the network away.
func (l *Lab) Close() error {
	l.mu.Lock()
	machines := slices.Clone(l.all)
	closed := l.closed
	l.closed = true
	l.mu.Unlock()
	if closed {
		return nil
	}
	var errs []error
	for _, m := range machines {
		for _, p := range m.processes() {
			p.end()
		}
	}
	if !l.Isolated() {
		return nil
	}
	errs = append(errs, l.unmount())
	for _, m := range machines {
		errs = append(errs, l.ip("netns del "+m.space))
	}
	_ = l.ip("link del " + l.device()) // goes with its namespace otherwise
	return errors.Join(append(errs, l.ip("netns del "+l.tag+"-sw"))...)
}
