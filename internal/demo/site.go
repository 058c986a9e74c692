package demo

import (
	"fmt"
	"net/netip"
)

// host is a machine of the simulated site.
type host struct {
	name, alias string
	kind        string // its hostgroup: "web", "switches"
	city        string // "ham" or "por"
	parents     []string
	// address is in the network of the site; that of hosts that only others speak for is the zero one.
	address netip.Addr
	// source speaks for it; empty for hosts that answer for themselves.
	source string
	number int // among its kind and city, from 1
}

// spoken is whether only somebody else's agent knows the host.
func (h *host) spoken() bool { return h.source != "" }

// crowd is some hosts of one kind, in one city.
type crowd struct {
	kind, city, short, alias string
	n                        int
}

// crowds are the hosts behind the access switches, in the order of their addresses.
func crowds() []crowd {
	return []crowd{
		{"web", "ham", "web", "Web server", 8},
		{"app", "ham", "app", "Application server", 12},
		{"db", "ham", "db", "Database", 6},
		{"mail", "ham", "mail", "Mail server", 3},
		{"backup", "ham", "backup", "Backup server", 2},
		{"storage", "ham", "san", "Storage", 2},
		{"hypervisors", "ham", "esx", "VMware host", 6},
		{"vcenter", "ham", "vcenter", "vCenter", 1},
		{"docker", "ham", "docker", "Docker node", 2},
		{"directory", "ham", "ldap", "Directory server", 2},
		{"files", "ham", "files", "File server", 2},
		{"ups", "ham", "ups", "Uninterruptible power supply", 4},
		{"printers", "ham", "print", "Printer", 26},
		{"wireless", "ham", "ap", "Access point", 36},
		{"cameras", "ham", "cam", "Camera", 21},
		{"web", "por", "web", "Web server", 4},
		{"app", "por", "app", "Application server", 6},
		{"db", "por", "db", "Database", 3},
		{"mail", "por", "mail", "Mail server", 1},
		{"backup", "por", "backup", "Backup server", 1},
		{"directory", "por", "ldap", "Directory server", 1},
		{"files", "por", "files", "File server", 1},
		{"ups", "por", "ups", "Uninterruptible power supply", 2},
		{"printers", "por", "print", "Printer", 20},
		{"wireless", "por", "ap", "Access point", 28},
		{"cameras", "por", "cam", "Camera", 16},
	}
}

// What the story is about has a name.
const (
	vcenter    = "ham-vcenter-1"
	dockerNode = "ham-docker-1"
	shop       = "shop"
)

const (
	guests     = 48 // virtual machines that the vCenter speaks for
	containers = 8  // and those that the Docker node does
	access     = 10 // access switches in Hamburg; those in Porto are fewer
	accessFar  = 8
)

// site gives all hosts, each behind its parents. Addresses are those of 127.network.0.0/16.
func site(network byte) []host {
	s := &plan{network: network}
	s.backbone()
	for _, c := range crowds() {
		for i := range c.n {
			s.add(host{name: fmt.Sprintf("%s-%s-%d", c.city, c.short, i+1), alias: fmt.Sprintf("%s %d, %s", c.alias, i+1, cityName(c.city)), kind: c.kind, city: c.city, number: i + 1, parents: s.socket(c.city)})
		}
	}
	for i := range guests {
		s.add(host{name: fmt.Sprintf("vm-%02d", i+1), alias: "Virtual machine for " + tenant(i), kind: "guests", city: "ham", number: i + 1, source: vcenter})
	}
	for i := range containers {
		s.add(host{name: "box-" + containerName(i), alias: "Container " + containerName(i), kind: "containers", city: "ham", number: i + 1, source: dockerNode})
	}
	s.add(host{name: shop, alias: "What customers see", kind: "business", city: "ham", number: 1, source: "its parts"})
	return s.hosts
}

// plan is a site that is being built.
type plan struct {
	network byte
	hosts   []host
	plugged map[string]int // hosts behind access switches, by city
}

func (s *plan) add(h host) {
	if !h.spoken() {
		n := len(s.hosts)
		h.address = netip.AddrFrom4([4]byte{127, s.network, byte(1 + n/200), byte(1 + n%200)})
	}
	s.hosts = append(s.hosts, h)
}

// backbone adds what everything else hangs on: two cores that stand in for each other, distribution and access switches in
// Hamburg, and Porto behind one router and one core switch.
func (s *plan) backbone() {
	cores := []string{"ham-core-1", "ham-core-2"}
	for i, name := range cores {
		s.add(host{name: name, alias: fmt.Sprintf("Core switch %d, Hamburg", i+1), kind: "switches", city: "ham", number: i + 1})
	}
	for i := range 2 {
		s.add(host{name: fmt.Sprintf("ham-fw-%d", i+1), alias: fmt.Sprintf("Firewall %d, Hamburg", i+1), kind: "routers", city: "ham", number: i + 1, parents: cores})
	}
	for i := range 3 {
		s.add(host{name: fmt.Sprintf("ham-dist-%d", i+1), alias: fmt.Sprintf("Distribution switch %d, Hamburg", i+1), kind: "switches", city: "ham", number: i + 3, parents: cores})
	}
	for i := range access {
		s.add(host{name: fmt.Sprintf("ham-acc-%d", i+1), alias: fmt.Sprintf("Access switch %d, Hamburg", i+1), kind: "switches", city: "ham", number: i + 6, parents: s.uplinks(i)})
	}
	s.add(host{name: "por-rtr", alias: "Router, Porto", kind: "routers", city: "por", number: 3, parents: cores})
	s.add(host{name: "por-core", alias: "Core switch, Porto", kind: "switches", city: "por", number: 16, parents: []string{"por-rtr"}})
	for i := range accessFar {
		s.add(host{name: fmt.Sprintf("por-acc-%d", i+1), alias: fmt.Sprintf("Access switch %d, Porto", i+1), kind: "switches", city: "por", number: i + 17, parents: []string{"por-core"}})
	}
}

// uplinks gives the distribution switches above an access switch: two for those of the server room, one for the floors.
func (s *plan) uplinks(i int) []string {
	if i < 5 {
		return []string{"ham-dist-1", "ham-dist-2"}
	}
	return []string{"ham-dist-3"}
}

// socket gives the access switch of the next host in a city.
func (s *plan) socket(city string) []string {
	if s.plugged == nil {
		s.plugged = map[string]int{}
	}
	n := s.plugged[city]
	s.plugged[city]++
	if city == "por" {
		return []string{fmt.Sprintf("por-acc-%d", n%accessFar+1)}
	}
	if n < serversInHamburg() {
		return []string{fmt.Sprintf("ham-acc-%d", n%5+1)}
	}
	return []string{fmt.Sprintf("ham-acc-%d", n%5+6)}
}

// serversInHamburg is how many hosts of Hamburg stand in the server room.
func serversInHamburg() (n int) {
	for _, c := range crowds() {
		if c.city == "ham" && c.kind != "printers" && c.kind != "wireless" && c.kind != "cameras" {
			n += c.n
		}
	}
	return n
}

func cityName(city string) string {
	if city == "por" {
		return "Porto"
	}
	return "Hamburg"
}

func tenant(i int) string {
	return []string{"the shop", "accounting", "the warehouse", "payroll", "the wiki", "testing"}[i%6]
}

func containerName(i int) string {
	return []string{"cart", "search", "prices", "login", "images", "mailer", "reports", "cache"}[i]
}
