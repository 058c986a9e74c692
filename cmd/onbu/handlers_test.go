package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor/api"
)

// Event handlers and snapshots run, global ones too, with the state that caused them; and none again after a crash that
// came when they were done.
func TestEventHandlersAndSnapshotsRun(t *testing.T) {
	t.Parallel()
	c := newConfig(t)
	ran := filepath.Join(c.dir, "ran")
	const seen = "$SERVICEDESC$ $SERVICESTATE$ $SERVICESTATETYPE$ $SERVICEATTEMPT$"
	for _, name := range []string{"all", "own", "snap"} {
		c.Command(name, fmt.Sprintf(`echo "%s %s" >> %s`, name, seen, ran))
	}
	c.host("web1")
	passive := []string{"active_checks_enabled 0", "max_check_attempts 2"}
	c.service("web1", "http", "tell", append(passive, "event_handler own")...)
	c.service("web1", "load", "tell", append(passive,
		"snapshot_enabled 1", "snapshot_command snap", "snapshot_criteria c", "snapshot_interval 3600")...)
	config, state := c.write("global_service_event_handler=all"), t.TempDir()
	o := serve(t, state, "run", config)
	o.seen("web1/http", "is known", func(api.Object) bool { return true })
	o.obey("PROCESS_SERVICE_CHECK_RESULT;web1;http;2;refused")
	o.obey("PROCESS_SERVICE_CHECK_RESULT;web1;http;0;fine")
	want := []string{
		"all http CRITICAL SOFT 1", "all http OK SOFT 2", "own http CRITICAL SOFT 1", "own http OK SOFT 2",
	}
	ranAre(t, o, ran, want)
	o.counts("onbu_actions_total", float64(len(want)))
	o.kill()

	o = serve(t, state, "run", config)
	o.seen("web1/load", "is known", func(api.Object) bool { return true })
	o.obey("PROCESS_SERVICE_CHECK_RESULT;web1;load;2;40")
	o.obey("PROCESS_SERVICE_CHECK_RESULT;web1;load;2;41")
	ranAre(t, o, ran, append(want, "all load CRITICAL HARD 2", "all load CRITICAL SOFT 1", "snap load CRITICAL SOFT 1"))
}

// ranAre waits until exactly these lines were written, in whatever order.
func ranAre(t *testing.T, o *onbu, path string, want []string) {
	t.Helper()
	slices.Sort(want)
	o.eventually("the handlers ran", func() error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		got := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if slices.Sort(got); !slices.Equal(got, want) {
			return fmt.Errorf("ran %q, want %q", got, want)
		}
		return nil
	})
}
