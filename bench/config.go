package bench

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
)

// servicesOfHost is how many services a host has; a last one may have fewer.
const servicesOfHost = 10

// plugins is where Debian has the monitoring plugins; only the peer needs them.
const plugins = "/usr/lib/nagios/plugins"

// site is a configuration on disk: onbu.cfg and, for the peer, nagios.cfg with the same objects.
type site struct {
	dir      string
	interval time.Duration
	ports    map[string]int // of the fake targets, by kind
	groups   []group
	commands bool // the engine is to take external commands
	modules  [][]string
	changed  int // one service in so many is another than at first; 0 for none
}

// commandFile is the named pipe for external commands.
const commandFile = "onbu.cmd"

// group is a load with its number of services.
type group struct {
	load
	services int
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// write writes onbu.cfg and what it names.
func (s *site) write() error {
	if err := os.WriteFile(s.path("resource.cfg"), fmt.Appendf(nil, "$USER1$=%s\n", plugins), 0o644); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	for _, g := range s.groups {
		if g.prepare == nil {
			continue
		}
		if err := g.prepare(s.dir, s.ports[g.target]); err != nil {
			return fmt.Errorf("preparing %s: %w", g.name, err)
		}
	}
	options := []string{"resource_file=resource.cfg", "interval_length=1", "check_external_commands=0"}
	if s.commands {
		options = []string{"resource_file=resource.cfg", "interval_length=1", "check_external_commands=1", "command_file=" + s.path(commandFile)}
	}
	_, err := objectstest.Write(s.dir, "onbu.cfg", options, s.objects)
	return err
}

// objects writes templates, hosts and services. Hosts have no check of their own, so that every check is of the scenario.
func (s *site) objects(o *objectstest.Text) {
	s.templates(o)
	for _, m := range s.modules {
		o.Define("module", m...)
	}
	host := 0
	for _, g := range s.groups {
		o.Command(g.name, s.commandLine(g))
		template := []string{"name of-" + g.name, "use each", "check_command " + g.name, "register 0"}
		if g.module == passive {
			template = append(template, "active_checks_enabled 0")
		}
		o.Define("service", template...)
		for i := range g.services {
			if i%g.ofHost() == 0 {
				host++
				o.Define("host", "use every", fmt.Sprintf("host_name %s-%d", g.name, host), "address "+address(host).String())
			}
			service := []string{"use of-" + g.name, fmt.Sprintf("host_name %s-%d", g.name, host), fmt.Sprintf("service_description s%d", i%g.ofHost())}
			if len(g.each) > 0 {
				service = append(service, "check_command "+g.name+"!"+g.argument(i))
			}
			if s.changed > 0 && i%s.changed == 0 {
				service = append(service, "notes changed", "max_check_attempts 2")
			}
			o.Define("service", service...)
		}
	}
}

// argument is the one of the nth service.
func (l *load) argument(n int) string {
	if !l.eachOfAll {
		n %= l.ofHost()
	}
	return l.each[n%len(l.each)]
}

// ofHost is how many services a host of the load has.
func (l *load) ofHost() int { return cmp.Or(l.perHost, servicesOfHost) }

// commandLine is the command of a load with everything but Nagios' macros filled in.
func (s *site) commandLine(g group) string {
	patience := min(10, max(1, int(s.interval.Seconds())-1))
	return strings.NewReplacer("DIR", s.dir, "PORT", strconv.Itoa(s.ports[g.target]), "PATIENCE", strconv.Itoa(patience)).Replace(g.command)
}

// templates writes what the hosts and services have in common. Nobody is told of anything.
func (s *site) templates(o *objectstest.Text) {
	every := strconv.Itoa(int(s.interval.Seconds()))
	silent := []string{"max_check_attempts 1", "notifications_enabled 0", "notification_period " + objectstest.Always, "contacts nobody", "register 0"}
	o.Basis("nobody", "/bin/true", "host_notification_options n", "service_notification_options n")
	o.Define("host", append([]string{"name every", "active_checks_enabled 0"}, silent...)...)
	o.Define("service", append([]string{
		"name each", "check_interval " + every, "retry_interval " + every, "check_period " + objectstest.Always,
	}, silent...)...)
}

// address is the address of the nth host, the first being 127.1.0.1.
func address(n int) netip.Addr {
	n += 1 << 16
	return netip.AddrFrom4([4]byte{127, byte(n >> 16), byte(n >> 8), byte(n)})
}
