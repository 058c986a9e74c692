package arbiter

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// ports finds out which modules would listen at the same address and port, where only the first one to come can.
type ports struct {
	all []port
	// taken are mistakes; doubtful are ports of modules whose daemons differ, which may run on one machine or in one process.
	taken, doubtful []string
	takers          [][2]*monitor.Module // whose ports are taken, by taken
}

// port is where a module listens. host is empty for all addresses.
type port struct {
	of                        *monitor.Module
	text, network, host, port string
}

// add notes where a module listens.
func (p *ports) add(m *monitor.Module, open []string) {
	for _, text := range open {
		one := portOf(m, text)
		for i := range p.all {
			if p.all[i].clashes(&one) {
				p.tell(&one, &p.all[i])
			}
		}
		p.all = append(p.all, one)
	}
}

// portOf takes an address apart. Names but localhost stay as they are: what they mean shows where the module is hosted.
func portOf(m *monitor.Module, text string) port {
	p := port{of: m, text: text}
	p.network, p.host, _ = strings.Cut(text, " ")
	if host, number, err := net.SplitHostPort(p.host); err == nil && p.network != "unix" {
		p.host, p.port = strings.Replace(host, "localhost", "127.0.0.1", 1), number
		if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
			p.host = ""
		}
	}
	return p
}

func (p *port) clashes(o *port) bool {
	return p.of != o.of && p.network == o.network && p.port == o.port && (p.host == o.host || p.host == "" || o.host == "")
}

// tell says that two modules want the same; the first was defined before.
func (p *ports) tell(later, first *port) {
	text := fmt.Sprintf("%s:%d: module %s would listen at %s, where module %s does (%s:%d, %s)",
		later.of.File, later.of.Line, later.of.Name, later.text, first.of.Name, first.of.File, first.of.Line, first.text)
	if apart(later.of.Daemons, first.of.Daemons) {
		p.doubtful = append(p.doubtful, text+": fine as long as "+strings.Join(first.of.Daemons, ", ")+" and "+strings.Join(later.of.Daemons, ", ")+" run on machines of their own")
		return
	}
	p.taken = append(p.taken, text+": give one of them another port or host")
	p.takers = append(p.takers, [2]*monitor.Module{first.of, later.of})
}

// apart says that no daemon hosts both of two modules. Without daemons each that knows the type does.
func apart(a, b []string) bool {
	return len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}
