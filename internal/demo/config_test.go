package demo

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/onbu/onbu/arbiter"
)

func written(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	p := &place{network: 77, ports: 17700, results: "127.77.0.2:17706", token: "secret", told: filepath.Join(dir, "told.log")}
	if err := writeConfig(dir, p, site(p.network)); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, mainFile)
}

func TestTheConfigurationHasNoMistakesAndNoDoubts(t *testing.T) {
	c, report := arbiter.Load(written(t))
	for _, p := range report.Problems {
		t.Error(arbiter.Line(p))
	}
	if c == nil {
		t.Fatal("it is not usable")
	}
	if got := len(c.Hosts); got != 300 {
		t.Errorf("%d hosts, want 300", got)
	}
	if got := len(c.Services); got < 500 || got > 1000 {
		t.Errorf("%d services, want 500 to 1,000", got)
	}
}

// What comes and goes is over before anybody would be told of it: that it flaps is what people hear.
func TestNobodyIsToldOfEachTimeThatAPageComesAndGoes(t *testing.T) {
	c, _ := arbiter.Load(written(t))
	longest, since := time.Duration(0), time.Duration(0)
	for at := time.Duration(0); at < 6*time.Minute; at += time.Second {
		s := scene{at: at, broken: map[string]bool{}}
		if flaps(&s, 0); !s.broken[flapping] {
			since = at
		}
		longest = max(longest, at-since)
	}
	for i := range c.Services {
		s := &c.Services[i]
		if c.Hosts[s.Host].Name == flapping && s.Description == "HTTP" {
			if p := c.Settings[s.Settings].Policy; p.FirstNotificationDelay <= longest+15*time.Second {
				t.Errorf("it is told after %s, and broken for up to %s", p.FirstNotificationDelay, longest)
			}
			return
		}
	}
	t.Errorf("%s has no service HTTP", flapping)
}
