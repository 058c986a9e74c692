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
	pid            int
	stdout, stderr *os.File
	linger         time.Duration
	// exited is closed when the program has ended; code holds from then on.
	exited chan struct{}
	code   int
	// killed says that kill came before the end.
	killed atomic.Bool

	mu sync.Mutex
	// reaped says that the kernel may give pid, and so the group's number, to somebody else.
	reaped bool
}

// start starts argv[0] with /dev/null as standard input. syscall.ForkExec rather than os/exec because it costs the
// parent half as much: BenchmarkRun has both.
func (m *Module) start(argv, env []string) (*process, error) {
	file, err := m.find(argv[0])
	if err != nil {
		return nil, err
	}
	var pipes plumbing
	defer pipes.close()
	if err := pipes.open(); err != nil {
		return nil, err
	}
	m.seal.Do(sealFDs)
	pidfd := -1
	attr := &syscall.ProcAttr{
		Env:   env,
		Files: []uintptr{uintptr(pipes.null), uintptr(pipes.stdout[1]), uintptr(pipes.stderr[1])},
		Sys:   &syscall.SysProcAttr{Setpgid: true, PidFD: &pidfd},
	}
	pid, err := syscall.ForkExec(file, argv, attr)
	if err == syscall.ENOEXEC { // a script without a first line that names its interpreter: execvp(3) does the same
		pid, err = syscall.ForkExec("/bin/sh", append([]string{"/bin/sh", file}, argv[1:]...), attr)
	}
	if err != nil {
		return nil, err
	}
	p := &process{
		pid: pid, linger: m.opts.Linger, exited: make(chan struct{}),
		stdout: pipes.take(&pipes.stdout[0]), stderr: pipes.take(&pipes.stderr[0]),
	}
	go p.watch(pidfd)
	return p, nil
}

// sealFDs keeps from programs what this process itself was started with and what does not come from Go's library, which
// marks all it opens. Kernels before 5.11 cannot do it.
func sealFDs() { _ = unix.CloseRange(3, 1<<31-1, unix.CLOSE_RANGE_CLOEXEC) }

// plumbing holds the file descriptors that a program starts with, and our ends of its pipes; 0 stands for none.
type plumbing struct {
	null           int
	stdout, stderr [2]int
}

func (p *plumbing) open() (err error) {
	if p.null, err = unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		return os.NewSyscallError("open /dev/null", err)
	}
	if err = unix.Pipe2(p.stdout[:], unix.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	if err = unix.Pipe2(p.stderr[:], unix.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	return nil
}

// take makes a file that a goroutine can wait for without a thread; fd is then the file's to close.
func (p *plumbing) take(fd *int) *os.File {
	_ = unix.SetNonblock(*fd, true)
	f := os.NewFile(uintptr(*fd), "pipe")
	*fd = 0
	return f
}

// close closes what take has not taken.
func (p *plumbing) close() {
	for _, fd := range [...]int{p.null, p.stdout[0], p.stdout[1], p.stderr[0], p.stderr[1]} {
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

// watch waits for the end of the program, notes how it ended, and sets a limit to reading what its children may still
// write. It runs until the end even if nobody waits any more.
func (p *process) watch(pidfd int) {
	await(p.pid, pidfd)
	p.mu.Lock()
	var status syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(p.pid, &status, 0, nil); err != syscall.EINTR {
			break
		}
	}
	p.reaped = true
	p.mu.Unlock()
	p.code = status.ExitStatus()
	if status.Signaled() {
		p.code = 128 + int(status.Signal())
	}
	p.limitReading(p.linger)
	close(p.exited)
}

// await returns when the process has ended, without reaping it. It blocks the goroutine and no thread, but for kernels
// that have no pidfd yet (before 5.4).
func await(pid, pidfd int) {
	if pidfd >= 0 && awaitFD(pidfd) == nil {
		return
	}
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

func awaitFD(pidfd int) error {
	_ = unix.SetNonblock(pidfd, true)
	f := os.NewFile(uintptr(pidfd), "pidfd")
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
	_ = p.stdout.SetReadDeadline(at)
	_ = p.stderr.SetReadDeadline(at)
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
