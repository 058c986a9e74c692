package demo

import (
	"path/filepath"
	"testing"

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
