package arbiter_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/monitor"
)

func TestAReloadWithAMistakeInAModuleIsRefusedAndAStartIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		main, objects := filepath.Join(dir, "main.cfg"), filepath.Join(dir, "modules.cfg")
		write := func(path, text string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		module := func(port string) {
			write(objects, "define module {\n module_name in\n module_type x\n port "+port+"\n}\n")
		}
		write(main, "cfg_file=modules.cfg\n")
		module("bad")
		hosts := func(m *monitor.Module) monitor.ModuleVerdict {
			v := monitor.ModuleVerdict{Hosted: true}
			if m.Settings[0].Value == "bad" {
				v.Wrong = []string{"modules.cfg:4: module in: the port is bad"}
			}
			return v
		}
		s := &started{t: t, bus: membus.New().Connect("arbiter"), reload: make(chan struct{}), log: &logs{}, ended: make(chan struct{})}
		s.run(arbiter.Options{Bus: s.bus, Main: main, Shards: shards, Reload: s.reload, Hosts: hosts, Log: slog.New(slog.NewTextHandler(s.log, nil))})
		if got := s.inForce().Number; got != 1 {
			t.Errorf("at the start generation %d is in force, want 1: an engine without a module is better than none", got)
		}
		module("good")
		s.again()
		module("bad")
		s.again()
		if got := s.inForce().Number; got != 2 {
			t.Errorf("after a reload with a mistake generation %d is in force, want 2", got)
		}
		if log := s.log.String(); !strings.Contains(log, "modules.cfg:4: module in: the port is bad") || !strings.Contains(log, "reload refused") {
			t.Errorf("the log: %s", log)
		}
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}
