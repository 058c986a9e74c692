package faults

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
)

// What the site watches. Every host has one service that is checked, one that gets results, and one of which people are told.
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
		o.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
		o.Define("module", "module_name door", "module_type http_results", "host *", fmt.Sprint("port ", resultsPort), "anonymous 1")
		for n := range hosts {
			o.Host(host(n), "ada", "check_command fine", fmt.Sprint("check_interval ", interval), fmt.Sprint("retry_interval ", interval))
			o.Service(host(n), "checked", "fine", "ada", fmt.Sprint("check_interval ", interval), fmt.Sprint("retry_interval ", interval))
			o.Service(host(n), "result", "fine", "ada", "active_checks_enabled 0", "max_check_attempts 1", "notifications_enabled 0")
			o.Service(host(n), "alarm", "fine", "ada", "active_checks_enabled 0", "max_check_attempts 1", "flap_detection_enabled 0")
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

// seen gives how many services a broker shows as OK.
func (s *Site) seen(b *Daemon) (int, error) {
	resp, err := s.client.Get("http://" + b.HTTP + "/api/summary")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, errors.New(resp.Status)
	}
	var summary struct {
		Services map[string]int `json:"services"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&summary)
	return summary.Services["OK"], err
}
