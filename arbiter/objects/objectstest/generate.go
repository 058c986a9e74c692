// Package objectstest writes configurations for tests, benchmarks and loads: object by object, or large ones with hosts in
// a tree of parents, services from templates and one custom variable each, as nagios4 takes them.
package objectstest

import "fmt"

// Generate writes a configuration with that many hosts, and services on each of them, into dir and gives the path of its
// main file. Each 50th host has no parent; the others lie behind the one of their fifty. The files are the same each time.
func Generate(dir string, hosts, services int) (main string, err error) {
	options := []string{
		"log_file=" + dir + "/nagios.log", "check_result_path=" + dir, "temp_path=" + dir,
		"illegal_macro_output_chars=`~$&|'\"<>",
	}
	return Write(dir, "nagios.cfg", options, func(t *Text) {
		t.common()
		for h := range hosts {
			t.generated(h)
		}
		for h := range hosts {
			for s := range services {
				t.Define("service", "use base-service", fmt.Sprintf("host_name host%06d", h),
					fmt.Sprintf("service_description svc%02d", s), fmt.Sprintf("check_command check_it!%d", s))
			}
		}
	})
}

// common writes what the hosts and services refer to.
func (t *Text) common() {
	t.Basis("admin", "/bin/true")
	t.Command("check_it", "/bin/true $HOSTADDRESS$ $ARG1$ $ARG2$")
	t.Define("contactgroup", "contactgroup_name admins", "members admin")
	t.Define("host", "name base-host", "register 0", "check_command check_it", "check_period "+Always,
		"notification_period "+Always, "contact_groups admins", "max_check_attempts 3")
	t.Define("host", "name linux", "register 0", "use base-host", "check_interval 5", "_OS linux")
	t.Define("service", "name base-service", "register 0", "check_period "+Always, "notification_period "+Always,
		"contact_groups admins", "max_check_attempts 3", "check_interval 5", "retry_interval 1")
}

func (t *Text) generated(h int) {
	directives := []string{
		"use linux", fmt.Sprintf("host_name host%06d", h), fmt.Sprintf("address 10.%d.%d.%d", h>>16&255, h>>8&255, h&255),
	}
	if h%50 != 0 {
		directives = append(directives, fmt.Sprintf("parents host%06d", h/50*50))
	}
	t.Define("host", append(directives, fmt.Sprintf("_SITE site%03d", h%1000))...)
}
