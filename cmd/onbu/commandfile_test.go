package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// Any program may write commands into the command file, several at a time; what is refused is logged with the reason.
func TestCommandsByPipe(t *testing.T) {
	t.Parallel()
	c := newConfig(t)
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	c.host("web1")
	c.service("web1", "passive", "fine", "active_checks_enabled 0", "max_check_attempts 1")
	c.service("web1", "active", "fine", "check_interval 3600")
	o := serve(t, t.TempDir(), "run", c.write("check_external_commands=1", "command_file=onbu.cmd"))
	first := o.seen("web1/active", "is checked", func(one api.Object) bool { return one.State == "OK" })

	pipe := filepath.Join(c.dir, "onbu.cmd")
	write(t, pipe, "PROCESS_SERVICE_CHECK_RESULT;web1;passive;2;it burns|heat=451\n", "ACKNOWLEDGE_SVC_PROBLEM;web1;passive;2;0;0;ada;I see\n")
	got := o.seen("web1/passive", "is acknowledged", func(one api.Object) bool { return one.Acknowledged })
	if got.State != "CRITICAL" || got.Output != "it burns" || got.Perfdata != "heat=451" || got.CheckType != "passive" {
		t.Errorf("got %+v", got)
	}
	write(t, pipe, fmt.Sprintf("SCHEDULE_FORCED_SVC_CHECK;web1;active;%d\n", time.Now().Unix()))
	o.seen("web1/active", "is checked again", func(one api.Object) bool { return one.LastCheck > first.LastCheck })

	for _, wrong := range []struct{ command, says string }{
		{"DISABLE_EVERYTHING", `DISABLE_EVERYTHING`},
		{"PROCESS_SERVICE_CHECK_RESULT;web2;passive;0;x", `no host is called \"web2\"`},
		{"PROCESS_SERVICE_CHECK_RESULT;web1;passive;nine;x", `nine`},
		{"ACKNOWLEDGE_SVC_PROBLEM;web1;passive", `ACKNOWLEDGE_SVC_PROBLEM`},
	} {
		write(t, pipe, wrong.command+"\n")
		o.says(wrong.says)
	}
	if out, code := call(t, "command", "--http", o.Addr, "ACKNOWLEDGE_SVC_PROBLEM;web1;passiv;2;0;0;ada;I see"); code != 1 {
		t.Errorf("a command for a service that is not there: exit status %d: %s", code, out)
	}
	write(t, pipe, "REMOVE_SVC_ACKNOWLEDGEMENT;web1;passive\n")
	o.seen("web1/passive", "is no more acknowledged", func(one api.Object) bool { return !one.Acknowledged })
}

// write writes commands into a pipe in one go, as programs do that have several.
func write(t *testing.T, pipe string, commands ...string) {
	t.Helper()
	f, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text := ""
	for _, c := range commands {
		text += fmt.Sprintf("[%d] %s", time.Now().Unix(), c)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}
