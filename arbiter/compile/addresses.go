package compile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

// addresses gives the addresses of the hosts whose checks read agent output: payloads may call the hosts by them.
func addresses(c *objects.Config) []monitor.PiggybackAddress {
	reads, found := readers(c), addressees(c)
	var all []monitor.PiggybackAddress
	for i := range c.Hosts {
		if h := &c.Hosts[i]; found[h.Address] == h.Name && readsAgent(c, h, reads) {
			all = append(all, monitor.PiggybackAddress{Address: strings.Clone(h.Address), Host: strings.Clone(h.Name)})
		}
	}
	slices.SortFunc(all, func(a, b monitor.PiggybackAddress) int { return cmp.Compare(a.Address, b.Address) })
	return all
}

// readers tells calls of checks that read agent output by what their command line or an argument names.
func readers(c *objects.Config) func(monitor.Call) bool {
	names := func(text string) bool {
		return strings.Contains(text, "onbu-agent") || strings.Contains(text, "check_mk_agent")
	}
	commands, args := make([]bool, len(c.Commands)), make([]bool, len(c.Args))
	for i := range c.Commands {
		commands[i] = names(c.Commands[i].Line)
	}
	for i := range c.Args {
		args[i] = slices.ContainsFunc(c.Args[i], names)
	}
	return func(call monitor.Call) bool {
		return call.Command != monitor.None && (commands[call.Command] || args[call.Args])
	}
}

func readsAgent(c *objects.Config, h *objects.Host, reads func(monitor.Call) bool) bool {
	if reads(h.Check) {
		return true
	}
	return slices.ContainsFunc(c.Services[h.FirstService:h.FirstService+h.ServiceCount], func(s objects.Service) bool { return reads(s.Check) })
}
