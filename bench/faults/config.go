package faults

import (
	"fmt"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
)

// What the site watches. Every host has a service that is checked, one that is checked and never fine, one that gets results, one that
// gets floods of them, and one of which people are told.
const (
	shards   = 4
	hosts    = 100
	interval = 5 // seconds between two checks of a service
)

func host(n int) string { return fmt.Sprintf("h%03d", n) }

// configure writes the configuration.
func (s *Site) configure() (err error) {
	s.said = s.file("told")
	script := s.file("tell")
	// A line is written at once, so that lines of several writers do not mix. It takes a moment, so that a kill finds some under way.
	if err := writeScript(script, fmt.Sprintf(`sleep 0.2; printf '%%s %%s %%s %%s\n' "$ONBU_ACTION_ID" "${ONBU_POSSIBLE_DUPLICATE:-0}" "$1" "$2" >> %s`, s.said)); err != nil {
		return err
	}
	s.main, err = objectstest.Write(s.dir, "onbu.cfg", []string{"interval_length=1", "check_external_commands=1", "command_file=" + s.file("unused.cmd")}, func(o *objectstest.Text) {
		o.Basis("ada", script+` "$NOTIFICATIONTYPE$" "$HOSTNAME$ $SERVICEOUTPUT$"`)
		o.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 'fine|load=1'")
		o.Command("broken", "/usr/lib/nagios/plugins/check_dummy 2 broken")
		o.Define("module", "module_name door", "module_type http_results", "host *", fmt.Sprint("port ", resultsPort), "anonymous 1")
		o.Define("module", "module_name points", "module_type graphite", "targets "+s.sink.listener.Addr().String(), "from start")
		for n := range hosts {
			o.Host(host(n), "ada", "check_command fine", fmt.Sprint("check_interval ", interval), fmt.Sprint("retry_interval ", interval))
			o.Service(host(n), "checked", "fine", "ada", fmt.Sprint("check_interval ", interval), fmt.Sprint("retry_interval ", interval))
			o.Service(host(n), "result", "fine", "ada", "active_checks_enabled 0", "max_check_attempts 1", "notifications_enabled 0")
			o.Service(host(n), "broken", "broken", "ada", "check_interval 30", "retry_interval 30", "max_check_attempts 1", "notifications_enabled 0")
			o.Service(host(n), "flood", "fine", "ada", "active_checks_enabled 0", "max_check_attempts 1", "notifications_enabled 0")
			o.Service(host(n), "alarm", "fine", "ada", "active_checks_enabled 0", "max_check_attempts 1", "flap_detection_enabled 0")
		}
		if s.more != nil {
			s.more(o)
		}
	})
	return err
}

// checked is nil once every service that is checked was, by each broker's account.
func (s *Site) checked() error {
	if err := s.alive(); err != nil {
		return err
	}
	for _, b := range s.Daemons("broker") {
		n, err := s.seen(b)
		if err != nil {
			return err
		}
		if n < hosts {
			return fmt.Errorf("%s knows of %d of %d services that they are OK", b.Name(), n, hosts)
		}
	}
	return nil
}

// seen gives how many services a broker shows as OK, if those that are never fine are known as well.
func (s *Site) seen(b *Daemon) (int, error) {
	var summary struct {
		Services map[string]int `json:"services"`
	}
	err := s.fetch(b, "/api/summary", &summary)
	if err == nil && summary.Services["CRITICAL"] < hosts {
		err = fmt.Errorf("%s knows of %d of %d services that they are CRITICAL", b.Name(), summary.Services["CRITICAL"], hosts)
	}
	return summary.Services["OK"], err
}
