package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor/api"
)

// The demo shows in half a minute what it promises, and leaves nothing behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "demo")
	o := launch(t, "demo", "--state", state, "--http", "127.0.0.1:0", "--speed", "4")
	o.says("Ctrl-C ends it all")
	o.Addr = regexp.MustCompile(`http://(\S+)/ui/`).FindStringSubmatch(o.Output())[1]
	if out, code := call(t, "verify", filepath.Join(state, "config", "onbu.cfg")); code != 0 || !strings.Contains(out, "0 errors, 0 warnings: fit to run") {
		t.Errorf("onbu verify of its configuration: exit status %d: %s", code, out)
	}
	in := func(state string) func(api.Object) bool {
		return func(one api.Object) bool { return one.State == state }
	}
	o.seen("por-core", "is down", in("DOWN"))
	o.seen("por-web-1", "is out of reach", in("UNREACHABLE"))
	o.seen("vm-03/Memory", "is fine: the vCenter says so", in("OK"))
	o.seen("ham-san-2/RAID", "is acknowledged", func(one api.Object) bool { return one.Acknowledged })
	o.seen("ham-db-1/Nightly backup", "was told of", in("OK"))
	o.seen("ham-core-1/Uptime", "is asked by SNMP", in("OK"))
	if orphans, code := call(t, "piggyback", "orphans", "--http", o.Addr); code != 0 || !strings.Contains(orphans, "template-debian-13") {
		t.Errorf("onbu piggyback orphans: exit status %d: %s", code, orphans)
	}
	toldOf(o, filepath.Join(state, "told.log"), "PROBLEM por-core")
	interrupt(o)
	if b, err := os.ReadFile(filepath.Join(state, "onbu.log")); err != nil || strings.Contains(string(b), "level=ERROR") {
		t.Errorf("the log (%v): %s", err, b)
	}
}
