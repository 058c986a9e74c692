package objects_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/realpeer"
)

// A pipe that nobody writes to must not hold up whoever opens it.
func TestWhatIsNoFileIsRefusedWhereItIsNamed(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.cfg")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.cfg")
	if err := os.Symlink(pipe, link); err != nil {
		t.Fatal(err)
	}
	realpeer.File(t, dir, "objects.cfg", good)
	for _, x := range []struct{ name, options, where string }{
		{"a pipe as cfg_file", "cfg_file=objects.cfg\ncfg_file=pipe.cfg\n", "nagios.cfg:2"},
		{"a link to a pipe", "cfg_file=objects.cfg\n\ncfg_file=link.cfg\n", "nagios.cfg:3"},
		{"a pipe as resource_file", "cfg_file=objects.cfg\nresource_file=pipe.cfg\n", "nagios.cfg:2"},
		{"a device", "cfg_file=objects.cfg\ncfg_file=/dev/zero\n", "nagios.cfg:2"},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, r := objects.Load(realpeer.File(t, dir, "nagios.cfg", x.options), objects.Opts{})
			refused(t, r, x.where)
		})
	}
	_, r := objects.Load(pipe, objects.Opts{})
	refused(t, r, "pipe.cfg")
}

func refused(t *testing.T, r *objects.Report, where string) {
	t.Helper()
	for _, p := range r.Problems {
		if strings.Contains(p.String(), where) && strings.Contains(p.Text, "not a regular file") {
			return
		}
	}
	t.Errorf("no error at %s says that this is no file: %v", where, r.Problems)
}

func TestAByteOrderMarkIsNoPartOfTheText(t *testing.T) {
	dir := t.TempDir()
	realpeer.File(t, dir, "objects.cfg", "\ufeff"+good+"define host {\n use h\n host_name a\n}\ndefine service {\n use s\n host_name a\n service_description x\n}\n")
	realpeer.File(t, dir, "resource.cfg", "\ufeff$USER9$=nine\n")
	main := realpeer.File(t, dir, "nagios.cfg", "\ufeffcfg_file=objects.cfg\nresource_file=resource.cfg\n")
	c, r := objects.Load(main, objects.Opts{})
	for _, p := range r.Problems {
		t.Error(p)
	}
	if got := c.Macros["USER9"]; got != "nine" {
		t.Errorf("$USER9$ is %q, want nine: %v", got, c.Macros)
	}
}
