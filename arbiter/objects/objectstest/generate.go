// Package objectstest makes large configurations for tests and benchmarks: hosts in a tree of parents, services from
// templates, one custom variable each, as nagios4 takes them.
package objectstest

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
)

// Generate writes a configuration with that many hosts, and services on each of them, into dir and gives the path of its
// main file. Each 50th host has no parent; the others lie behind the one of their fifty. The files are the same each time.
func Generate(dir string, hosts, services int) (main string, err error) {
	main = filepath.Join(dir, "nagios.cfg")
	text := fmt.Sprintf("log_file=%[1]s/nagios.log\ncfg_file=%[1]s/common.cfg\ncfg_file=%[1]s/hosts.cfg\ncfg_file=%[1]s/services.cfg\n"+
		"check_result_path=%[1]s\ntemp_path=%[1]s\nillegal_macro_output_chars=`~$&|'\"<>\n", dir)
	if err := os.WriteFile(main, []byte(text), 0o644); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "common.cfg"), []byte(common), 0o644); err != nil {
		return "", err
	}
	if err := write(filepath.Join(dir, "hosts.cfg"), func(w *bufio.Writer) { writeHosts(w, hosts) }); err != nil {
		return "", err
	}
	return main, write(filepath.Join(dir, "services.cfg"), func(w *bufio.Writer) { writeServices(w, hosts, services) })
}

// common holds what the hosts and services refer to.
const common = `define timeperiod {
    timeperiod_name  24x7
    alias            always
    monday           00:00-24:00
    tuesday          00:00-24:00
    wednesday        00:00-24:00
    thursday         00:00-24:00
    friday           00:00-24:00
    saturday         00:00-24:00
    sunday           00:00-24:00
}

define command {
    command_name  check_it
    command_line  /bin/true $HOSTADDRESS$ $ARG1$ $ARG2$
}

define contact {
    contact_name                   admin
    host_notification_commands     check_it
    service_notification_commands  check_it
    host_notification_period       24x7
    service_notification_period    24x7
    host_notification_options      d,u,r
    service_notification_options   w,u,c,r
}

define contactgroup {
    contactgroup_name  admins
    members            admin
}

define host {
    name                 base-host
    register             0
    check_command        check_it
    check_period         24x7
    notification_period  24x7
    contact_groups       admins
    max_check_attempts   3
}

define host {
    name            linux
    register        0
    use             base-host
    check_interval  5
    _OS             linux
}

define service {
    name                 base-service
    register             0
    check_period         24x7
    notification_period  24x7
    contact_groups       admins
    max_check_attempts   3
    check_interval       5
    retry_interval       1
}
`

func write(path string, body func(*bufio.Writer)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	body(w)
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func writeHosts(w *bufio.Writer, hosts int) {
	for h := range hosts {
		fmt.Fprintf(w, "define host {\n\tuse linux\n\thost_name host%06d\n\taddress 10.%d.%d.%d\n", h, h>>16&255, h>>8&255, h&255)
		if h%50 != 0 {
			fmt.Fprintf(w, "\tparents host%06d\n", h/50*50)
		}
		fmt.Fprintf(w, "\t_SITE site%03d\n}\n", h%1000)
	}
}

func writeServices(w *bufio.Writer, hosts, services int) {
	for h := range hosts {
		for s := range services {
			fmt.Fprintf(w, "define service {\n\tuse base-service\n\thost_name host%06d\n"+
				"\tservice_description svc%02d\n\tcheck_command check_it!%d\n}\n", h, s, s)
		}
	}
}
