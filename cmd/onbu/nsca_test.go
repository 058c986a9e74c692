package main_test

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor/api"
)

// What send_nsca sends is in the state, if its password is right; a sender with a wrong one is counted and logged.
func TestResultsByNSCA(t *testing.T) {
	t.Parallel()
	program := realpeer.Program(t, "send_nsca", "nsca-client")
	c := newConfig(t)
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	c.host("web1")
	c.service("web1", "backup", "fine", "active_checks_enabled 0", "max_check_attempts 1")
	port := strconv.Itoa(realpeer.Port(t))
	c.Define("module", "module_name field", "module_type nsca_server", "port "+port, "encryption_method 14", "password right")
	o := serve(t, t.TempDir(), "run", c.write())
	o.says(`msg="listens for NSCA"`)
	send := func(password, input string) error {
		cfg := realpeer.File(t, t.TempDir(), "send_nsca.cfg", "encryption_method=14\npassword="+password+"\n")
		cmd := exec.Command(program, "-H", "127.0.0.1", "-p", port, "-c", cfg)
		cmd.Stdin = strings.NewReader(input)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	o.eventually("takes results", func() error { return send("right", "web1\tbackup\t2\ttape is full | used=100%\nlabel 7\n") })
	got := o.seen("web1/backup", "has the result", func(one api.Object) bool { return one.State == "CRITICAL" })
	if got.Output != "tape is full" || got.Perfdata != "used=100%" || got.LongOutput != "label 7" || got.Poller != "nsca 127.0.0.1" {
		t.Errorf("got %+v", got)
	}
	if err := send("wrong", "web1\tbackup\t0\tfine"); err != nil {
		t.Error("send_nsca is never told that nobody understood it, but:", err)
	}
	o.says("same password and encryption_method")
}
