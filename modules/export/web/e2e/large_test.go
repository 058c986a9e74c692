//go:build figures

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/internal/realpeer/browser"
)

// 10,000 services that fail by themselves, and 2,000 hosts behind a core switch that is down.
const (
	manyHosts, manyEach      = 1_000, 10
	manySwitches, behindEach = 40, 49
	wholeTree, manyBroken    = 1 + manySwitches*(1+behindEach), manyHosts * manyEach
)

// TestManyProblems says how long what people do takes with 10,000 root problems and a tree of 2,000 hosts, from the key to the next picture:
// make pages.
func TestManyProblems(t *testing.T) {
	b := browser.Start(t)
	s := run(t, many(t))
	s.eventually("everything has failed", func() error {
		sum, err := s.Summary(t.Context())
		if err == nil && (sum.Services["CRITICAL"] < manyBroken || sum.Hosts["UNREACHABLE"] < wholeTree-1) {
			err = fmt.Errorf("services %v, hosts %v", sum.Services, sum.Hosts)
		}
		return err
	})
	tab := s.signedIn(t, b, "anna", "problems?handled=all")
	tab.Until("there is a list", "document.querySelectorAll('.problem').length === 100")
	for _, do := range []struct{ what, key, until string }{
		{"the next row", "j", "document.querySelectorAll('.problem').length"},
		{"what follows from the first unfolded", "o", "document.querySelectorAll('.impact').length >= 50"},
		{"folded again", "o", "document.querySelectorAll('.impact').length === 0"},
	} {
		began := time.Now()
		tab.Press(do.key)
		tab.Until(do.what, do.until)
		t.Logf("problems, %s: %v", do.what, time.Since(began).Round(time.Millisecond))
	}
	for _, page := range []struct{ what, path, until string }{
		{"the last part of the list", "problems?offset=9900", "document.querySelectorAll('.problem').length === 100"},
		{"500 rows", "problems?limit=500", "document.querySelectorAll('.problem').length === 500"},
		{"a search", "problems?q=lone-0777", "document.querySelectorAll('.problem').length === 10"},
		{"the core", "object?host=core", "document.querySelector('.said-card')"},
		{"the tree", "tree", "document.querySelectorAll('.node').length"},
		{"the tree as a list", "tree?as=list", "document.querySelectorAll('.branches li').length"},
	} {
		began := time.Now()
		tab.Go(s.at(page.path))
		tab.Until(page.what, page.until)
		t.Logf("%s: %v, %d elements", page.what, time.Since(began).Round(time.Millisecond), browser.Eval[int](tab, "document.querySelectorAll('*').length"))
		browser.Eval[bool](tab, "new Promise((done) => setTimeout(() => done(true), 1500))")
		keepFigure(t, tab, page.what)
	}
}

func keepFigure(t *testing.T, tab *browser.Tab, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name+".png"), tab.Picture(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// many writes a configuration whose checks cost nothing.
func many(t *testing.T) func(dir string) string {
	return func(dir string) string {
		t.Helper()
		main, err := objectstest.Write(dir, "main.cfg", []string{"interval_length=1"}, func(o *objectstest.Text) {
			o.Basis("ann", "/bin/true", "host_notifications_enabled 0", "service_notifications_enabled 0")
			o.Command("dummy", "/usr/lib/nagios/plugins/check_dummy $ARG1$")
			down := []string{"address 127.0.0.1", "check_command dummy!2!down", "check_interval 30", "retry_interval 5", "max_check_attempts 1"}
			o.Host("core", "ann", down...)
			for i := range manySwitches {
				name := fmt.Sprintf("switch-%02d", i)
				o.Host(name, "ann", append(down, "parents core")...)
				for j := range behindEach {
					o.Host(fmt.Sprintf("server-%02d-%02d", i, j), "ann", append(down, "parents "+name)...)
				}
			}
			for i := range manyHosts {
				name := fmt.Sprintf("lone-%04d", i)
				o.Host(name, "ann", "address 127.0.0.1", "active_checks_enabled 0")
				for j := range manyEach {
					o.Service(name, fmt.Sprintf("service-%d", j), "dummy!2!broken", "ann", "check_interval 30", "retry_interval 30", "max_check_attempts 1")
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return main
	}
}
