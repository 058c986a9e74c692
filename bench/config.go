package bench

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// servicesOfHost is how many services a host has; a last one may have fewer.
const servicesOfHost = 10

// plugins is where Debian has the monitoring plugins; only the peer needs them.
const plugins = "/usr/lib/nagios/plugins"

// site is a configuration on disk: onbu.cfg and, for the peer, nagios.cfg with the same objects.
type site struct {
	dir      string
	interval time.Duration
	port     int
	groups   []group
}

// group is a load with its number of services.
type group struct {
	load
	services int
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// write writes onbu.cfg and what it names.
func (s *site) write() error {
	err := errors.Join(
		s.file("objects.cfg", s.objects),
		s.file("resource.cfg", func(w *bufio.Writer) { fmt.Fprintf(w, "$USER1$=%s\n", plugins) }),
	)
	if err != nil {
		return err
	}
	return s.file("onbu.cfg", func(w *bufio.Writer) {
		fmt.Fprintf(w, "cfg_file=%s\nresource_file=%s\ninterval_length=1\ncheck_external_commands=0\n",
			s.path("objects.cfg"), s.path("resource.cfg"))
	})
}

// file writes one file.
func (s *site) file(name string, fill func(w *bufio.Writer)) error {
	f, err := os.Create(s.path(name))
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<16)
	fill(w)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return f.Close()
}

// objects writes templates, hosts and services. Hosts have no check of their own, so that every check is of the scenario.
func (s *site) objects(w *bufio.Writer) {
	fmt.Fprintf(w, objectsHead, int(s.interval.Seconds()))
	patience := min(10, max(1, int(s.interval.Seconds())-1))
	fill := strings.NewReplacer("PORT", strconv.Itoa(s.port), "PATIENCE", strconv.Itoa(patience))
	host := 0
	for _, g := range s.groups {
		command := fill.Replace(g.command)
		fmt.Fprintf(w, "define command {\n command_name %s\n command_line %s\n}\n", g.name, command)
		fmt.Fprintf(w, "define service {\n name of-%s\n use each\n check_command %s\n register 0\n}\n", g.name, g.name)
		for i := range g.services {
			if i%servicesOfHost == 0 {
				host++
				fmt.Fprintf(w, "define host {\n use every\n host_name %s-%d\n address %s\n}\n", g.name, host, address(host))
			}
			fmt.Fprintf(w, "define service {\n use of-%s\n host_name %s-%d\n service_description s%d\n}\n", g.name, g.name, host, i%servicesOfHost)
		}
	}
}

// address is the address of the nth host, the first being 127.1.0.1.
func address(n int) netip.Addr {
	n += 1 << 16
	return netip.AddrFrom4([4]byte{127, byte(n >> 16), byte(n >> 8), byte(n)})
}

const objectsHead = `define timeperiod {
 timeperiod_name always
 alias Always
 monday 00:00-24:00
 tuesday 00:00-24:00
 wednesday 00:00-24:00
 thursday 00:00-24:00
 friday 00:00-24:00
 saturday 00:00-24:00
 sunday 00:00-24:00
}
define command {
 command_name nobody-is-told
 command_line /bin/true
}
define contact {
 contact_name nobody
 host_notification_period always
 service_notification_period always
 host_notification_options n
 service_notification_options n
 host_notification_commands nobody-is-told
 service_notification_commands nobody-is-told
}
define host {
 name every
 max_check_attempts 1
 active_checks_enabled 0
 notifications_enabled 0
 notification_period always
 contacts nobody
 register 0
}
define service {
 name each
 max_check_attempts 1
 check_interval %[1]d
 retry_interval %[1]d
 check_period always
 notifications_enabled 0
 notification_period always
 contacts nobody
 register 0
}
`
