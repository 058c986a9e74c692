package exec

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a running program with a process group of its own.
type process struct {
	pid    int
	stdout *os.File
	linger time.Duration
	// exited is closed when the watcher has seen the end of the program; code holds from then on.
	exited chan struct{}
	code   int
	// killed says that kill came before the end.
	killed atomic.Bool

	mu sync.Mutex // guards what follows
	// reaped says that the kernel may give pid, and so the group's number, to somebody else.
	reaped bool
	// errFD is the pipe of standard error; stderr is the same once somebody has to wait for it.
	errFD  int
	stderr *os.File
}

// start starts argv[0] with /dev/null as standard input. syscall.ForkExec rather than os/exec because it costs the
// parent half as much: BenchmarkRun has both. A process that does nothing but start others would save nothing: most of the
// cost is the kernel's, and Go's own fork shares the memory until exec (vfork).
func (m *Module) start(argv, env []string) (*process, error) {
	file, err := m.find(argv[0])
	if err != nil {
		return nil, err
	}
	if m.seal(); m.nullErr != nil {
		return nil, m.nullErr
	}
	var pipes plumbing
	defer pipes.close()
	if err := pipes.open(); err != nil {
		return nil, err
	}
	attr := &syscall.ProcAttr{
		Env:   env,
		Files: []uintptr{uintptr(m.null), uintptr(pipes.stdout[1]), uintptr(pipes.stderr[1])},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	}
	pid, err := syscall.ForkExec(file, argv, attr)
	if err == syscall.ENOEXEC { // a script without a first line that names its interpreter: execvp(3) does the same
		pid, err = syscall.ForkExec("/bin/sh", append([]string{"/bin/sh", file}, argv[1:]...), attr)
	}
	if err != nil {
		return nil, err
	}
	p := &process{pid: pid, linger: m.opts.Linger, stdout: pollable(pipes.stdout[0]), errFD: pipes.stderr[0]}
	_ = unix.SetNonblock(p.errFD, true)
	pipes.stdout[0], pipes.stderr[0] = 0, 0
	return p, nil
}

// seal opens what all programs share, and keeps from them what this process itself was started with and what does not come
// from Go's library, which marks all it opens. Kernels before 5.11 cannot do that.
func (m *Module) seal() {
	m.sealed.Do(func() {
		_ = unix.CloseRange(3, 1<<31-1, unix.CLOSE_RANGE_CLOEXEC)
		m.null, m.nullErr = unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		m.nullErr = os.NewSyscallError("open /dev/null", m.nullErr)
	})
}

// plumbing holds the file descriptors that a program starts with, and our ends of its pipes; 0 stands for none.
type plumbing struct{ stdout, stderr [2]int }

func (p *plumbing) open() (err error) {
	if err = unix.Pipe2(p.stdout[:], unix.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	if err = unix.Pipe2(p.stderr[:], unix.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	return nil
}

// pollable makes a file that a goroutine can wait for without a thread; fd is then the file's to close.
func pollable(fd int) *os.File {
	_ = unix.SetNonblock(fd, true)
	return os.NewFile(uintptr(fd), "pipe")
}

// close closes what nobody has taken.
func (p *plumbing) close() {
	for _, fd := range [...]int{p.stdout[0], p.stdout[1], p.stderr[0], p.stderr[1]} {
		if fd > 0 {
			_ = unix.Close(fd)
		}
	}
}

// find gives the file of a program: itself if it has a slash, else the first in PATH that may be executed.
func (m *Module) find(program string) (string, error) {
	if strings.ContainsRune(program, '/') {
		return program, nil
	}
	for dir := range strings.SplitSeq(m.opts.Path, ":") {
		file := dir + "/" + program
		if dir != "" && unix.Access(file, unix.X_OK) == nil {
			return file, nil
		}
	}
	return "", syscall.ENOENT
}

// exitCode gives the exit code that a shell gives for a program that cannot be executed. Not ok are errors that are not
// the program's fault.
func exitCode(err error) (code int, ok bool) {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ENOTDIR):
		return 127, true
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.ENOEXEC), errors.Is(err, syscall.EISDIR),
		errors.Is(err, syscall.ETXTBSY), errors.Is(err, syscall.ELIBBAD), errors.Is(err, syscall.ELOOP):
		return 126, true
	}
	return 0, false
}

// reap takes the end of the program from the kernel, if there is one yet.
func (p *process) reap() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var status syscall.WaitStatus
	for {
		pid, err := syscall.Wait4(p.pid, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if pid == 0 && err == nil {
			return false
		}
		break
	}
	p.reaped = true
	p.code = status.ExitStatus()
	if status.Signaled() {
		p.code = 128 + int(status.Signal())
	}
	return true
}

// reapSoon is reap for a program that has closed its output: it mostly ends at that moment.
func (p *process) reapSoon() bool {
	if p.reap() {
		return true
	}
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 5)
	return p.reap()
}

// watch waits for the end of the program and sets a limit to reading what its children may still write. It runs until the
// end even if nobody waits any more.
func (p *process) watch() {
	for {
		await(p.pid)
		if p.reap() {
			break
		}
	}
	p.limitReading(p.linger)
	close(p.exited)
}

// await returns when the process has ended, without reaping it. It blocks the goroutine and no thread, but for kernels
// that have no pidfd yet (before 5.3).
func await(pid int) {
	if fd, err := unix.PidfdOpen(pid, 0); err == nil && awaitFD(fd) == nil {
		return
	}
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

func awaitFD(pidfd int) error {
	f := pollable(pidfd)
	defer f.Close()
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Read(func(fd uintptr) bool {
		poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, _ := unix.Poll(poll, 0)
		return n > 0
	})
}

// kill ends the whole process group at once. A group whose leader has ended is left alone: its number may be another's.
func (p *process) kill() {
	p.mu.Lock()
	if !p.reaped {
		p.killed.Store(true)
		_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	}
	p.mu.Unlock()
	p.limitReading(0)
}

func (p *process) limitReading(wait time.Duration) {
	at := time.Now().Add(wait)
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.stdout.SetReadDeadline(at)
	if p.stderr != nil {
		_ = p.stderr.SetReadDeadline(at)
	}
}

// wait gives the exit code once the program has ended; not ended if it outlives ctx although it was killed.
func (p *process) wait(ctx context.Context) (code int, ended bool) {
	select {
	case <-p.exited:
		return p.code, true
	case <-ctx.Done():
	}
	patience := time.NewTimer(killWait)
	defer patience.Stop()
	select {
	case <-p.exited:
		return p.code, true
	case <-patience.C:
		return 0, false
	}
}
