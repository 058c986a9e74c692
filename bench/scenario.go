package bench

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/bench/target"
)

// maxServices keeps the addresses of the hosts inside 127.0.0.0/8.
const maxServices = 10_000_000

// scenario is a kind of load.
type scenario struct {
	name, about string
	services    int
	interval    time.Duration
	window      time.Duration // 0 for a minute
	// loads has what is measured. Those that are meant to fail are company that should not matter to the others, which are
	// then measured alone too.
	loads []load
	// beside is what happens besides while the engine is measured; nil for nothing.
	beside func(r *run, e *engine, s *site) sideshow
}

// measured gives the loads that the figures are about.
func (s *scenario) measured() []load {
	return slices.DeleteFunc(slices.Clone(s.loads), func(l load) bool { return l.fails })
}

// compares is whether what is measured is also measured without company.
func (s *scenario) compares() bool { return len(s.measured()) < len(s.loads) }

// load is a set of services with one command.
type load struct {
	name    string
	parts   int // of the scenario's services
	command string
	// target is the kind of fake target that the checks talk to; empty for none. PORT in command is its port.
	target string
	// module is the check module that has to run the command.
	module string
	// prepare writes the files that the command needs, besides the configuration, into a folder: DIR in command. port is the
	// target's. It may be nil.
	prepare func(dir string, port int) error
	// perHost is how many services a host has, if not servicesOfHost.
	perHost int
	// fails is whether the checks are meant to fail.
	fails bool
}

// scenarios is the one list of scenarios. In commands DIR stands for the folder of prepare, PORT for the port of the load's fake target, and PATIENCE for a
// timeout in seconds: ten, or less if the next check would be due before.
func scenarios() []scenario {
	const (
		tcp  = "$USER1$/check_tcp -H $HOSTADDRESS$ -p PORT"
		http = "$USER1$/check_http -I $HOSTADDRESS$ -p PORT"
		nrpe = "$USER1$/check_nrpe -H $HOSTADDRESS$ -p PORT -c check_load"
		snmp = "$USER1$/check_snmp -H $HOSTADDRESS$ -p PORT -P 2c -C public -o .1.3.6.1.2.1.31.1.1.1.6.1"
		icmp = "$USER1$/check_icmp -H $HOSTADDRESS$ -n 1"
	)
	mixed := []load{
		{name: "snmp", parts: 8, command: snmp, target: "snmp", module: "snmp"},
		{name: "nrpe", parts: 4, command: nrpe + " -n", target: "nrpe", module: "nrpe"},
		{name: "icmp", parts: 4, command: icmp, module: "icmp"},
		{name: "tcp", parts: 3, command: tcp, target: "tcp", module: "tcp"},
		{name: "exec", parts: 1, command: "/bin/true", module: "exec"},
	}
	large := []load{
		{name: "snmp", parts: 1, command: snmp, target: "snmp", module: "snmp"},
		{name: "icmp", parts: 1, command: icmp, module: "icmp"},
	}
	return []scenario{
		{
			name: "tcp", about: "check_tcp on a target that accepts", services: 20_000, interval: 10 * time.Second,
			loads: []load{{name: "tcp", parts: 1, command: tcp, target: "tcp", module: "tcp"}},
		},
		{
			name: "http", about: "check_http on a small page", services: 20_000, interval: 10 * time.Second,
			loads: []load{{name: "http", parts: 1, command: http, target: "http", module: "http"}},
		},
		{
			name: "nrpe", about: "check_nrpe without TLS", services: 40_000, interval: 5 * time.Second,
			loads: []load{{name: "nrpe", parts: 1, command: nrpe + " -n", target: "nrpe", module: "nrpe"}},
		},
		{
			name: "nrpe-tls", about: "check_nrpe over TLS 1.3, a whole handshake each time", services: 10_000, interval: 10 * time.Second,
			loads: []load{{name: "nrpe-tls", parts: 1, command: nrpe + " -d 0 -S TLSv1.3", target: "nrpe-tls13", module: "nrpe"}},
		},
		{
			name: "nrpe-tls12", about: "check_nrpe over TLS 1.2, sessions taken up again", services: 20_000, interval: 5 * time.Second,
			loads: []load{{name: "nrpe-tls12", parts: 1, command: nrpe + " -d 0", target: "nrpe-tls12", module: "nrpe"}},
		},
		{
			name: "nrpe-adh", about: "check_nrpe over anonymous Diffie-Hellman, a whole handshake each time", services: 5_000, interval: 10 * time.Second,
			loads: []load{{name: "nrpe-adh", parts: 1, command: nrpe, target: "nrpe-adh", module: "nrpe"}},
		},
		{
			name: "icmp", about: "check_icmp with one packet; the kernel answers", services: 20_000, interval: 10 * time.Second,
			loads: []load{{name: "icmp", parts: 1, command: icmp, module: "icmp"}},
		},
		{
			name: "snmp", about: "check_snmp: one object by SNMP v2c", services: 20_000, interval: 10 * time.Second,
			loads: []load{{name: "snmp", parts: 1, command: snmp, target: "snmp", module: "snmp"}},
		},
		switches(),
		{
			name: "dummy", about: "check_dummy: nothing but the engine's own work", services: 100_000, interval: 10 * time.Second,
			loads: []load{{name: "dummy", parts: 1, command: "$USER1$/check_dummy 0 fine", module: "dummy"}},
		},
		{
			name: "ssh", about: "check_by_ssh on connections that stay open", services: 10_000, interval: 2 * time.Second,
			loads: []load{{
				name: "ssh", parts: 1, target: "ssh", module: "ssh", prepare: sshFiles,
				command: "$USER1$/check_by_ssh -H $HOSTADDRESS$ -p PORT -l bench -i DIR/ssh_key -o UserKnownHostsFile=DIR/ssh_known_hosts -C uptime",
			}},
		},
		{
			name: "exec", about: "a plugin that is forked and does nothing (/bin/true)", services: 5_000, interval: 10 * time.Second,
			loads: []load{{name: "exec", parts: 1, command: "/bin/true", module: "exec"}},
		},
		{
			name: "hang", about: "check_tcp beside five times as many targets that accept and never answer",
			services: 12_000, interval: 11 * time.Second,
			loads: []load{
				{name: "healthy", parts: 1, command: tcp, target: "tcp", module: "tcp"},
				{name: "hanging", parts: 5, command: http + " -t PATIENCE", target: "tcp", module: "http", fails: true},
			},
		},
		{
			name: "dead", about: "a third of the targets is silent, refuses or hangs; what is measured is the others",
			services: 12_000, interval: 11 * time.Second,
			loads: []load{
				{name: "tcp", parts: 3, command: tcp, target: "tcp", module: "tcp"},
				{name: "snmp", parts: 3, command: snmp, target: "snmp", module: "snmp"},
				{name: "silent", parts: 1, command: http + " -t PATIENCE", target: "tcp-mute", module: "http", fails: true},
				{name: "refusing", parts: 1, command: http + " -t PATIENCE", target: "tcp-closed", module: "http", fails: true},
				{name: "hanging", parts: 1, command: http + " -t PATIENCE", target: "tcp", module: "http", fails: true},
			},
		},
		{
			name: "agent", about: "fetching 30 kB from Checkmk agents, by check_tcp until the last line; nothing reads them",
			services: 20_000, interval: 10 * time.Second,
			loads: []load{{name: "agent", parts: 1, command: tcp + " -j -e " + target.AgentEnd, target: "agent", module: "tcp"}},
		},
		{
			name: "passive", about: "results through the command file; none is checked", services: 1_000, interval: 10 * time.Second,
			loads:  []load{{name: passive, parts: 1, command: "/bin/true", module: passive}},
			beside: newFeeding,
		},
		{
			name: "mixed", about: "40 % SNMP, 20 % NRPE, 20 % ICMP, 15 % TCP, 5 % forked plugins", services: 20_000, interval: 10 * time.Second,
			loads: mixed,
		},
		{
			name: "scale", about: "a million services, once a minute: SNMP and ICMP", services: 1_000_000, interval: time.Minute, window: 10 * time.Minute,
			loads: large,
		},
		{
			name: "reload", about: "a million services, of which one in a hundred is changed while they are checked", services: 1_000_000, interval: time.Minute,
			window: 2 * time.Minute, loads: large, beside: newReloading,
		},
		{
			name: "soak", about: "mixed, for half an hour at half of what --max would find, with targets that fail and come back", interval: 10 * time.Second,
			window: 30 * time.Minute, loads: mixed, beside: newSoaking,
		},
	}
}

// Scenarios gives every scenario's name with a line about it.
func Scenarios() [][2]string {
	var out [][2]string
	for _, s := range scenarios() {
		out = append(out, [2]string{s.name, s.about})
	}
	return out
}

func find(name string) (scenario, error) {
	var names []string
	for _, s := range scenarios() {
		if s.name == name {
			s.window = cmp.Or(s.window, time.Minute)
			return s, nil
		}
		names = append(names, s.name)
	}
	return scenario{}, fmt.Errorf("no scenario is called %q; there are %s", name, strings.Join(names, ", "))
}

// share is how many of so many services a load of the scenario gets; at least one.
func (s *scenario) share(l load, services int) int {
	all := 0
	for _, each := range s.loads {
		all += each.parts
	}
	return max(1, services*l.parts/all)
}
