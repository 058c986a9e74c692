//go:build figures

package e2e_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/internal/realpeer/browser"
)

// A site of this size is what the figures of docs/performance.md are about. One service in brokenOf is CRITICAL.
const (
	largeHosts, largeServices = 10_000, 100_000
	brokenOf                  = 50
	looks                     = 7
)

// TestFirstPaint says how long the page of problems takes to show something, and to show the problems, by the browser's own trace. It fails
// only where it takes so long that something is broken: make pages.
func TestFirstPaint(t *testing.T) {
	b := browser.Start(t)
	s := run(t, large(t))
	s.eventually("every service was checked", func() error {
		sum, err := s.Summary(t.Context())
		if err == nil && (sum.Services["OK"]+sum.Services["CRITICAL"] < largeServices) {
			err = fmt.Errorf("services %v", sum.Services)
		}
		return err
	})
	var first, shown []time.Duration
	for i := range looks {
		tab := b.Tab(t) // with nothing remembered, as somebody who comes for the first time
		p := tab.Paints(s.at("problems"), "problems-shown")
		first, shown = append(first, p.First), append(shown, p.Marks["problems-shown"])
		t.Logf("look %d: first paint %v, problems shown %v", i+1, p.First.Round(time.Millisecond), p.Marks["problems-shown"].Round(time.Millisecond))
	}
	slices.Sort(first)
	slices.Sort(shown)
	t.Logf("%d services, %d of them CRITICAL: first paint p50 %v, max %v; problems shown p50 %v, max %v", largeServices, largeServices/brokenOf,
		first[looks/2].Round(time.Millisecond), first[looks-1].Round(time.Millisecond), shown[looks/2].Round(time.Millisecond), shown[looks-1].Round(time.Millisecond))
	if first[0] > 5*time.Second {
		t.Errorf("the fastest first paint took %v", first[0])
	}
}

// large writes a configuration whose checks cost nothing.
func large(t *testing.T) func(dir string) string {
	return func(dir string) string {
		t.Helper()
		main, err := objectstest.Write(dir, "main.cfg", []string{"interval_length=1"}, func(o *objectstest.Text) {
			o.Basis("ann", "/bin/true", "host_notifications_enabled 0", "service_notifications_enabled 0")
			o.Command("dummy", "/usr/lib/nagios/plugins/check_dummy $ARG1$")
			for h := range largeHosts {
				name := fmt.Sprintf("host-%05d", h)
				o.Host(name, "ann", "address 127.0.0.1", "active_checks_enabled 0")
				for i := range largeServices / largeHosts {
					result := "0!fine"
					if (h*10+i)%brokenOf == 7 {
						result = "2!broken"
					}
					o.Service(name, fmt.Sprintf("service-%d", i), "dummy!"+result, "ann", "check_interval 30", "retry_interval 30", "max_check_attempts 1")
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return main
	}
}
