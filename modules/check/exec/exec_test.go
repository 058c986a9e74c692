package exec_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/exec"
	"github.com/onbu/onbu/monitor"
)

var _ modules.Check = exec.New(exec.DefaultOptions())

// prepare gives the probe for a line, run by a module with the default options.
func prepare(t testing.TB, line string) modules.Probe {
	t.Helper()
	p, err := exec.New(exec.DefaultOptions()).Prepare(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return p
}

// run runs a line that must give an outcome.
func run(t testing.TB, ctx context.Context, line string) monitor.Outcome {
	t.Helper()
	o, err := prepare(t, line).Run(ctx)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return o
}

// script writes an executable file.
func script(t testing.TB, text string) string {
	t.Helper()
	file := realpeer.File(t, t.TempDir(), "plugin", text)
	if err := os.Chmod(file, 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPluginProtocol(t *testing.T) {
	bare := script(t, "echo no interpreter line $1\n")
	plain := realpeer.File(t, t.TempDir(), "plain", "text")
	tests := []struct {
		name, line string
		want       monitor.Outcome
	}{
		{"ok", "echo fine | sed s/fine/good/", monitor.Outcome{Output: "good"}},
		{"no shell", "echo fine", monitor.Outcome{Output: "fine"}},
		{
			"perfdata and long text", `printf 'a | p=1\nb\nc | q=2\nr=3\n'; exit 1`,
			monitor.Outcome{State: monitor.Warning, Output: "a", LongOutput: "b\nc", Perfdata: "p=1 q=2 r=3"},
		},
		{"critical", "echo bad; exit 2", monitor.Outcome{State: monitor.Critical, Output: "bad"}},
		{"unknown", "echo what; exit 3", monitor.Outcome{State: monitor.Unknown, Output: "what"}},
		{"out of bounds", "echo x; exit 4", monitor.Outcome{State: monitor.Critical, Output: "(Return code of 4 is out of bounds) x"}},
		{"nothing printed", "true", monitor.Outcome{Output: "(No output returned from plugin)"}},
		{
			"stderr only", "echo trouble >&2; exit 2",
			monitor.Outcome{State: monitor.Critical, Output: "(No output on stdout) stderr: trouble"},
		},
		{"stderr beside stdout", "echo trouble >&2; echo fine", monitor.Outcome{Output: "fine"}},
		{
			"killed by a signal", "echo x; kill -SEGV $$",
			monitor.Outcome{State: monitor.Critical, Output: "(Return code of 139 is out of bounds) x"},
		},
		{
			"missing", "/nonexistent/check_x -H a",
			monitor.Outcome{
				State:  monitor.Critical,
				Output: "(Return code of 127 is out of bounds. Check if plugin exists) (No output on stdout) stderr: /nonexistent/check_x: no such file or directory",
			},
		},
		{
			"missing in PATH", "check_that_nobody_has",
			monitor.Outcome{
				State:  monitor.Critical,
				Output: "(Return code of 127 is out of bounds. Check if plugin exists) (No output on stdout) stderr: check_that_nobody_has: no such file or directory",
			},
		},
		{
			"not executable", plain,
			monitor.Outcome{
				State:  monitor.Critical,
				Output: "(Return code of 126 is out of bounds. Check if plugin is executable) (No output on stdout) stderr: " + plain + ": permission denied",
			},
		},
		{"no interpreter line", bare + " a", monitor.Outcome{Output: "no interpreter line a"}},
		{"stdin is empty", "cat", monitor.Outcome{Output: "(No output returned from plugin)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, run(t, t.Context(), tt.line)); diff != "" {
				t.Errorf("%s: want (-), got (+):\n%s", tt.line, diff)
			}
		})
	}
}

func TestOutputIsBounded(t *testing.T) {
	opts := exec.DefaultOptions()
	opts.Limit = 1000
	m := exec.New(opts)
	for _, line := range []string{
		"head -c 10000000 /dev/zero | tr '\\0' x",
		"head -c 10000000 /dev/zero | tr '\\0' x >&2",
	} {
		out, code, err := m.Run(t.Context(), line, nil)
		if err != nil || code != 0 || string(out) != strings.Repeat("x", 1000) {
			t.Errorf("%s: got %d bytes, exit code %d, error %v, want 1000 times x, 0 and none", line, len(out), code, err)
		}
	}
}

func TestTheEnvironmentIsWhatOptionsAndCallerGive(t *testing.T) {
	t.Setenv("ONBU_SECRET", "not for plugins")
	opts := exec.Options{Path: "/usr/bin:/bin", Home: "/var/empty", Lang: "C"}
	out, _, err := exec.New(opts).Run(t.Context(), "env", []string{"NAGIOS_HOSTNAME=web 1"})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(got)
	want := []string{"HOME=/var/empty", "LANG=C", "NAGIOS_HOSTNAME=web 1", "PATH=/usr/bin:/bin"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment: want (-), got (+):\n%s", diff)
	}
	if _, err := exec.New(opts).PrepareEnv("env", []string{"A=" + strings.Repeat("x", 70000)}); err == nil {
		t.Error("an environment of 70 kB was taken")
	}
}

func TestNoFileDescriptorIsInherited(t *testing.T) {
	fd, err := syscall.Open("/", syscall.O_RDONLY, 0) // as one that this process was started with: not close-on-exec
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	out, _, err := exec.New(exec.DefaultOptions()).Run(t.Context(), "ls /proc/self/fd", nil)
	if got, want := string(out), "0\n1\n2\n3\n"; err != nil || got != want { // 3 is ls's own, for the folder
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestTheTimeLimitKillsTheWholeGroup(t *testing.T) {
	dir := t.TempDir()
	line := fmt.Sprintf("echo partial; sleep 300 & echo $! > %s/child; echo $$ > %s/self; wait", dir, dir)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	done := make(chan error, 1)
	var output []byte
	go func() {
		out, _, err := exec.New(exec.DefaultOptions()).Run(ctx, line, nil)
		output = out
		done <- err
	}()
	self, child := pid(t, filepath.Join(dir, "self")), pid(t, filepath.Join(dir, "child"))
	reason := errors.New("enough")
	cancel(reason)
	if err := <-done; !errors.Is(err, reason) {
		t.Errorf("got error %v, want the cause of ctx's end", err)
	}
	if got := string(output); got != "partial\n" {
		t.Errorf("got output %q, want what was printed before", got)
	}
	for _, pid := range []int{self, child} {
		until(t, fmt.Sprintf("process %d ends", pid), func() bool { return gone(pid) })
	}
}

func TestTimeOutIsAnOutcome(t *testing.T) {
	tests := []struct {
		name  string
		cause error
		want  string
	}{
		{"service", nil, "(Service check timed out after 0."},
		{"host", errors.New("(Host check timed out after 30.00 seconds)"), "(Host check timed out after 30.00 seconds)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, tt.cause)
			defer cancel()
			got := run(t, ctx, "echo early; exec sleep 300")
			if !strings.HasPrefix(got.Output, tt.want) || !got.TimedOut || got.State != monitor.Critical || got.LongOutput != "" {
				t.Errorf("got %+v, want output %q… and TimedOut", got, tt.want)
			}
		})
	}
}

func TestChildrenThatKeepThePipeDoNotHangTheCheck(t *testing.T) {
	opts := exec.DefaultOptions()
	opts.Linger = 50 * time.Millisecond
	file := filepath.Join(t.TempDir(), "child")
	out, code, err := exec.New(opts).Run(t.Context(), "sleep 300 & echo $! > "+file+"; echo done; exit 1", nil)
	child := pid(t, file)
	defer syscall.Kill(child, syscall.SIGKILL)
	if err != nil || code != 1 || string(out) != "done\n" {
		t.Errorf("got %q, %d, %v, want done, 1 and no error", out, code, err)
	}
	if gone(child) {
		t.Error("the child that the program left on purpose was killed")
	}
}

func TestACloserOfItsOutputIsStillWaitedFor(t *testing.T) {
	_, code, err := exec.New(exec.DefaultOptions()).Run(t.Context(), "exec >&- 2>&-; sleep 0.1; exit 2", nil)
	if err != nil || code != 2 {
		t.Errorf("got exit code %d, error %v, want 2 and none", code, err)
	}
}

func TestConcurrentBoundsHowManyRun(t *testing.T) {
	opts := exec.DefaultOptions()
	opts.Concurrent = 1
	m := exec.New(opts)
	file := filepath.Join(t.TempDir(), "self")
	first, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _, _ = m.Run(first, "echo $$ > "+file+"; exec sleep 300", nil)
	}()
	pid(t, file)
	second, giveUp := context.WithTimeout(t.Context(), time.Second)
	defer giveUp()
	if _, _, err := m.Run(second, "true", nil); !errors.Is(err, modules.ErrNotBegun) || !strings.Contains(err.Error(), "no free slot") {
		t.Errorf("got %v while the only slot was taken, want an error that says so", err)
	}
	if second.Err() != nil {
		t.Error("it waited until it had no time left")
	}
	stop()
	<-done
	if _, _, err := m.Run(t.Context(), "true", nil); err != nil {
		t.Errorf("got %v when the slot was free again", err)
	}
}

func TestAProgramThatHangsLeavesRoomForOthers(t *testing.T) {
	opts := exec.DefaultOptions()
	opts.Concurrent = 4
	m := exec.New(opts)
	dir := t.TempDir()
	hanging, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	hang := script(t, "#!/bin/sh\necho $$ > $1\nexec sleep 300\n")
	for i := range 2 {
		file := filepath.Join(dir, strconv.Itoa(i))
		all.Go(func() { _, _, _ = m.Run(hanging, hang+" "+file, nil) })
		pid(t, file)
	}
	short, giveUp := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer giveUp()
	if _, _, err := m.Run(short, hang+" "+filepath.Join(dir, "third"), nil); err == nil || !strings.Contains(err.Error(), "no free slot among 2 for running /") {
		t.Errorf("the third of the same: %v", err)
	}
	if _, _, err := m.Run(t.Context(), "true", nil); err != nil {
		t.Errorf("another: %v", err)
	}
}

func TestStandardErrorIsWholeHoweverItComes(t *testing.T) {
	for _, line := range []string{
		"echo one >&2; echo two >&2; exit 2",
		"exec >&-; echo one >&2; sleep 0.1; echo two >&2; exit 2",
		"echo one >&2; sleep 0.1; echo two >&2; exit 2",
		"echo one >&2; exec >&-; sleep 0.02; echo two >&2; exec 2>&-; sleep 0.1; exit 2",
	} {
		out, code, err := exec.New(exec.DefaultOptions()).Run(t.Context(), line, nil)
		if string(out) != "one\ntwo\n" || code != 2 || err != nil {
			t.Errorf("%s: got %q, %d, %v", line, out, code, err)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	p := prepare(t, "echo fine")
	errs := make(chan error)
	const n = 100
	for range n {
		go func() {
			o, err := p.Run(t.Context())
			if err == nil && o.Output != "fine" {
				err = fmt.Errorf("output %q", o.Output)
			}
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestRefusedLines(t *testing.T) {
	for _, line := range []string{"", "  \t ", "a\x00b"} {
		if p, err := exec.New(exec.DefaultOptions()).Prepare(line); err == nil {
			t.Errorf("%q: got %v, want an error", line, p)
		}
	}
}

// pid waits until a process has written its number into a file.
func pid(t *testing.T, file string) (n int) {
	t.Helper()
	until(t, file+" holds a number", func() bool {
		text, _ := os.ReadFile(file)
		if !strings.HasSuffix(string(text), "\n") {
			return false
		}
		n, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return n > 0
	})
	return n
}

// gone says whether a process has ended, if only as a zombie that nobody has waited for.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited 20 s in vain until %s", what)
		}
	}
}

// BenchmarkRun runs check_dummy, eight at once, with this package and with os/exec.
func BenchmarkRun(b *testing.B) {
	plugin := realpeer.Program(b, "check_dummy", "monitoring-plugins-basic")
	parallel := func(b *testing.B, f func() error) {
		b.ReportAllocs()
		b.SetParallelism(4)
		before := processorTime(b)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := f(); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "parent-µs/op")
	}
	b.Run("onbu", func(b *testing.B) {
		p := prepare(b, plugin+" 0")
		ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
		defer cancel()
		parallel(b, func() error { _, err := p.Run(ctx); return err })
	})
	b.Run("os-exec", func(b *testing.B) {
		ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
		defer cancel()
		parallel(b, func() error {
			c := osexec.CommandContext(ctx, plugin, "0")
			c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			c.WaitDelay = time.Second
			c.Stderr = new(strings.Builder)
			_, err := c.Output()
			return err
		})
	})
}

// processorTime gives what this process has used, without its children.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
