package demo

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// place is where a demo runs: what its configuration has to name.
type place struct {
	network byte   // 127.network.0.0/16
	ports   int    // the first of the ports that the hosts answer on
	results string // HOST:PORT for passive results
	token   string // for them
	told    string // the file that notifications go into
}

// The ports of the site, counted from the first.
const (
	portSSH = iota
	portAgent
	portHTTP
	portDB
	portSMTP
	portSNMP
	portResults
)

func (p *place) port(which int) string { return strconv.Itoa(p.ports + which) }

// mainFile is the name of the configuration's main file.
const mainFile = "onbu.cfg"

// writeConfig writes the configuration of the site into a folder.
func writeConfig(dir string, p *place, hosts []host) error {
	files := map[string]string{
		mainFile:        mainText,
		"commands.cfg":  p.commands(),
		"people.cfg":    people(),
		"templates.cfg": templates(),
		"hamburg.cfg":   hostFile("Hamburg: the head office, with the server room.", hosts, func(h *host) bool { return h.city == "ham" && !h.spoken() }),
		"porto.cfg":     hostFile("Porto: the branch behind one router and one core switch.", hosts, func(h *host) bool { return h.city == "por" }),
		"guests.cfg":    guestFile(hosts),
		"groups.cfg":    groups(),
		"services.cfg":  services(),
		"shop.cfg":      shopFile(),
		"escalate.cfg":  escalations(),
		"modules.cfg":   p.modules(),
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("folder of the configuration: %w", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("writing the configuration: %w", err)
		}
	}
	return nil
}

const mainText = `# A made-up company with two offices, for onbu demo. Nothing in it exists: its hosts are addresses of the loopback interface
# on which onbu demo answers. Try on it: onbu verify, onbu simulate --what-if por-core.
cfg_file=commands.cfg
cfg_file=people.cfg
cfg_file=templates.cfg
cfg_file=groups.cfg
cfg_file=hamburg.cfg
cfg_file=porto.cfg
cfg_file=guests.cfg
cfg_file=services.cfg
cfg_file=shop.cfg
cfg_file=escalate.cfg
cfg_file=modules.cfg

# One time unit is a second here, so that there is something to see.
interval_length=1
cached_host_check_horizon=2
parent_wait=10
service_freshness_check_interval=10

# All hosts are one tree. It is small, and cut all the same, so that it lies in several shards as a large one would.
heavy_pack=150
`

func (p *place) commands() string {
	d := about("How things are checked, and how people are told.")
	for _, c := range [][2]string{
		{"alive", "/usr/lib/nagios/plugins/check_tcp -H $HOSTADDRESS$ -p " + p.port(portSSH) + " -t 3"},
		{"agent", "onbu-agent -H $HOSTADDRESS$ -p " + p.port(portAgent) + " -t 5 $ARG1$"},
		{"payload", "onbu-agent --piggyback-only $ARG1$"},
		{"http", "/usr/lib/nagios/plugins/check_http -I $HOSTADDRESS$ -p " + p.port(portHTTP) + " -u / -w 1 -c 3 -t 5"},
		{"database", "/usr/lib/nagios/plugins/check_tcp -H $HOSTADDRESS$ -p " + p.port(portDB) + " -e ready -w 1 -c 3 -t 5"},
		{"smtp", "/usr/lib/nagios/plugins/check_tcp -H $HOSTADDRESS$ -p " + p.port(portSMTP) + " -e 220 -w 1 -c 3 -t 5"},
		{"snmp", "/usr/lib/nagios/plugins/check_snmp -H $HOSTADDRESS$ -p " + p.port(portSNMP) + " -P 2c -C public -t 5 $ARG1$"},
		{"silent", `/usr/lib/nagios/plugins/check_dummy 2 "nothing was reported for too long"`},
		{"tell", `/usr/bin/printf '%s\n' "$LONGDATETIME$ to $CONTACTNAME$: $NOTIFICATIONTYPE$ $HOSTNAME$ $SERVICEDESC$ $HOSTSTATE$ $SERVICESTATE$" >> '` + p.told + "'"},
	} {
		d.define("command", pairs{"command_name", c[0], "command_line", c[1]})
	}
	return d.String()
}

func (p *place) modules() string {
	d := about("What comes in besides checks: results that hosts send by themselves.")
	at, port, _ := strings.Cut(p.results, ":")
	d.define("module", pairs{"module_name", "results", "module_type", "http_results", "host", at, "port", port, "token", "demo " + p.token})
	return d.String()
}

func people() string {
	d := about("Who is told. Notifications end in the file told.log of the state folder.")
	always := pairs{"timeperiod_name", "always", "alias", "Day and night"}
	for _, day := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		always = append(always, day, "00:00-24:00")
	}
	d.define("timeperiod", always)
	for _, c := range [][3]string{{"anna", "Anna, network", "d,u,r,f,s"}, {"ben", "Ben, servers", "d,r,f,s"}, {"night-shift", "Whoever is awake", "d,r"}} {
		d.define("contact", pairs{
			"contact_name", c[0], "alias", c[1], "email", c[0] + "@example.org",
			"host_notification_period", "always", "service_notification_period", "always",
			"host_notification_options", c[2], "service_notification_options", "w,u,c,r,f,s",
			"host_notification_commands", "tell", "service_notification_commands", "tell",
		})
	}
	d.define("contactgroup", pairs{"contactgroup_name", "network", "alias", "The network", "members", "anna"})
	d.define("contactgroup", pairs{"contactgroup_name", "servers", "alias", "The servers", "members", "ben"})
	return d.String()
}

func templates() string {
	d := about("What hosts and services have in common.")
	shared := pairs{"check_period", "always", "notification_period", "always", "notification_interval", "300", "flap_detection_enabled", "1"}
	d.define("host", append(pairs{"name", "device", "check_command", "alive", "check_interval", "12", "retry_interval", "3", "max_check_attempts", "2", "contact_groups", "network", "register", "0"}, shared...))
	d.define("host", append(pairs{"name", "guest", "check_command", "payload", "check_interval", "15", "retry_interval", "5", "max_check_attempts", "2", "contact_groups", "servers", "register", "0"}, shared...))
	d.define("service", append(pairs{"name", "regular", "check_interval", "15", "retry_interval", "5", "max_check_attempts", "2", "contact_groups", "servers", "register", "0"}, shared...))
	d.define("service", pairs{
		"name", "reported", "use", "regular", "active_checks_enabled", "0", "passive_checks_enabled", "1", "max_check_attempts", "1",
		"check_freshness", "1", "freshness_threshold", "120", "check_command", "silent", "register", "0",
	})
	return d.String()
}

// groupNames are the host groups with what they are called.
func groupNames() [][2]string {
	return [][2]string{
		{"switches", "Switches"},
		{"routers", "Routers and firewalls"},
		{"web", "Web servers"},
		{"app", "Application servers"},
		{"db", "Databases"},
		{"mail", "Mail"},
		{"backup", "Backup"},
		{"storage", "Storage"},
		{"hypervisors", "VMware hosts"},
		{"vcenter", "vCenter"},
		{"docker", "Docker nodes"},
		{"directory", "Directory"},
		{"files", "File servers"},
		{"ups", "Power"},
		{"guests", "Virtual machines"},
		{"containers", "Containers"},
		{"printers", "Printers"},
		{"wireless", "Access points"},
		{"cameras", "Cameras"},
		{"business", "Business"},
	}
}

// servers are the groups whose hosts have an agent.
const servers = "web,app,db,mail,backup,storage,hypervisors,vcenter,docker,directory,files"

func groups() string {
	d := about("Groups: each kind of host, and the two cities.")
	for _, g := range groupNames() {
		d.define("hostgroup", pairs{"hostgroup_name", g[0], "alias", g[1]})
	}
	d.define("hostgroup", pairs{"hostgroup_name", "hamburg", "alias", "Hamburg"})
	d.define("hostgroup", pairs{"hostgroup_name", "porto", "alias", "Porto"})
	for _, g := range [][2]string{{"web-services", "What is on the web"}, {"capacity", "What fills up"}, {"backups", "Backups"}} {
		d.define("servicegroup", pairs{"servicegroup_name", g[0], "alias", g[1]})
	}
	return d.String()
}

// hostFile defines the hosts that are picked.
func hostFile(text string, hosts []host, picked func(*host) bool) string {
	d := about(text)
	for i := range hosts {
		h := &hosts[i]
		if !picked(h) {
			continue
		}
		d.define("host", pairs{
			"use", "device", "host_name", h.name, "alias", h.alias, "address", h.address.String(), "parents", strings.Join(h.parents, ","),
			"hostgroups", h.kind + "," + strings.ToLower(cityName(h.city)), "poller_tag", pollerTag(h), "business_impact", impact(h),
			"notes", notes(h), "notes_url", "https://wiki.example.org/" + h.name, "_SHARD_CUT", cut(h),
		})
	}
	return d.String()
}

// pollerTag has Porto looked at by a poller that stands there.
func pollerTag(h *host) string {
	if h.city == "por" {
		return "porto"
	}
	return ""
}

// impact is how much a host matters, from 0 to 5; empty for as much as usual.
func impact(h *host) string {
	return map[string]string{"switches": "4", "routers": "5", "db": "4", "web": "4", "business": "5", "storage": "5", "printers": "1", "cameras": "1", "wireless": "1"}[h.kind]
}

func notes(h *host) string {
	switch h.kind {
	case "switches":
		return "Rack plan and passwords are with the network team."
	case "db":
		return "Before a restart: ask the shop team, and stop the nightly export."
	case "storage":
		return "Spare disks lie in the second drawer of rack 4."
	}
	return ""
}

// cut lets Porto lie in other shards than Hamburg.
func cut(h *host) string {
	if h.name == "por-rtr" {
		return "1"
	}
	return ""
}

// guestFile defines what only others speak for.
func guestFile(hosts []host) string {
	d := about("Virtual machines and containers: all that is known of them is what the vCenter and a Docker node say.")
	for i := range hosts {
		h := &hosts[i]
		if !h.spoken() || h.name == shop {
			continue
		}
		d.define("host", pairs{"use", "guest", "host_name", h.name, "alias", h.alias, "hostgroups", h.kind + ",hamburg", "business_impact", cmp.Or(impact(h), "2")})
	}
	d.define("piggyback_policy", pairs{"host_regex", "vm-.*", "piggyback", "expect", "max_age", "3m", "validity_period", "45s", "validity_state", "warning"})
	d.define("piggyback_policy", pairs{"host_regex", "box-.*", "piggyback", "expect", "max_age", "2m"})
	return d.String()
}
