package objects_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor"
)

// forBoth is a main file that Nagios and Onbu share.
const forBoth = `#onbu parent_wait=5
#onbu enable_notifications=0
#onbu enable_problem_impacts_states_change=0
# onbu notify_impacts=1
enable_notifications=1
`

func TestOptionsForOnbuAloneWinAndDoNotMakeTheFileShinkens(t *testing.T) {
	main := mainFor(t, "testdata/mistakes/parent_itself.cfg", t.TempDir())
	plain, _ := objects.Load(main, objects.Opts{})
	appendTo(t, main, forBoth)
	c, r := objects.Load(main, objects.Opts{})
	o := c.Options
	if o.ParentWait != 5*time.Second || o.ImpactStates || o.TellImpacts {
		t.Errorf("parent_wait %v, enable_problem_impacts_states_change %v, notify_impacts %v; want 5s, false, false", o.ParentWait, o.ImpactStates, o.TellImpacts)
	}
	want := plain.Options
	want.ParentWait, want.ImpactStates = o.ParentWait, o.ImpactStates
	want.Program.HostSwitches &^= monitor.Notifications
	want.Program.ServiceSwitches &^= monitor.Notifications
	if o != want {
		t.Errorf("the other options are\n%+v, want\n%+v: %s", o, want, say(r))
	}
}

func TestNagiosTakesTheOptionsForOnbuForComments(t *testing.T) {
	program := realpeer.Program(t, "nagios4", "nagios4")
	dir := realpeer.Dir(t)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	main := mainFor(t, "testdata/mistakes/service_parent_circle.cfg", dir)
	appendTo(t, main, forBoth)
	if out, err := exec.Command(program, "-v", main).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
