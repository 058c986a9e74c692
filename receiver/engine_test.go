package receiver_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
)

func TestAReloadIsWhatTheArbiterSaysOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := started(t, membus.New())
		if err := r.Obey(t.Context(), "RELOAD_CONFIG", "here"); err == nil || !strings.Contains(err.Error(), "no arbiter") {
			t.Errorf("without an arbiter: %v", err)
		}
		verdict := wire.Verdict{}
		stop, err := c.Subscribe(bus.Reload(), func(m bus.Msg) { _ = m.Reply(wire.Marshal(verdict)) })
		must(t, err)
		defer stop()
		if err := r.Obey(t.Context(), "RESTART_PROGRAM", "here"); err != nil {
			t.Errorf("taken: %v", err)
		}
		verdict.Refused = "main.cfg:3: nonsense"
		if err := r.Obey(t.Context(), "RELOAD_CONFIG", "here"); err == nil || err.Error() != verdict.Refused {
			t.Errorf("refused: %v", err)
		}
	})
}

func TestCommandsOfAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := started(t, membus.New())
		path := filepath.Join(t.TempDir(), "commands")
		write := func(lines ...string) { must(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600)) }
		write("[5] SCHEDULE_FORCED_HOST_CHECK;web;9", "", "[5] SCHEDULE_FORCED_HOST_CHECK;db;9")
		must(t, r.Obey(t.Context(), fmt.Sprintf("PROCESS_FILE;%s;1", path), "here"))
		if n := len(stored(t, c, bus.CMD, 2)); n != 2 {
			t.Errorf("%d commands are stored, want 2", n)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the file was to be removed: %v", err)
		}
		write("NONSENSE;web", "PROCESS_FILE;"+path+";0", "[5] SCHEDULE_FORCED_HOST_CHECK;web;9")
		err := r.Obey(t.Context(), fmt.Sprintf("PROCESS_FILE;%s;1", path), "here")
		if err == nil || !strings.Contains(err.Error(), "2 of 3 commands") {
			t.Errorf("a file with two bad lines: %v", err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("a file with bad lines stays: %v", err)
		}
		for _, line := range []string{"PROCESS_FILE;/nowhere;0", "PROCESS_FILE;" + t.TempDir() + ";0"} {
			if err := r.Obey(t.Context(), line, "here"); err == nil {
				t.Errorf("%s was taken", line)
			}
		}
	})
}

func TestCommandsForTheWholeEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := started(t, membus.New())
		for line, want := range map[string]string{
			"SHUTDOWN_PROGRAM":                      "systemctl",
			"READ_STATE_INFORMATION":                "nothing older",
			"ADD_SIMPLE_POLLER;All;p1;10.0.0.1;777": "onbu poller",
		} {
			if err := r.Obey(t.Context(), line, "here"); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want an error with %q", line, err, want)
			}
		}
		must(t, r.Obey(t.Context(), "SAVE_STATE_INFORMATION", "here"))
		must(t, r.Obey(t.Context(), "LOG;a line; with a semicolon", "here"))
		if msgs := stored(t, c, bus.CMD, 1); len(msgs) != 1 || msgs[0].Subject != bus.Commands(0) {
			t.Errorf("stored %v, want the line once, for shard 0", msgs)
		}
	})
}
