package natsbus_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/onbu/onbu/internal/bus/bustest"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/realpeer"
)

// member is what one of the processes of a cluster is told.
type member struct {
	Name, Dir, Listen, Route string
	Join                     []string
}

// memberVariable holds a member, for the process that is to be one.
const memberVariable = "ONBU_TEST_MEMBER"

// TestMain is a server of a cluster where the process was started to be one.
func TestMain(m *testing.M) {
	if text := os.Getenv(memberVariable); text != "" {
		if err := serveMember(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveMember runs a server until its standard input ends.
func serveMember(text string) error {
	var me member
	if err := json.Unmarshal([]byte(text), &me); err != nil {
		return err
	}
	s, err := natsbus.StartServer(natsbus.ServerOptions{
		Dir: me.Dir, Name: me.Name, Listen: me.Listen, Cluster: &natsbus.Cluster{Listen: me.Route, Join: me.Join},
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return s.Close()
}

// processes are three servers of a cluster, each a process of its own.
type processes struct {
	members [3]member
	running [3]*exec.Cmd // nil for one that is away
	stdin   [3]io.Closer
}

func startProcesses(t testing.TB) *processes {
	t.Helper()
	p := &processes{}
	for i := range p.members {
		p.members[i] = member{
			Name: fmt.Sprintf("n%d", i), Dir: t.TempDir(),
			Listen: fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t)), Route: fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t)),
		}
	}
	for i := range p.members {
		p.members[i].Join = []string{p.members[(i+1)%3].Route, p.members[(i+2)%3].Route}
	}
	for i := range p.members {
		p.start(t, i)
	}
	t.Cleanup(func() {
		for i := range p.running {
			p.kill(t, i)
		}
	})
	return p
}

// start starts a server and waits until it takes connections.
func (p *processes) start(t testing.TB, i int) {
	t.Helper()
	text, err := json.Marshal(p.members[i])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), memberVariable+"="+string(text)), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.running[i], p.stdin[i] = cmd, in
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("server %d: %q, %v", i, line, err)
	}
}

// signal stops a server for a while, or lets it go on.
func (p *processes) signal(t testing.TB, i int, s syscall.Signal) {
	t.Helper()
	if err := p.running[i].Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// kill ends a server at once; one that is away stays so.
func (p *processes) kill(t testing.TB, i int) {
	t.Helper()
	if p.running[i] == nil {
		return
	}
	if err := p.running[i].Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = p.running[i].Wait() // it was killed
	p.running[i] = nil
}

// end ends a server in order.
func (p *processes) end(t testing.TB, i int) {
	t.Helper()
	if err := errors.Join(p.stdin[i].Close(), p.running[i].Wait()); err != nil {
		t.Error(err)
	}
	p.running[i] = nil
}

// url names all three.
func (p *processes) url() string {
	var urls []string
	for _, m := range p.members {
		urls = append(urls, "nats://"+m.Listen)
	}
	return strings.Join(urls, ",")
}

// dial connects through any server.
func (p *processes) dial(t testing.TB, name string) *natsbus.Conn {
	t.Helper()
	c, err := natsbus.Connect(t.Context(), p.url(), natsbus.Options{Name: name, MaxStream: 16 * bustest.StreamLimit})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
