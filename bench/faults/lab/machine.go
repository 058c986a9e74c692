package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Machine is one machine of a lab.
type Machine struct {
	Name string
	Addr netip.Addr

	lab   *Lab
	space string // its namespace

	mu      sync.Mutex
	running []*Process
}

// Machine adds a machine.
func (l *Lab) Machine(name string) (*Machine, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.all) + 1
	if n >= stranger {
		return nil, errors.New("a lab has room for 252 machines")
	}
	m := &Machine{Name: name, Addr: l.addr(n), lab: l, space: fmt.Sprintf("%s-%d", l.tag, n)}
	if err := os.MkdirAll(m.Dir(""), 0o755); err != nil {
		return nil, err
	}
	l.all = append(l.all, m)
	if !l.Isolated() {
		return m, nil
	}
	far := fmt.Sprintf("m%d", n)
	return m, l.ip(
		"netns add "+m.space,
		"-n "+m.space+" link set lo up",
		"-n "+m.space+" link add eth0 type veth peer name "+far+" netns "+l.tag+"-sw",
		"-n "+l.tag+"-sw link set "+far+" master br0 up",
		"-n "+m.space+" addr add "+m.Addr.String()+"/24 dev eth0",
		"-n "+m.space+" link set eth0 up",
	)
}

// Dir is a folder of the machine.
func (m *Machine) Dir(name string) string { return filepath.Join(m.lab.dir, m.Name, name) }

// Path is the address of a port of the machine.
func (m *Machine) Path(port int) string {
	return netip.AddrPortFrom(m.Addr, uint16(port)).String()
}

func (m *Machine) processes() []*Process {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.running)
}

// Unplug takes the machine's cable out; Plug puts it in again. What is between processes of one machine goes on.
func (m *Machine) Unplug() error { return m.link("down") }

// Plug undoes Unplug.
func (m *Machine) Plug() error { return m.link("up") }

func (m *Machine) link(state string) error {
	if !m.lab.Isolated() {
		return errNotIsolated
	}
	return m.lab.ip("-n " + m.space + " link set eth0 " + state)
}

var errNotIsolated = errors.New("machines of this lab share one network: to cut it, run as root with the packages iproute2 and nftables")
