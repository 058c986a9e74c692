package main_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor/api"
)

// The example of `make run` shows a tree with a root cause, tells of the root cause only, and ends without a trace.
func TestExample(t *testing.T) {
	realpeer.Root(t, "pings need it")
	t.Parallel()
	dir := t.TempDir()
	port, results := copyExample(t, dir)
	began := time.Now()
	o := launch(t, "run", filepath.Join(dir, "onbu.cfg"), "--state", t.TempDir(), "--http", fmt.Sprintf("127.0.0.1:%d", port))
	o.says(`msg="configuration in force"`)
	t.Logf("the configuration was in force after %s", time.Since(began).Round(time.Millisecond))
	o.listening()

	o.eventually("a result is taken over HTTP", func() error {
		return post(t, results, `{"host":"onbu","service":"queue","state":"OK","output":"77 waiting|waiting=77"}`)
	})
	o.eventually("everything is checked", func() error {
		all, err := o.objects()
		for name, one := range all {
			if one.State == "PENDING" {
				return fmt.Errorf("%s is %s", name, one.State)
			}
		}
		if err == nil && len(all) == 0 {
			err = errors.New("there is nothing yet")
		}
		return err
	})
	t.Logf("everything was checked after %s", time.Since(began).Round(time.Millisecond))
	in := func(state string) func(api.Object) bool {
		return func(one api.Object) bool { return one.State == state && one.StateType == "HARD" }
	}
	o.seen("old-router", "is down", in("DOWN"))
	o.seen("old-server", "is unreachable", in("UNREACHABLE"))
	for _, host := range []string{"gateway", "switch-1", "switch-2", "server-1", "server-2", "onbu", "guest-1"} {
		o.seen(host, "is up", in("UP"))
	}
	for _, service := range []string{"onbu/backup", "onbu/backup reporter", "onbu/api port", "onbu/health", "server-1/ping", "server-2/ping", "server-2/agent", "server-2/shop", "guest-1/web", "onbu/slowest ping"} {
		o.seen(service, "is fine", in("OK"))
	}
	o.seen("onbu/queue", "is what its trigger makes of the number", func(one api.Object) bool { return one.State == "WARNING" })
	live, code := call(t, "live", filepath.Join(dir, "run", "live"), "GET services", "Columns: host_name description", "Filter: state = 1", "Filter: description = queue")
	if code != 0 || live != "onbu;queue\n" {
		t.Errorf("onbu live: exit status %d: %q", code, live)
	}
	if why, code := call(t, "explain", "--http", o.Addr, "old-server"); code != 0 || !strings.Contains(why, "the root cause is old-router DOWN") {
		t.Errorf("onbu explain: exit status %d: %s", code, why)
	}
	steps, code := call(t, "trace", "--now", "--http", o.Addr, "server-1/ping")
	for _, want := range []string{"the check was due", "sent the job to poller", "module icmp", "made its verdict: OK", "the view shows it: OK"} {
		if code != 0 || !strings.Contains(steps, want) {
			t.Errorf("onbu trace: exit status %d, want 0 and %q:\n%s", code, want, steps)
		}
	}
	if orphans, code := call(t, "piggyback", "orphans", "--http", o.Addr); code != 0 || orphans != "guest-2\n" {
		t.Errorf("onbu piggyback orphans: exit status %d: %q", code, orphans)
	}
	told := toldOf(o, filepath.Join(dir, "run", "told.log"), "PROBLEM old-router")
	if strings.Contains(told, "old-server") {
		t.Errorf("somebody was told of what is only unreachable:\n%s", told)
	}
	interrupt(o)
	if left := processesOf(t, dir); len(left) > 0 {
		t.Errorf("processes that stayed behind: %q", left)
	}
}

// copyExample copies the example, lets it check the port that it gets, and take results on another one.
func copyExample(t *testing.T, dir string) (port, results int) {
	t.Helper()
	example := "../../deploy/examples/loopback"
	for _, folder := range []string{"plugins", "triggers.d"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(example, folder))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "run"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(example, "*.cfg"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		realpeer.File(t, dir, filepath.Base(file), string(text))
	}
	port, results = realpeer.Port(t), realpeer.Port(t)
	for file, ports := range map[string][]string{"self.cfg": {"7770", fmt.Sprint(port)}, "modules.cfg": {"7766", fmt.Sprint(results)}} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		realpeer.File(t, dir, file, strings.ReplaceAll(string(text), ports[0], ports[1]))
	}
	return port, results
}

// post sends a result to the example's receiver.
func post(t *testing.T, port int, result string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/results", port), strings.NewReader(result))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer example")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// toldOf waits until a file holds text and gives all of it.
func toldOf(o *onbu, path, text string) (told string) {
	o.t.Helper()
	o.eventually("somebody is told of "+text, func() error {
		b, err := os.ReadFile(path)
		if told = string(b); err == nil && !strings.Contains(told, text) {
			err = fmt.Errorf("told so far: %s", told)
		}
		return err
	})
	return told
}

// interrupt presses Ctrl-C and wants a good end.
func interrupt(o *onbu) {
	o.t.Helper()
	began := time.Now()
	o.signal(syscall.SIGINT)
	select {
	case <-o.Ended():
	case <-time.After(patience):
		o.t.Fatal("Ctrl-C does not end it")
	}
	o.t.Logf("it ended %s after Ctrl-C", time.Since(began).Round(time.Millisecond))
	if code := o.ProcessState.ExitCode(); code != 0 {
		o.t.Errorf("exit status %d after Ctrl-C", code)
	}
}

// processesOf gives the command lines of processes that name a folder.
func processesOf(t *testing.T, dir string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(line), dir) { // else it is gone already
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
