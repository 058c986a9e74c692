package bench

import (
	"time"
)

// The command lines. DIR stands for the folder of prepare, PORT for the port of the load's fake target, and PATIENCE for a timeout in seconds:
// ten, or less if the next check would be due before.
const (
	tcpLine  = "$USER1$/check_tcp -H $HOSTADDRESS$ -p PORT"
	httpLine = "$USER1$/check_http -I $HOSTADDRESS$ -p PORT"
	nrpeLine = "$USER1$/check_nrpe -H $HOSTADDRESS$ -p PORT -c check_load"
	snmpLine = "$USER1$/check_snmp -H $HOSTADDRESS$ -p PORT -P 2c -C public -o .1.3.6.1.2.1.31.1.1.1.6.1"
	icmpLine = "$USER1$/check_icmp -H $HOSTADDRESS$ -n 1"
	sshLine  = "$USER1$/check_by_ssh -H $HOSTADDRESS$ -p PORT -l bench -i DIR/ssh_key -o UserKnownHostsFile=DIR/ssh_known_hosts -C uptime"
)

// scenarios is the one list of scenarios.
func scenarios() []scenario { return append(plain(), composed()...) }

// plain are the scenarios of one command each.
func plain() []scenario {
	one := func(name, about string, services, seconds int, l load) scenario {
		l.name, l.parts = name, 1
		return scenario{name: name, about: about, services: services, interval: time.Duration(seconds) * time.Second, loads: []load{l}}
	}
	return []scenario{
		one("icmp", "check_icmp with one packet; the kernel answers", 20_000, 10, load{command: icmpLine, module: "icmp"}),
		one("snmp", "check_snmp: one object by SNMP v2c", 20_000, 10, load{command: snmpLine, target: "snmp", module: "snmp"}),
		one("snmp-hosts", "the same with one service a host, so that no two are asked for together", 20_000, 10,
			load{command: snmpLine, target: "snmp", module: "snmp", perHost: 1}),
		switches(),
		agents(),
		one("nrpe", "check_nrpe without TLS", 40_000, 5, load{command: nrpeLine + " -n", target: "nrpe", module: "nrpe"}),
		one("nrpe-tls", "check_nrpe over TLS 1.3, a whole handshake each time", 10_000, 10,
			load{command: nrpeLine + " -d 0 -S TLSv1.3", target: "nrpe-tls13", module: "nrpe"}),
		one("nrpe-tls12", "check_nrpe over TLS 1.2, sessions taken up again", 20_000, 5,
			load{command: nrpeLine + " -d 0", target: "nrpe-tls12", module: "nrpe"}),
		one("nrpe-adh", "check_nrpe over anonymous Diffie-Hellman, a whole handshake each time", 5_000, 10,
			load{command: nrpeLine, target: "nrpe-adh", module: "nrpe"}),
		one("ssh", "check_by_ssh on connections that stay open", 10_000, 2,
			load{command: sshLine, target: "ssh", module: "ssh", prepare: sshFiles}),
		one("tcp", "check_tcp on a target that accepts", 20_000, 10, load{command: tcpLine, target: "tcp", module: "tcp"}),
		one("http", "check_http on a small page", 20_000, 10, load{command: httpLine, target: "http", module: "http"}),
		one("exec", "a plugin that is forked and does nothing (/bin/true)", 5_000, 10, load{command: "/bin/true", module: "exec"}),
		one("dummy", "check_dummy: nothing but the engine's own work", 100_000, 10, load{command: "$USER1$/check_dummy 0 fine", module: "dummy"}),
	}
}

// composed are the scenarios of several commands, or with something besides.
func composed() []scenario {
	return []scenario{
		{
			name: "passive", about: "results through the command file; none is checked", services: 1000, interval: 10 * time.Second,
			loads:  []load{{name: passive, parts: 1, command: "/bin/true", module: passive}},
			beside: newFeeding, fixed: true,
		},
		{
			name: "mixed", about: "40 % SNMP, 20 % NRPE, 20 % ICMP, 15 % TCP, 5 % forked plugins", services: 20_000, interval: 10 * time.Second,
			loads: mixed(),
		},
		{
			name: "hang", about: "check_tcp beside five times as many targets that accept and never answer", services: 12_000, interval: 11 * time.Second,
			loads: []load{
				{name: "healthy", parts: 1, command: tcpLine, target: "tcp", module: "tcp"},
				{name: "hanging", parts: 5, command: httpLine + " -t PATIENCE", target: "tcp", module: "http", fails: true},
			},
		},
		{
			name: "dead", about: "a third of the targets is silent, refuses or hangs; what is measured is the others", services: 12_000, interval: 11 * time.Second,
			loads: []load{
				{name: "tcp", parts: 3, command: tcpLine, target: "tcp", module: "tcp"},
				{name: "snmp", parts: 3, command: snmpLine, target: "snmp", module: "snmp"},
				{name: "silent", parts: 1, command: httpLine + " -t PATIENCE", target: "tcp-mute", module: "http", fails: true},
				{name: "refusing", parts: 1, command: httpLine + " -t PATIENCE", target: "tcp-closed", module: "http", fails: true},
				{name: "hanging", parts: 1, command: httpLine + " -t PATIENCE", target: "tcp", module: "http", fails: true},
			},
		},
		piggyback(),
		nsca(),
		dashboards(),
		pages(),
		{
			name: "scale", about: "a million services, once a minute: SNMP and ICMP", services: 1_000_000, interval: time.Minute, window: 10 * time.Minute,
			loads: large(),
		},
		{
			name: "reload", about: "a million services, of which one in a hundred is changed while they are checked",
			services: 1_000_000, interval: time.Minute, window: 2 * time.Minute, loads: large(), beside: newReloading, fixed: true,
		},
		{
			name: "soak", about: "mixed, at half of what --max would find, while targets fail and come back", interval: 10 * time.Second,
			window: 30 * time.Minute, loads: mixed(), beside: newSoaking, fixed: true,
		},
	}
}

// mixed is what a site of some size checks.
func mixed() []load {
	return []load{
		{name: "snmp", parts: 8, command: snmpLine, target: "snmp", module: "snmp"},
		{name: "nrpe", parts: 4, command: nrpeLine + " -n", target: "nrpe", module: "nrpe"},
		{name: "icmp", parts: 4, command: icmpLine, module: "icmp"},
		{name: "tcp", parts: 3, command: tcpLine, target: "tcp", module: "tcp"},
		{name: "exec", parts: 1, command: "/bin/true", module: "exec"},
	}
}

// large is what a very large site can check natively on one machine.
func large() []load {
	return []load{
		{name: "snmp", parts: 1, command: snmpLine, target: "snmp", module: "snmp"},
		{name: "icmp", parts: 1, command: icmpLine, module: "icmp"},
	}
}
