package service

import (
	"strconv"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
)

// winperfIf is the kind of the network interfaces of Windows.
func winperfIf() Kind {
	return Kind{
		Name: "winperf_if", Takes: interfaceOptions(),
		Sections: []string{"winperf_if", "winperf_if_get_netadapter", "winperf_if_win32_networkadapter", "winperf_if_teaming", "winperf_if_dhcp"},
		Discover: func(in *Input) []Found { return discoverInterfaces(windowsInterfaces(in)) },
		Check:    func(in *Input, r *Report) { checkInterface(in, r, windowsInterfaces(in)) },
	}
}

// windowsInterfaces reads winperf_if (offsets of object 510, Network Interface; 2002 and 2006 are the agent's own) and what a
// plug-in of the agent adds: the alias, and a speed and state that are right also while nothing is plugged in.
func windowsInterfaces(in *Input) []nic {
	w := newWinperf(in.Sections.Get("winperf_if"))
	if w == nil {
		return nil
	}
	more := adapters(in.Sections)
	all := make([]nic, 0, len(w.instances))
	for i, raw := range w.instances {
		n := nic{name: winName(raw), index: strconv.Itoa(i + 1), at: w.at, state: "up"}
		n.speed, _ = w.value("10", i)
		if v, ok := w.value("2002", i); ok {
			n.state = operStatus(v)
		}
		if r := w.row("2006", false); r != nil && i < len(r.values) && strings.Contains(r.values[i], ":") {
			n.mac = r.values[i]
		}
		n.in = traffic{octets: w.count("-246", i), packets: sum(w.count("14", i), w.count("16", i)), discards: w.count("18", i), errors: w.count("20", i)}
		n.out = traffic{octets: w.count("-4", i), packets: sum(w.count("26", i), w.count("28", i)), discards: w.count("30", i), errors: w.count("32", i)}
		if a, ok := more[fold(n.name)]; ok {
			n.alias, n.speed, n.state = a.alias, a.speed, a.state
			if a.mac != "" {
				n.mac = a.mac
			}
		}
		all = append(all, n)
	}
	return all
}

// sum adds counters. As they wrap at different times, the sum of two with 32 bits is not known to wrap.
func sum(a, b count) count { return count{value: a.value + b.value} }

// winName gives an instance its blanks back, for which the agent writes underscores.
func winName(instance string) string {
	return strings.TrimRight(strings.ReplaceAll(strings.ReplaceAll(instance, "_", " "), "  ", " "), " ")
}

// operStatus names what IF_OPER_STATUS of Windows' ifdef.h counts.
func operStatus(v float64) string {
	names := [...]string{1: "up", "down", "testing", "unknown", "dormant", "not present", "lower layer down"}
	if v < 1 || v >= float64(len(names)) {
		return ""
	}
	return names[int(v)]
}

// adapters reads what Get-NetAdapter says of interfaces, by their folded names:
// NAME|ALIAS|SPEED|STATUS|NAME OF STATUS|MAC|GUID.
func adapters(set *section.Set) map[string]nic {
	all := map[string]nic{}
	sec := set.Get("winperf_if_get_netadapter")
	if sec == nil {
		return all
	}
	for _, c := range sec.Rows() {
		if len(c) < 6 || len(all) >= mostThings {
			continue
		}
		n := nic{alias: strings.TrimSpace(c[1]), mac: strings.ReplaceAll(strings.TrimSpace(c[5]), "-", ":")}
		n.speed, _ = numeral(strings.TrimSpace(c[2]))
		if v, ok := numeral(strings.TrimSpace(c[3])); ok {
			n.state = operStatus(v)
		}
		all[fold(winName(c[0]))] = n
	}
	return all
}

// fold makes the name of an adapter comparable with that of its counters, in which ( ) / and # have become [ ] and blanks.
func fold(name string) string {
	return strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		switch c {
		case '(', ')', '[', ']', '/', '#', '_':
			return ' '
		}
		return c
	}, name)), " ")
}
