package lab

import (
	"errors"
	"fmt"
	"strings"
)

// Deaf lets a machine hear nothing any more of what others send it: the one direction of a cut. Packets vanish without a word, as
// where a cable is broken.
func (m *Machine) Deaf(to ...*Machine) error {
	if !m.lab.Isolated() {
		return errNotIsolated
	}
	if m.lab.tools.nft == "" {
		return errors.New("nothing can be cut without the program nft: install the package nftables")
	}
	var b strings.Builder
	b.WriteString("add table inet onbu; add chain inet onbu in { type filter hook input priority 0; }; ")
	for _, other := range to {
		fmt.Fprintf(&b, "add rule inet onbu in ip saddr %s drop; ", other.Addr)
	}
	return run(m.lab.tools.ip, "netns", "exec", m.space, m.lab.tools.nft, b.String())
}

// Heal ends all deafness of a machine.
func (m *Machine) Heal() error {
	if !m.lab.Isolated() || m.lab.tools.nft == "" {
		return nil
	}
	return run(m.lab.tools.ip, "netns", "exec", m.space, m.lab.tools.nft, "add table inet onbu; delete table inet onbu")
}

// Cut cuts a machine off from others, both ways.
func (m *Machine) Cut(others ...*Machine) error {
	err := m.Deaf(others...)
	for _, other := range others {
		err = errors.Join(err, other.Deaf(m))
	}
	return err
}
