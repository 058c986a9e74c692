// Package deploy_test keeps what an administrator installs true: units that systemd accepts, a package that holds all of it, and a
// dashboard of metrics that there are.
package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/realpeer"
)

const patience = 30 * time.Second

// command runs a program and gives what it printed; the test fails with that if the program does.
func command(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// instances writes the units into a folder as they run, each role by its name, with a program that is there, and gives their paths.
func instances(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("systemd")); err != nil {
		t.Fatal(err)
	}
	all := filepath.Join(dir, "onbu@.service.d") // where the examples are copied to
	if err := errors.Join(os.Mkdir(all, 0o755), os.Rename(filepath.Join(dir, "examples/keys.conf"), filepath.Join(all, "keys.conf"))); err != nil {
		t.Fatal(err)
	}
	present := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(text), "=/usr/bin/onbu ", "=/bin/true ")
	}
	template := present(filepath.Join(dir, "onbu@.service"))
	units := []string{realpeer.File(t, dir, "onbu.service", present(filepath.Join(dir, "onbu.service")))}
	for _, role := range append(app.Roles(), "bus") {
		units = append(units, realpeer.File(t, dir, "onbu@"+role+".service", template))
	}
	dropins, err := filepath.Glob(filepath.Join(dir, "*.service.d", "*.conf"))
	if err != nil || len(dropins) < 5 {
		t.Fatalf("drop-ins: %q, %v", dropins, err)
	}
	for _, path := range dropins {
		realpeer.File(t, filepath.Dir(path), filepath.Base(path), present(path))
	}
	return units
}

func TestSystemdAcceptsTheUnitsAndFindsThemClosed(t *testing.T) {
	analyze := realpeer.Program(t, "systemd-analyze", "systemd")
	for _, unit := range instances(t) {
		if said := command(t, analyze, "verify", "--man=no", "--recursive-errors=no", unit); strings.Contains(said, "onbu") {
			t.Errorf("%s: %s", filepath.Base(unit), said)
		}
		// Exposure from 0 to 100; a unit without any of it has 96.
		command(t, analyze, "security", "--offline=yes", "--threshold=20", unit)
	}
}

// hardening gives the settings of a unit's sandbox.
func hardening(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, sandbox, found := strings.Cut(string(text), "\nNoNewPrivileges=yes\n")
	sandbox, _, end := strings.Cut(sandbox, "\n\n")
	if !found || !end {
		t.Fatalf("%s has no block of settings that begins with NoNewPrivileges=", path)
	}
	return strings.Split(sandbox, "\n")
}

// setting gives what a unit says of something.
func setting(t *testing.T, path, name string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, value, found := strings.Cut(string(text), "\n"+name+"=")
	if !found {
		t.Fatalf("%s says nothing of %s", path, name)
	}
	value, _, _ = strings.Cut(value, "\n")
	return value
}

func TestBothUnitsAreEquallyClosed(t *testing.T) {
	one, role := hardening(t, "systemd/onbu.service"), hardening(t, "systemd/onbu@.service")
	if !slices.Equal(one, role) {
		t.Errorf("onbu.service: %q\nonbu@.service: %q", one, role)
	}
}

func TestEveryRoleHasAUser(t *testing.T) {
	text, err := os.ReadFile("sysusers.d/onbu.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range append(app.Roles(), "bus") {
		if !strings.Contains(string(text), "\nu onbu-"+role+" ") {
			t.Errorf("sysusers.d/onbu.conf lacks the user onbu-%s, which onbu@%s.service runs as", role, role)
		}
	}
	if sysusers, err := exec.LookPath("systemd-sysusers"); err == nil && os.Geteuid() == 0 {
		whole, err := filepath.Abs("sysusers.d/onbu.conf")
		if err != nil {
			t.Fatal(err)
		}
		command(t, sysusers, "--dry-run", whole)
	}
}

// TestThePackageHoldsWhatItSays builds it, unpacks it, and asks the binary in it about the configuration in it.
func TestThePackageHoldsWhatItSays(t *testing.T) {
	deb := realpeer.Program(t, "dpkg-deb", "dpkg")
	dir := t.TempDir()
	binary := filepath.Join(dir, "onbu")
	t.Setenv("CGO_ENABLED", "0")
	command(t, "go", "build", "-trimpath", "-ldflags=-s", "-tags", "gosnmp_nodebug", "-o", binary, "../cmd/onbu")
	file := strings.TrimSpace(command(t, "deb/build", binary, dir))
	if got := command(t, deb, "--field", file, "Package", "Version"); !regexp.MustCompile(`^Package: onbu\nVersion: \d`).MatchString(got) {
		t.Errorf("the package says %q", got)
	}
	root := filepath.Join(dir, "root")
	command(t, deb, "--raw-extract", file, root)
	for _, path := range []string{
		"usr/bin/onbu", "usr/lib/systemd/system/onbu.service", "usr/lib/systemd/system/onbu@.service",
		"usr/lib/systemd/system/onbu@bus.service.d/store.conf", "usr/lib/sysusers.d/onbu.conf", "usr/lib/tmpfiles.d/onbu.conf",
		"etc/onbu/onbu.cfg", "etc/default/onbu", "usr/share/man/man8/onbu.8.gz", "usr/share/doc/onbu/copyright",
		"usr/share/doc/onbu/docs/install.md", "usr/share/doc/onbu/three-servers/README.md", "usr/share/doc/onbu/grafana/onbu.json",
	} {
		if info, err := os.Stat(filepath.Join(root, path)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	reload := strings.Fields(setting(t, filepath.Join(root, "usr/lib/systemd/system/onbu.service"), "ExecReload"))
	for i := range reload {
		reload[i] = strings.ReplaceAll(reload[i], "${ONBU_API}", "127.0.0.1:1")
	}
	said, err := exec.CommandContext(t.Context(), filepath.Join(root, reload[0]), reload[1:]...).CombinedOutput()
	if err == nil || !strings.Contains(string(said), "127.0.0.1:1") {
		t.Errorf("systemctl reload of an engine that is not there says %q, %v; want that nobody answers at 127.0.0.1:1", said, err)
	}
	conffiles, err := os.ReadFile(filepath.Join(root, "DEBIAN/conffiles"))
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(os.DirFS(root), "etc", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !slices.Contains(strings.Fields(string(conffiles)), "/"+path) {
			t.Errorf("/%s is no conffile: an upgrade would overwrite what people changed", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	theManualHasEveryVerb(t, root)
	linksLeadSomewhere(t, filepath.Join(root, "usr/share/doc/onbu"))
	if said := command(t, filepath.Join(root, "usr/bin/onbu"), "verify", filepath.Join(root, "etc/onbu/onbu.cfg")); !strings.Contains(said, "fit to run") {
		t.Errorf("the default configuration: %s", said)
	}
}

// dashboard gives the names of all metrics in the dashboard, without doubles.
func dashboard(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("grafana/onbu.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	var names []string
	metric := regexp.MustCompile(`\b(?:onbu|process|go)_\w+`)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			found := metric.FindAllString(target.Expr, -1)
			if len(found) == 0 {
				t.Errorf("panel %s asks for no metric of ours: %s", p.Title, target.Expr)
			}
			names = append(names, found...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// fast gives the default configuration with seconds instead of minutes, and without its socket in /run.
func fast(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("etc")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "conf.d/modules.cfg")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("etc/onbu.cfg")
	if err != nil {
		t.Fatal(err)
	}
	return realpeer.File(t, dir, "onbu.cfg", "interval_length=1\n"+string(text))
}

func TestTheDashboardShowsMetricsThatThereAre(t *testing.T) {
	names := dashboard(t)
	if len(names) < 30 {
		t.Fatalf("the dashboard has %d metrics: %q", len(names), names)
	}
	started := make(chan string, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- app.Run(ctx, app.Options{
			Roles: app.Roles(), Main: fast(t), BusURL: "embedded:", State: t.TempDir(), HTTP: "127.0.0.1:0", Name: "test", CommandFile: "-",
			EventLog: "events.ndjson", Shards: 2, Log: slog.New(slog.DiscardHandler), Started: func(addr string) { started <- addr },
		})
	}()
	var missing []string
	select {
	case addr := <-started:
		missing = await(t, "http://"+addr+"/metrics", names)
	case err := <-ended:
		t.Fatalf("it ended: %v", err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(missing) > 0 {
		t.Errorf("a running engine has no %s", strings.Join(missing, ", "))
	}
}

// await waits until all metrics are there, some of which come with the first check, and gives those that never are.
func await(t *testing.T, url string, names []string) (missing []string) {
	t.Helper()
	for limit := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		missing = missing[:0]
		for _, name := range names {
			if !regexp.MustCompile(`(?m)^` + name + `[{ ]`).Match(text) {
				missing = append(missing, name)
			}
		}
		if len(missing) == 0 || time.Now().After(limit) {
			return missing
		}
	}
}
