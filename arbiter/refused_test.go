package arbiter_test

import (
	"os"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus/membus"
)

func TestARefusedReloadIsSaidUntilTheFilesAreGood(t *testing.T) {
	for name, mend := range map[string]func(*testing.T, *started, files){
		"other files come into force": func(t *testing.T, s *started, f files) { f.hosts(t, "a", "c"); s.again() },
		"the old files are put back, and nobody reloads": func(t *testing.T, _ *started, f files) {
			f.hosts(t, "a", "b")
			time.Sleep(time.Minute)
			synctest.Wait()
		},
		"the old files are put back and reloaded": func(t *testing.T, s *started, f files) { f.hosts(t, "a", "b"); s.again() },
		"the old files are put back and checked": func(t *testing.T, s *started, f files) {
			f.hosts(t, "a", "b")
			if _, _, err := askReload(t, s.bus, true); err != nil {
				t.Error(err)
			}
		},
		"another one leads": func(_ *testing.T, s *started, _ files) { s.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, c := newFiles(t, "a", "b"), membus.New().Connect("test")
				s := start(t, c, f)
				defer s.stop()
				if got := s.a.Troubles(); got != nil {
					t.Errorf("at first it says %q", got)
				}
				good, _ := os.ReadFile(f.objects)
				f.append(t, "define host {\n host_name a\n use nothing\n}\n")
				s.again()
				time.Sleep(time.Hour)
				want := regexp.MustCompile(`^refused its files on \d{4}-\d\d-\d\d at \d\d:\d\d \(.*main\.cfg has \d+ errors?\): the configuration of generation 1 goes on; onbu reload --check lists what is wrong$`)
				if got := s.a.Troubles(); len(got) != 1 || !want.MatchString(got[0]) {
					t.Errorf("it says %q", got)
				}
				put(t, f.objects, string(good)+"\n# others, that nobody reloads\n")
				time.Sleep(time.Hour)
				if s.a.Troubles() == nil {
					t.Error("it says nothing though other files are there that nobody brought into force")
				}
				mend(t, s, f)
				if got := s.a.Troubles(); got != nil {
					t.Errorf("it still says %q", got)
				}
			})
		})
	}
}
