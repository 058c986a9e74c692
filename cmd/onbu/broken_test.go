package main_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// A machine that starts again while somebody's files are broken works with what is in force: nobody has reloaded those files.
func TestAStartWithBrokenFilesGoesOnWithWhatIsInForce(t *testing.T) {
	t.Parallel()
	c := newConfig(t)
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	c.host("h")
	c.service("h", "tagged", "fine", "check_interval 1", "poller_tag far")
	main, dir := c.write("check_external_commands=1"), t.TempDir()
	o := serve(t, dir, "run", main, "--command-file", "-")
	o.seen("h/tagged", "is checked", func(one api.Object) bool { return one.LastCheck > 0 })
	interrupt(o)

	good, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		if err := os.WriteFile(main, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(string(good) + "cfg_file=gone.cfg\n")
	began := time.Now()
	o = serve(t, dir, "run", main, "--command-file", "-")
	o.says("gone.cfg")
	o.says("it starts all the same")
	o.seen("h/tagged", "is checked again", func(one api.Object) bool { return one.LastCheck > float64(began.Unix()+1) })
	o.eventually("nodes tell of it", func() error {
		if out, _ := call(t, "nodes", "--http", o.Addr); !strings.Contains(out, "refused its files") {
			return errors.New(out)
		}
		return nil
	})
	if out, code := call(t, "reload", "--http", o.Addr); code != 1 || !strings.Contains(out, "gone.cfg") {
		t.Errorf("reload of what is broken, exit status %d: %s", code, out)
	}
	write(string(good))
	if out, code := call(t, "reload", "--http", o.Addr); code != 0 {
		t.Errorf("reload of what is mended, exit status %d: %s", code, out)
	}
	o.eventually("nodes do not tell of it any more", func() error {
		if out, _ := call(t, "nodes", "--http", o.Addr); strings.Contains(out, "refused its files") || strings.Contains(out, "not those in force") {
			return errors.New(out)
		}
		return nil
	})
	interrupt(o)

	write(string(good) + "cfg_file=gone.cfg\n")
	if out, code := call(t, "run", main, "--state", t.TempDir(), "--http", "127.0.0.1:0"); code != 1 {
		t.Errorf("where nothing is in force, exit status %d: %s", code, out)
	}
}
