package main_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
)

const debianConfig = "/etc/nagios4/nagios.cfg"

// The configuration of Debian's package, unchanged, is clean, and a Nagios beside Onbu comes to the same states.
func TestNagiosAgrees(t *testing.T) {
	program := realpeer.Program(t, "nagios4", "nagios4-core")
	if _, err := os.Stat(debianConfig); err != nil {
		realpeer.Skip(t, debianConfig+" is not here: apt-get install nagios4-common")
	}
	realpeer.Root(t, "nagios4 wants to become another user")
	t.Parallel()
	if out, code := call(t, "verify", debianConfig); code != 0 || !strings.Contains(out, "0 errors, 0 warnings") {
		t.Errorf("onbu verify: exit status %d: %s", code, out)
	}
	n := startNagios(t, program)
	o := serve(t, t.TempDir(), "run", debianConfig, "--command-file", "-")
	o.counts("onbu_scheduler_shards", 16)
	n.obey("DISABLE_NOTIFICATIONS")
	o.obey("DISABLE_NOTIFICATIONS")

	// What hangs on the machine's load may change between the two looks, and what is in trouble needs some looks until it
	// is HARD: so both look again until they agree.
	const rounds = 12
	var diff string
	for range rounds {
		began := time.Now().Truncate(time.Second)
		n.lookAtEverything(began)
		for _, name := range []string{"SCHEDULE_FORCED_HOST_CHECK", "SCHEDULE_FORCED_HOST_SVC_CHECKS"} {
			o.obey("%s;localhost;%d", name, began.Unix())
		}
		want, got := n.states(began), o.states(began)
		if diff = cmp.Diff(want, got); diff == "" && settled(want) {
			t.Logf("agreed: %v", got)
			return
		}
	}
	t.Errorf("after %d looks at everything (-nagios +onbu):\n%s", rounds, diff)
}

// state is what both say of an object.
type state struct {
	State, Type string
	Attempt     int
}

func settled(all map[string]state) bool {
	for _, s := range all {
		if s.Type != "HARD" {
			return false
		}
	}
	return len(all) == 9
}

// states waits until everything was checked since began.
func (o *onbu) states(began time.Time) map[string]state {
	o.t.Helper()
	all := map[string]state{}
	o.eventually("onbu has checked everything", func() error {
		objects, err := o.objects()
		if err != nil {
			return err
		}
		for name, one := range objects {
			if one.LastCheck < float64(began.Unix()) {
				return fmt.Errorf("%s was checked at %f", name, one.LastCheck)
			}
			all[name] = state{one.State, one.StateType, int(one.Attempt)}
		}
		return nil
	})
	return all
}

// nagios is the real program, with the objects of the package.
type nagios struct {
	*realpeer.Process
	t              *testing.T
	cmd, retention string
}

func startNagios(t *testing.T, program string) *nagios {
	t.Helper()
	dir := realpeer.Dir(t)
	if err := os.Chmod(dir, 0o777); err != nil { // it becomes the user nagios
		t.Fatal(err)
	}
	n := &nagios{t: t, cmd: filepath.Join(dir, "command_file"), retention: filepath.Join(dir, "state_retention_file")}
	n.Process = realpeer.Start(t, program, realpeer.File(t, dir, "nagios.cfg", ownPlaces(t, dir)))
	n.Until(t, "made its command file", func() error {
		_, err := os.Stat(n.cmd)
		return err
	})
	return n
}

var written = regexp.MustCompile(`(?m)^(log_file|object_cache_file|precached_object_file|status_file|command_file|lock_file|temp_file|temp_path|` +
	`log_archive_path|check_result_path|state_retention_file|debug_file)=.*$`)

// ownPlaces gives the package's main file with what Nagios writes in dir. It does not ask its makers for updates either.
func ownPlaces(t *testing.T, dir string) string {
	t.Helper()
	main, err := os.ReadFile(debianConfig)
	if err != nil {
		t.Fatal(err)
	}
	text := written.ReplaceAllStringFunc(string(main), func(line string) string {
		name, _, _ := strings.Cut(line, "=")
		if name == "temp_path" || name == "check_result_path" || name == "log_archive_path" {
			return name + "=" + dir
		}
		return name + "=" + filepath.Join(dir, name)
	})
	text = strings.ReplaceAll(text, "check_for_updates=1", "check_for_updates=0")
	return text + "\nquery_socket=" + filepath.Join(dir, "query") + "\n"
}

// obey writes a command into Nagios' command file.
func (n *nagios) obey(command string) {
	n.t.Helper()
	pipe, err := os.OpenFile(n.cmd, os.O_WRONLY, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	defer pipe.Close()
	if _, err := fmt.Fprintf(pipe, "[%d] %s\n", time.Now().Unix(), command); err != nil {
		n.t.Fatal(err)
	}
}

func (n *nagios) lookAtEverything(at time.Time) {
	n.t.Helper()
	n.obey(fmt.Sprintf("SCHEDULE_FORCED_HOST_CHECK;localhost;%d", at.Unix()))
	n.obey(fmt.Sprintf("SCHEDULE_FORCED_HOST_SVC_CHECKS;localhost;%d", at.Unix()))
}

// states waits until everything was checked since began. The retention file has what the status file has, but Nagios
// writes it when it is asked to.
func (n *nagios) states(began time.Time) map[string]state {
	n.t.Helper()
	all := map[string]state{}
	asked := 0
	within(n.t, patience, "nagios has checked everything", func() error {
		if asked++; asked%25 == 1 {
			n.obey("SAVE_STATE_INFORMATION")
		}
		blocks, err := retained(n.retention)
		if err != nil {
			return err
		}
		clear(all)
		for _, b := range blocks {
			if at, _ := strconv.ParseInt(b["last_check"], 10, 64); at < began.Unix() {
				return fmt.Errorf("%s/%s was checked at %s", b["host_name"], b["service_description"], b["last_check"])
			}
			name, s := stateOf(b)
			all[name] = s
		}
		return nil
	})
	return all
}

// retained reads the blocks of hosts and services of a retention file.
func retained(path string) ([]map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var blocks []map[string]string
	var block map[string]string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		switch line := lines.Text(); {
		case line == "host {" || line == "service {":
			block = map[string]string{}
			blocks = append(blocks, block)
		case line == "}":
			block = nil
		case block != nil:
			key, value, _ := strings.Cut(line, "=")
			block[key] = value
		}
	}
	return blocks, nil
}

func stateOf(block map[string]string) (string, state) {
	name, words := block["host_name"], []string{"UP", "DOWN", "UNREACHABLE"}
	if service := block["service_description"]; service != "" {
		name, words = name+"/"+service, []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}
	}
	current, _ := strconv.Atoi(block["current_state"])
	kind, _ := strconv.Atoi(block["state_type"])
	attempt, _ := strconv.Atoi(block["current_attempt"])
	return name, state{words[current], []string{"SOFT", "HARD"}[kind], attempt}
}
