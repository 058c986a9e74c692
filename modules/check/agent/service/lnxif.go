package service

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
)

// lnxIf is the kind of the network interfaces of Linux.
func lnxIf() Kind {
	return Kind{
		Name: "lnx_if", Sections: []string{"lnx_if"}, Takes: interfaceOptions(),
		Discover: func(in *Input) []Found { return discoverInterfaces(linuxInterfaces(in)) },
		Check:    func(in *Input, r *Report) { checkInterface(in, r, linuxInterfaces(in)) },
	}
}

// linuxNic is an interface while its lines come together.
type linuxNic struct {
	nic
	flags, link string // from ip, and what ethtool says of the link
}

// linuxInterfaces reads lnx_if, sorted by name: what ip says between [start_iplink] and [end_iplink], /proc/net/dev, and for each
// interface [NAME] with what ethtool says.
func linuxInterfaces(in *Input) []nic {
	sec := in.Sections.Get("lnx_if")
	if sec == nil {
		return nil
	}
	l := linuxLines{by: map[string]*linuxNic{}}
	for i := range sec.Parts {
		l.nic, l.iplink = nil, false
		for _, line := range sec.Parts[i].Lines {
			l.take(in, &sec.Parts[i], line)
		}
	}
	var all []nic
	for _, n := range l.by {
		if n.proc != "" {
			n.state = n.linkState()
			all = append(all, n.nic)
		}
	}
	slices.SortFunc(all, func(a, b nic) int { return cmp.Compare(a.name, b.name) })
	for i := range all {
		if all[i].index == "" {
			all[i].index = strconv.Itoa(i + 1)
		}
	}
	return all
}

// linuxLines is in the middle of a section.
type linuxLines struct {
	by     map[string]*linuxNic
	nic    *linuxNic // of which the lines are
	iplink bool
	blocks int // of ethtool so far
}

// named gives an interface; ip calls those that have a peer NAME@PEER. Beyond the bound they are not kept.
func (l *linuxLines) named(name string) *linuxNic {
	name, _, _ = strings.Cut(name, "@")
	n := l.by[name]
	if n == nil {
		n = &linuxNic{nic: nic{name: name}}
		if len(l.by) < mostThings {
			l.by[name] = n
		}
	}
	return n
}

func (l *linuxLines) take(in *Input, p *section.Part, line string) {
	line = strings.TrimSpace(line)
	switch {
	case line == "[start_iplink]":
		l.iplink, l.nic = true, nil
	case line == "[end_iplink]":
		l.iplink, l.nic = false, nil
	case l.iplink:
		l.ip(strings.Fields(line))
	case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
		l.nic = l.named(line[1 : len(line)-1])
		if l.nic.index == "" {
			l.blocks++
			l.nic.index = strconv.Itoa(l.blocks)
		}
	default:
		key, value, _ := strings.Cut(line, ":")
		if isProc(value) {
			l.nic = l.named(key)
			l.nic.proc, l.nic.at = value, in.at(p)
			return
		}
		if l.nic != nil {
			l.nic.ethtool(key, strings.TrimSpace(value))
		}
	}
}

// ip reads a line of ip address.
func (l *linuxLines) ip(words []string) {
	switch {
	case len(words) >= 3 && strings.HasSuffix(words[0], ":") && strings.HasSuffix(words[1], ":"):
		l.nic = l.named(strings.TrimSuffix(words[1], ":"))
		l.nic.flags = "," + strings.Trim(words[2], "<>") + ","
	case l.nic == nil || len(words) < 2:
	case words[0] == "link/ether":
		l.nic.mac = words[1]
	case words[0] == "alias":
		l.nic.alias = strings.Join(words[1:], " ")
	}
}

// isProc says whether a text looks like the numbers of /proc/net/dev: sixteen or more.
func isProc(text string) bool {
	count, inside := 0, false
	for i := range len(text) {
		digit := text[i] >= '0' && text[i] <= '9'
		switch {
		case !digit && text[i] != ' ' && text[i] != '\t':
			return false
		case digit && !inside:
			count++
		}
		inside = digit
	}
	return count >= 16
}

// readProc reads the counters of /proc/net/dev: bytes, packets, errors, drops and four more, each way.
func (n *nic) readProc() {
	if c := numbers(strings.Fields(n.proc)); len(c) >= 16 {
		n.in = traffic{octets: count{value: c[0]}, packets: count{value: c[1]}, errors: count{value: c[2]}, discards: count{value: c[3]}}
		n.out = traffic{octets: count{value: c[8]}, packets: count{value: c[9]}, errors: count{value: c[10]}, discards: count{value: c[11]}}
	}
}

func (n *linuxNic) ethtool(key, value string) {
	switch strings.TrimSpace(key) {
	case "Speed":
		n.speed = linuxSpeed(value)
	case "Link detected":
		n.link = value
	case "Address":
		if strings.Contains(value, ":") { // a tunnel's is a number
			n.mac = value
		}
	}
}

// linuxSpeed reads what ethtool says; -1 of 32 or 16 bits is what drivers give that do not know.
func linuxSpeed(text string) float64 {
	for _, u := range [...]struct {
		name string
		of   float64
	}{{"Mb/s", 1e6}, {"Gb/s", 1e9}, {"Kb/s", 1e3}} {
		if digits, ok := strings.CutSuffix(text, u.name); ok {
			if v, ok := numeral(digits); ok && v > 0 && v != 65535 && v != 4294967295 {
				return v * u.of
			}
		}
	}
	return 0
}

// linkState is what ethtool says; without that, what the flags say; without those, up for what ever got a byte.
func (n *linuxNic) linkState() string {
	switch {
	case n.link == "yes":
		return "up"
	case n.link == "no":
		return "down"
	case n.flags != "":
		if strings.Contains(n.flags, ",UP,") && strings.Contains(n.flags, ",LOWER_UP,") {
			return "up"
		}
		return "down"
	}
	if octets, _, _ := strings.Cut(strings.TrimSpace(n.proc), " "); octets != "0" {
		return "up"
	}
	return ""
}
