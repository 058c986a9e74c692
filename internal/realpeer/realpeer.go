// Package realpeer knows how tests run the real programs that Onbu talks to (snmpd, nrpe, sshd, nagios4 …): where
// Debian puts them, how to start them on a free loopback port in a temporary folder, and how to end them. `make test`
// installs the packages; where a program is missing all the same the test skips and says so, and with ONBU_NO_SKIP=1,
// as in CI, it fails.
package realpeer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Program gives the path of a program, or ends the test: file is its name or path, deb the package that has it.
// Plugins are looked for where Debian puts them too.
func Program(t testing.TB, file, deb string) string {
	t.Helper()
	places := []string{"", "/usr/lib/nagios/plugins/", "/usr/sbin/", "/sbin/"}
	for _, dir := range places {
		if path, err := exec.LookPath(dir + file); err == nil {
			return path
		}
	}
	Skip(t, fmt.Sprintf("%s is not here: apt-get install %s", file, deb))
	return ""
}

// Root ends the test unless it runs as root; why says what for.
func Root(t testing.TB, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		Skip(t, "needs root: "+why)
	}
}

// Skip skips the test with a reason, or fails it where skips are refused.
func Skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("ONBU_NO_SKIP") != "" {
		t.Fatal(reason + " (ONBU_NO_SKIP is set)")
	}
	t.Skip(reason)
}

// File writes a file into dir and gives its path.
func File(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Dir gives a temporary folder that every user may enter, for programs that give up root. It goes with the test.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "onbu-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Process is a program that a test started.
type Process struct {
	*exec.Cmd
	output output
	ended  chan struct{}
}

// Output gives what the program has written to stdout and stderr so far.
func (p *Process) Output() string { return p.output.String() }

// Ended is closed once the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Start starts a program in a process group of its own and ends the group with the test; what it printed is logged if
// the test failed.
func Start(t testing.TB, program string, args ...string) *Process {
	t.Helper()
	p := &Process{Cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.Stdout, p.Stderr = &p.output, &p.output
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.Stop()
		if t.Failed() {
			t.Logf("%s printed:\n%s", filepath.Base(program), p.Output())
		}
	})
	return p
}

// Stop ends the process group: first politely, after three seconds not. It may be called again.
func (p *Process) Stop() {
	_ = syscall.Kill(-p.Process.Pid, syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(3 * time.Second):
	}
	_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
	<-p.ended
}

// Listening waits until the TCP address takes connections; the test fails when the program ends before, or after 20 s.
func (p *Process) Listening(t testing.TB, addr string) {
	t.Helper()
	p.Until(t, "takes connections on "+addr, func() error {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err
	})
}

// Until waits for a condition of the running program, with the limits of Listening.
func (p *Process) Until(t testing.TB, what string, ready func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		err := ready()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			err = errors.Join(ctx.Err(), err)
		case <-p.ended:
			err = errors.New("it ended")
		case <-time.After(20 * time.Millisecond):
			continue
		}
		t.Fatalf("%s never %s: %v\n%s", filepath.Base(p.Path), what, err, p.Output())
	}
}

// output is a buffer that may be read while it is written.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
