package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Process runs on a machine. Its output goes to a file that later processes of the same name append to.
type Process struct {
	Name string
	Log  string // path of the file

	on    *Machine
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // once ended is closed
}

// endWait is how long a process may take to end when it is asked.
const endWait = 20 * time.Second

// Start starts a program on the machine. It ends with this process, however that ends.
func (m *Machine) Start(name, program string, args ...string) (*Process, error) {
	if m.lab.Isolated() {
		args = append([]string{"netns", "exec", m.space, program}, args...)
		program = m.lab.tools.ip
	}
	p := &Process{Name: name, Log: m.Dir(name + ".log"), on: m, ended: make(chan struct{})}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(program, args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s on %s: %w", name, m.Name, err)
	}
	m.mu.Lock()
	m.running = append(m.running, p)
	m.mu.Unlock()
	go p.wait()
	return p, nil
}

func (p *Process) wait() {
	p.err = p.cmd.Wait()
	p.on.mu.Lock()
	p.on.running = slices.DeleteFunc(p.on.running, func(other *Process) bool { return other == p })
	p.on.mu.Unlock()
	close(p.ended)
}

// Wait returns when the process has ended, with what speaks against it.
func (p *Process) Wait() error {
	<-p.ended
	return p.err
}

// PID is the number of the process; ip netns exec becomes the program itself.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Alive is nil while the process runs, and else says how it ended with the last lines that it wrote.
func (p *Process) Alive() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s on %s ended (%v); its last words:\n%s", p.Name, p.on.Name, p.err, p.last(15))
	default:
		return nil
	}
}

// last gives the last lines of the log.
func (p *Process) last(n int) string {
	text, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// Signal sends a signal to a process that runs.
func (p *Process) Signal(s syscall.Signal) error {
	if err := p.Alive(); err != nil {
		return err
	}
	return syscall.Kill(p.PID(), s)
}

// Kill is kill -9, and returns when the process is gone.
func (p *Process) Kill() error {
	err := p.Signal(syscall.SIGKILL)
	if err == nil {
		<-p.ended
	}
	return err
}

// Stop asks the process to end, and waits for that.
func (p *Process) Stop() error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(endWait):
		return errors.Join(fmt.Errorf("%s on %s did not end within %s", p.Name, p.on.Name, endWait), p.Kill())
	}
}

// end ends the process for good, stopped or not.
func (p *Process) end() {
	_ = syscall.Kill(p.PID(), syscall.SIGCONT)
	if p.Alive() == nil && p.Stop() != nil {
		_ = p.Kill()
	}
}

// Memory gives what the process has in memory, and the most it ever had, in bytes; 0 when it is gone.
func (p *Process) Memory() (now, peak int64) {
	return status(p.PID(), "VmRSS:"), status(p.PID(), "VmHWM:")
}

// Open gives how many files the process has open; 0 when it is gone.
func (p *Process) Open() int {
	entries, _ := os.ReadDir(filepath.Join("/proc", fmt.Sprint(p.PID()), "fd"))
	return len(entries)
}

// status reads a size in kB from /proc/PID/status.
func status(pid int, field string) int64 {
	text, _ := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "status"))
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			var kB int64
			_, _ = fmt.Sscan(rest, &kB)
			return kB << 10
		}
	}
	return 0
}
