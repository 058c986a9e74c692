package sshpool_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/onbu/onbu/internal/sshpool"
	"github.com/onbu/onbu/internal/sshpool/sshconfig"
)

// fake is an SSH server that does as a test tells it.
type fake struct {
	port     int
	logins   atomic.Int32
	sessions atomic.Int32 // opened
	commands atomic.Int32
	signals  chan string
	// answer makes a session out of a command; it need not close the channel.
	answer func(c ssh.Channel, command string)
	// refuse says whether a new session is refused, when it is given how many are open.
	refuse func(open int32) bool
	// mute is set when connections take nothing any more.
	mute   atomic.Bool
	forgot atomic.Int32 // sessions that were asked for meanwhile

	mu    sync.Mutex
	conns []net.Conn
}

// serve starts a fake.
func serve(t testing.TB, f *fake) *fake {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.port = l.Addr().(*net.TCPAddr).Port
	f.signals = make(chan string, 100)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(signer)
	t.Cleanup(func() {
		l.Close()
		f.cut()
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, c)
			f.mu.Unlock()
			go f.conn(c, config)
		}
	}()
	return f
}

// cut ends all connections.
func (f *fake) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		c.Close()
	}
	f.conns = nil
}

func (f *fake) conn(c net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	f.logins.Add(1)
	go ssh.DiscardRequests(requests)
	var open atomic.Int32
	for n := range channels {
		if f.mute.Load() {
			f.forgot.Add(1)
			continue
		}
		if f.refuse != nil && f.refuse(open.Load()) {
			_ = n.Reject(ssh.Prohibited, "no more sessions")
			continue
		}
		channel, requests, err := n.Accept()
		if err != nil {
			return
		}
		f.sessions.Add(1)
		open.Add(1)
		go func() {
			defer open.Add(-1)
			f.session(channel, requests)
		}()
	}
}

func (f *fake) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	for r := range requests {
		switch r.Type {
		case "exec":
			f.commands.Add(1)
			_ = r.Reply(true, nil)
			var command struct{ Line string }
			_ = ssh.Unmarshal(r.Payload, &command)
			if f.answer == nil {
				fine(channel, command.Line)
			} else {
				go f.answer(channel, command.Line)
			}
		case "signal":
			var signal struct{ Name string }
			_ = ssh.Unmarshal(r.Payload, &signal)
			f.signals <- signal.Name
		default:
			_ = r.Reply(false, nil)
		}
	}
}

// fine answers with the command itself and status 0.
func fine(c ssh.Channel, command string) {
	_, _ = c.Write([]byte(command))
	_, _ = c.SendRequest("exit-status", false, []byte{0, 0, 0, 0})
	_ = c.Close()
}

// never does not answer.
func never(ssh.Channel, string) {}

// login gives the login to a fake, whoever it is.
func (f *fake) login(t testing.TB, p *sshpool.Pool, more ...string) sshpool.Login {
	t.Helper()
	var s sshconfig.Settings
	options := append(more, fmt.Sprint("Port=", f.port), "StrictHostKeyChecking=no", "UserKnownHostsFile=none", "GlobalKnownHostsFile=none", "IdentityAgent=none")
	for _, o := range options {
		if err := s.Option(o); err != nil {
			t.Fatal(err)
		}
	}
	l, err := p.Login("127.0.0.1", &s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func pool(t testing.TB, o sshpool.Options) *sshpool.Pool {
	t.Helper()
	o.Home = t.TempDir()
	p := sshpool.New(o)
	t.Cleanup(func() { p.Close() })
	return p
}

// within gives a context with a time limit.
func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// until waits for a condition.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited 20 s in vain until %s", what)
		}
	}
}

func TestCommandsShareAConnection(t *testing.T) {
	f := serve(t, &fake{})
	p := pool(t, sshpool.Options{})
	l := f.login(t, p)
	for i := range 20 {
		r, err := p.Run(within(t, 20*time.Second), l, fmt.Sprint("echo ", i), 100)
		if err != nil || string(r.Stdout) != fmt.Sprint("echo ", i) || r.Exit != 0 {
			t.Fatalf("got %+v, %v", r, err)
		}
	}
	if n := f.logins.Load(); n != 1 {
		t.Errorf("%d logins, want one", n)
	}
}

func TestABusyLoginGetsMoreConnectionsUpToItsBound(t *testing.T) {
	f := serve(t, &fake{answer: never})
	p := pool(t, sshpool.Options{Sessions: 2, PerLogin: 3})
	l := f.login(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() { _, _ = p.Run(ctx, l, "x", 100) })
	}
	until(t, "six commands run", func() bool { return f.commands.Load() == 6 })
	cancel()
	all.Wait()
	if n := f.logins.Load(); n != 3 {
		t.Errorf("%d logins, want 3", n)
	}
}

func TestCommandsThatAreOverSoonWaitForAPlaceRatherThanForALogin(t *testing.T) {
	over := make(chan struct{})
	f := serve(t, &fake{answer: func(c ssh.Channel, command string) {
		<-over
		fine(c, command)
	}})
	p := pool(t, sshpool.Options{Sessions: 2, Crowded: time.Minute})
	l := f.login(t, p)
	var all sync.WaitGroup
	run := func() {
		if _, err := p.Run(within(t, 20*time.Second), l, "x", 100); err != nil {
			t.Error(err)
		}
	}
	all.Go(run)
	until(t, "it has a connection", func() bool { return f.commands.Load() == 1 })
	all.Go(run)
	until(t, "that is full", func() bool { return f.commands.Load() == 2 })
	all.Go(run)
	close(over)
	all.Wait()
	if n := f.logins.Load(); n != 1 {
		t.Errorf("%d logins, want one", n)
	}
}

func TestOutputIsBounded(t *testing.T) {
	f := serve(t, &fake{answer: func(c ssh.Channel, command string) {
		big := strings.Repeat("x", 3<<20)
		_, _ = c.Stderr().Write([]byte(big))
		_, _ = c.Write([]byte(big))
		fine(c, "")
	}})
	p := pool(t, sshpool.Options{})
	r, err := p.Run(within(t, 20*time.Second), f.login(t, p), "x", 1000)
	if err != nil || len(r.Stdout) != 1000 || len(r.Stderr) != 1000 {
		t.Errorf("%d and %d bytes, %v", len(r.Stdout), len(r.Stderr), err)
	}
}

func TestASignalAndNoStatusAtAll(t *testing.T) {
	f := serve(t, &fake{answer: func(c ssh.Channel, command string) {
		if command == "signal" {
			_, _ = c.SendRequest("exit-signal", false, ssh.Marshal(struct {
				Name string
				Core bool
				A, B string
			}{Name: "SEGV"}))
		}
		_ = c.Close()
	}})
	p := pool(t, sshpool.Options{})
	l := f.login(t, p)
	if r, err := p.Run(within(t, 20*time.Second), l, "signal", 100); err != nil || r.Signal != "SEGV" || r.Exit != -1 {
		t.Errorf("got %+v, %v", r, err)
	}
	if r, err := p.Run(within(t, 20*time.Second), l, "nothing", 100); err != nil || r.Signal != "" || r.Exit != -1 {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestTheTimeLimitKillsTheCommand(t *testing.T) {
	f := serve(t, &fake{answer: never})
	p := pool(t, sshpool.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		until(t, "the command runs", func() bool { return f.commands.Load() == 1 })
		cancel(errors.New("enough"))
	}()
	_, err := p.Run(ctx, f.login(t, p), "x", 100)
	late, ok := errors.AsType[*sshpool.Late](err)
	if !ok || late.Stage != "waiting for the command" || late.Err.Error() != "enough" {
		t.Errorf("got %v", err)
	}
	if got := <-f.signals; got != "KILL" {
		t.Errorf("signal %q", got)
	}
}

func TestACommandThatMayHaveRunIsNotRunAgain(t *testing.T) {
	f := &fake{}
	f.answer = func(ssh.Channel, string) { f.cut() }
	serve(t, f)
	p := pool(t, sshpool.Options{})
	_, err := p.Run(within(t, 20*time.Second), f.login(t, p), "x", 100)
	refused, ok := errors.AsType[*sshpool.Refused](err)
	if !ok || refused.Said != "Connection to 127.0.0.1 closed by remote host." {
		t.Errorf("got %v", err)
	}
	if n := f.commands.Load(); n != 1 {
		t.Errorf("it was run %d times", n)
	}
}

func TestAServerThatRefusesSessionsIsGivenFewer(t *testing.T) {
	f := serve(t, &fake{refuse: func(open int32) bool { return open >= 2 }, answer: func(c ssh.Channel, command string) {
		time.Sleep(time.Millisecond) // the fake's own pace, nothing waits for it
		fine(c, command)
	}})
	p := pool(t, sshpool.Options{PerLogin: 1})
	l := f.login(t, p)
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if _, err := p.Run(within(t, 20*time.Second), l, "x", 100); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestAServerThatGrantsNoSessionIsSaid(t *testing.T) {
	f := serve(t, &fake{refuse: func(int32) bool { return true }})
	p := pool(t, sshpool.Options{})
	_, err := p.Run(within(t, 20*time.Second), f.login(t, p), "x", 100)
	if err == nil || !strings.HasPrefix(err.Error(), "channel 0: open failed: administratively prohibited: no more sessions") {
		t.Errorf("got %v", err)
	}
}

func TestConnectionsAreBoundedInAll(t *testing.T) {
	f := serve(t, &fake{})
	p := pool(t, sshpool.Options{Connections: 3})
	var all sync.WaitGroup
	for i := range 60 {
		l := f.login(t, p, fmt.Sprint("User=u", i%20))
		all.Go(func() {
			if _, err := p.Run(within(t, 20*time.Second), l, "x", 100); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := f.logins.Load(); n < 18 {
		t.Errorf("%d logins for 20 users, of whom 3 fit", n)
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	f := serve(t, &fake{})
	p := pool(t, sshpool.Options{Idle: 20 * time.Millisecond})
	if _, err := p.Run(within(t, 20*time.Second), f.login(t, p), "x", 100); err != nil {
		t.Fatal(err)
	}
	until(t, "the connection is closed", func() bool { return p.Open() == 0 })
}

func TestAServerThatGrantsNoAnswerLosesItsConnection(t *testing.T) {
	f := serve(t, &fake{})
	f.mute.Store(true)
	p := pool(t, sshpool.Options{Grace: 10 * time.Millisecond})
	_, err := p.Run(within(t, time.Second), f.login(t, p), "x", 100)
	if late, ok := errors.AsType[*sshpool.Late](err); !ok || late.Stage != "waiting for a session" && late.Stage != "logging in" {
		t.Errorf("got %v", err)
	}
	until(t, "its connection is given up", func() bool { return p.Open() == 0 })
}

func TestAnOldConnectionThatServesOthersIsNotGivenUp(t *testing.T) {
	f := serve(t, &fake{})
	p := pool(t, sshpool.Options{Stale: time.Nanosecond})
	l := f.login(t, p)
	if _, err := p.Run(within(t, 20*time.Second), l, "first", 100); err != nil {
		t.Fatal(err)
	}
	f.mute.Store(true)
	var late error
	ended := make(chan struct{})
	go func() { // the server forgets this one
		defer close(ended)
		_, late = p.Run(within(t, 3*time.Second), l, "x", 100)
	}()
	until(t, "a session is forgotten", func() bool { return f.forgot.Load() == 1 })
	f.mute.Store(false)
	for over := false; !over; {
		if _, err := p.Run(within(t, 20*time.Second), l, "y", 100); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ended:
			over = true
		default:
		}
	}
	if _, ok := errors.AsType[*sshpool.Late](late); !ok {
		t.Errorf("got %v", late)
	}
	if n := f.logins.Load(); n != 1 {
		t.Errorf("%d logins, want one", n)
	}
}

// BenchmarkIdle says what an idle connection costs this process: the other side is in it too, and is told apart by halves,
// since both keep the same buffers.
func BenchmarkIdle(b *testing.B) {
	f := serve(b, &fake{})
	p := pool(b, sshpool.Options{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()
	const n = 200
	for i := range n {
		if _, err := p.Run(within(b, time.Minute), f.login(b, p, fmt.Sprint("User=u", i)), "x", 100); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	both := after.HeapInuse + after.StackInuse - before.HeapInuse - before.StackInuse
	there := runtime.NumGoroutine() - goroutines
	for b.Loop() {
	}
	b.ReportMetric(float64(both)/n, "B/both-sides")
	b.ReportMetric(float64(there)/n, "goroutines/both-sides")
}

// BenchmarkRun runs commands on a server in this process.
func BenchmarkRun(b *testing.B) {
	f := serve(b, &fake{})
	p := pool(b, sshpool.Options{})
	l := f.login(b, p)
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := p.Run(context.Background(), l, "uptime", 8192); err != nil {
				b.Error(err)
			}
		}
	})
}
