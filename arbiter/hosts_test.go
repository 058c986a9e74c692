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
	"github.com/onbu/onbu/internal/logtest"
	"github.com/onbu/onbu/monitor"
)

func TestAReloadWithAMistakeInAModuleIsRefusedAndAStartIsNot(t *testing.T) {
	withModules(t, "bad", func(t *testing.T, s *started, module func(port string)) {
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
	})
}

func TestAReloadMayHaveTheMistakesThatAreInForce(t *testing.T) {
	withModules(t, "bad", func(t *testing.T, s *started, module func(port string)) {
		for _, tt := range []struct {
			port       string
			generation uint64
		}{
			{"bad\n}\n\ndefine host {\n host_name h", 2}, // the text before it moves no line of the module
			{"worse", 2},
			{"\n\n port bad\n}\ndefine host {\n host_name other", 3},
			{"good", 4},
			{"bad", 4},
			{"7\n}\ndefine module {\n module_name second\n module_type x\n port 7", 4},
		} {
			module(tt.port)
			s.again()
			if got := s.inForce().Number; got != tt.generation {
				t.Errorf("after a reload with port %q generation %d is in force, want %d; the log: %s", tt.port, got, tt.generation, s.log)
			}
		}
	})
}

func TestAReloadMayHaveThePortsTakenThatAreTakenInForce(t *testing.T) {
	const twice = "7\n}\ndefine module {\n module_name second\n module_type x\n port 7"
	withModules(t, twice, func(t *testing.T, s *started, module func(port string)) {
		module(twice + "\n}\ndefine host {\n host_name h")
		s.again()
		if got := s.inForce().Number; got != 2 {
			t.Errorf("generation %d is in force, want 2; the log: %s", got, s.log)
		}
		module(twice + "\n}\ndefine module {\n module_name third\n module_type x\n port 7")
		s.again()
		if got := s.inForce().Number; got != 2 {
			t.Errorf("with a third one at the same port generation %d is in force, want 2", got)
		}
	})
}

// withModules has an arbiter at work that judges modules; module writes its file anew, with that as the end of the first definition.
func withModules(t *testing.T, first string, do func(t *testing.T, s *started, module func(port string))) {
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
		module(first)
		s := &started{t: t, bus: membus.New().Connect("arbiter"), reload: make(chan struct{}), log: &logtest.Log{}, ended: make(chan struct{})}
		s.run(arbiter.Options{Bus: s.bus, Main: main, Shards: shards, Reload: s.reload, Hosts: judged, Log: slog.New(slog.NewTextHandler(s.log, nil))})
		do(t, s, module)
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
}

// judged says what is wrong with a port, or where it listens.
func judged(m *monitor.Module) monitor.ModuleVerdict {
	v := monitor.ModuleVerdict{Hosted: true}
	switch port := m.Settings[0].Value; port {
	case "bad", "worse":
		v.Wrong = []string{"modules.cfg:4: module in: the port is " + port}
	default:
		v.Ports = []string{"tcp :" + port}
	}
	return v
}
