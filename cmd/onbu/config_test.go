package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
)

// config is a configuration that a test writes. Its contact ada is told by a line in the file told.
type config struct {
	t    *testing.T
	dir  string
	told string
	strings.Builder
}

const people = `define timeperiod{
  timeperiod_name always
  alias always
  monday 00:00-24:00
  tuesday 00:00-24:00
  wednesday 00:00-24:00
  thursday 00:00-24:00
  friday 00:00-24:00
  saturday 00:00-24:00
  sunday 00:00-24:00
}
define command{
  command_name tell
  command_line echo "$NOTIFICATIONTYPE$ $HOSTNAME$/$SERVICEDESC$ $SERVICEOUTPUT$" >> %s
}
define contact{
  contact_name ada
  host_notification_period always
  service_notification_period always
  host_notification_options d,u,r
  service_notification_options w,u,c,r
  host_notification_commands tell
  service_notification_commands tell
}
`

func newConfig(t *testing.T) *config {
	c := &config{t: t, dir: t.TempDir()}
	c.told = filepath.Join(c.dir, "told")
	fmt.Fprintf(c, people, c.told)
	return c
}

// define adds an object; each line is a directive.
func (c *config) define(kind string, lines ...string) {
	fmt.Fprintf(c, "define %s{\n  %s\n}\n", kind, strings.Join(lines, "\n  "))
}

// command adds a command.
func (c *config) command(name, line string) {
	c.define("command", "command_name "+name, "command_line "+line)
}

// host adds a host that is not checked itself.
func (c *config) host(name string) {
	c.define("host", "host_name "+name, "max_check_attempts 1", "check_period always", "notification_period always", "contacts ada")
}

// service adds a service that is tried three times unless more says otherwise; of a directive that is there twice the
// last counts.
func (c *config) service(host, name, command string, more ...string) {
	c.define("service", append([]string{
		"host_name " + host, "service_description " + name, "check_command " + command, "max_check_attempts 3", "check_period always",
		"notification_period always", "notification_interval 0", "contacts ada",
	}, more...)...)
}

// script adds an executable shell script and gives its path.
func (c *config) script(name, text string) string {
	c.t.Helper()
	path := realpeer.File(c.t, c.dir, name, "#!/bin/sh\n"+text)
	if err := os.Chmod(path, 0o755); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// write writes the files and gives the path of the main one. A time unit is a second.
func (c *config) write(options ...string) string {
	c.t.Helper()
	realpeer.File(c.t, c.dir, "objects.cfg", c.String())
	return realpeer.File(c.t, c.dir, "main.cfg", "cfg_file=objects.cfg\ninterval_length=1\n"+strings.Join(options, "\n")+"\n")
}

// tellings gives what ada was told so far.
func (c *config) tellings() ([]string, error) {
	text, err := os.ReadFile(c.told)
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), err
}
