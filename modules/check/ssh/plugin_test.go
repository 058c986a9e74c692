package ssh_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/internal/sshpool"
	"github.com/onbu/onbu/modules/check/ssh"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// server is Debian's sshd in a folder of its own, taking the key in dir/id of the user of this process.
type server struct {
	dir, port, user string
	*realpeer.Process
}

// start starts sshd with more lines in its configuration.
func start(t testing.TB, lines ...string) *server {
	t.Helper()
	sshd := realpeer.Program(t, "/usr/sbin/sshd", "openssh-server")
	realpeer.Root(t, "sshd wants /run/sshd")
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{dir: realpeer.Dir(t), port: strconv.Itoa(realpeer.Port(t)), user: me.Username}
	for _, name := range []string{"host", "id", "other"} {
		keygen(t, s.path(name), "")
	}
	realpeer.File(t, s.dir, "known_hosts", fmt.Sprintf("[127.0.0.1]:%s %s", s.port, read(t, s.path("host.pub"))))
	realpeer.File(t, s.dir, "changed", fmt.Sprintf("[127.0.0.1]:%s %s", s.port, read(t, s.path("other.pub"))))
	realpeer.File(t, s.dir, "revoked", fmt.Sprintf("@revoked * %s", read(t, s.path("host.pub"))))
	realpeer.File(t, s.dir, "empty", "")
	config := append([]string{
		"Port " + s.port, "ListenAddress 127.0.0.1", "HostKey " + s.path("host"), "AuthorizedKeysFile " + s.path("id.pub"),
		"StrictModes no", "UsePAM no", "PidFile none", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes",
		"PermitUserEnvironment no", "PrintMotd no", "UseDNS no", "LogLevel VERBOSE",
		"SetEnv HOME=" + s.dir, // start-up files of the shell may take longer than all the rest
	}, lines...)
	file := realpeer.File(t, s.dir, "sshd_config", strings.Join(config, "\n")+"\n")
	s.Process = realpeer.Start(t, sshd, "-D", "-e", "-f", file)
	s.Listening(t, "127.0.0.1:"+s.port)
	return s
}

func (s *server) path(name string) string { return filepath.Join(s.dir, name) }

// argv gives a command line: in the words, DIR, PORT and the like are replaced.
func (s *server) argv(words ...string) []string {
	fill := strings.NewReplacer("DIR", s.dir, "PORT", s.port, "ME", s.user)
	argv := []string{"check_by_ssh", "-H", "127.0.0.1", "-p", s.port, "-o", "GlobalKnownHostsFile=none"}
	for _, w := range words {
		argv = append(argv, fill.Replace(w))
	}
	return argv
}

// trusting are the options with which everything is right.
func trusting(words ...string) []string {
	return append([]string{"-i", "DIR/id", "-o", "UserKnownHostsFile=DIR/known_hosts", "-o", "IdentityAgent=none"}, words...)
}

func keygen(t testing.TB, path, passphrase string) {
	t.Helper()
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", path).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// module gives a module that reads no configuration of this machine.
func module(t testing.TB, o sshpool.Options) *ssh.Module {
	t.Helper()
	m := ssh.New(ssh.Options{Pool: o, Configs: []string{}})
	t.Cleanup(func() { m.Close() })
	return m
}

// TestEveryCommandLineGivesWhatThePluginGives runs the same lines natively and in Debian's check_by_ssh against Debian's
// sshd, each several times on one connection.
func TestEveryCommandLineGivesWhatThePluginGives(t *testing.T) {
	s := start(t)
	m := module(t, sshpool.Options{})
	for _, words := range [][]string{
		{"-C", "echo fine"},
		{"-C", "echo 'load | a=1;2;3'; exit 1"},
		{"-C", "printf 'first | a=1\\nsecond\\nthird | b=2'; exit 2"},
		{"-C", "exit 3"},
		{"-C", "exit 0"},
		{"-C", "exit 255", "-U"},
		{"-C", "echo no >&2; exit 255", "-U"},
		{"-C", "echo out; echo err >&2"},
		{"-C", "echo out; echo err >&2; exit 1"},
		{"-C", "echo out; echo err >&2; exit 2"},
		{"-C", "echo out; echo err >&2", "-E"},
		{"-C", "echo out; echo err >&2", "-E1"},
		{"-C", "echo out; echo err >&2; echo more >&2", "--skip-stderr=1"},
		{"-C", "echo out; echo err >&2", "--warn-on-stderr"},
		{"-C", "echo out; echo err >&2; exit 2", "--warn-on-stderr"},
		{"-C", "echo one; echo two; echo three", "-S1"},
		{"-C", "echo one; echo two", "-S"},
		{"-C", "echo one; echo two", "--skip=5"},
		{"-C", "cat"},
		{"-C", "head -c 20000 /dev/zero | tr '\\0' x"},
		{"-C", "echo; echo second"},
		{"-C", "printf 'a\\000b\\nc'"},
		{"-C", "no-such-command"},
		{"-q", "-C", "echo fine"},
		{"-2", "-4", "-C", "echo fine"},
		{"-l", "ME", "-C", "echo fine"},
		{"echo", "words", "without", "option"},
		{"-t", "1", "-C", "sleep 5"},
		{"-C", "sleep 5", "-to", "1"},
		{"-o", "ConnectTimeout=5", "-o", "BatchMode yes", "-o", "PreferredAuthentications=publickey", "-C", "echo fine"},
		{"-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR", "-C", "echo fine"},
	} {
		words := s.argv(trusting(words...)...)
		t.Run(strings.Join(words[7:], " "), func(t *testing.T) {
			t.Parallel()
			probetest.Run(t, m, words...) // a second command on the connection is not the same as a first
			probetest.Same(t, m, words...)
		})
	}
	t.Cleanup(func() {
		if n := strings.Count(s.Output(), "Accepted publickey"); n == 0 {
			t.Error("sshd never accepted a key")
		}
	})
}

// alike is Same for lines in which only the beginning of the plugin's first line is comparable.
func alike(t *testing.T, m *ssh.Module, argv []string, want string) monitor.Outcome {
	t.Helper()
	got, forked := probetest.Run(t, m, argv...), probetest.Plugin(t, argv...)
	if got.State != forked.State {
		t.Errorf("%v:\nstate %v, the plugin says %v: %q and %q", argv, got.State, forked.State, got.Output, forked.Output)
	}
	if !strings.HasPrefix(got.Output, want) {
		t.Errorf("%v:\noutput %q, want %q", argv, got.Output, want)
	}
	return got
}

// TestTroubleIsSaidAsByThePlugin compares what goes wrong.
func TestTroubleIsSaidAsByThePlugin(t *testing.T) {
	s := start(t)
	m := module(t, sshpool.Options{})
	keygen(t, s.path("locked"), "secret")
	copyFile(t, s.path("id"), s.path("open"), 0o644)
	copyFile(t, s.path("sshd_config"), s.path("rubbish"), 0o600)
	known := []string{"-o", "UserKnownHostsFile=DIR/known_hosts", "-o", "IdentityAgent=none", "-o", "IdentityFile=none"}
	closed := strconv.Itoa(realpeer.Port(t))
	for _, c := range []struct {
		words []string
		same  bool // the first line too
		want  string
		hint  string
	}{
		{words: trusting("-C", "echo fine", "-H", "nosuch.invalid"), same: true},
		{words: append([]string{"-i", "DIR/other"}, append(known, "-C", "echo fine")...), same: true},
		{words: append([]string{"-i", "DIR/other"}, append(known, "-C", "echo fine", "-U")...), same: true},
		{words: append([]string{"-i", "DIR/missing"}, append(known, "-C", "echo fine")...), same: true},
		{words: append([]string{"-i", "DIR/missing", "-i", "DIR/id"}, append(known, "-C", "echo fine")...), same: true},
		{words: append([]string{"-i", "DIR/locked"}, append(known, "-C", "echo fine")...), same: true, hint: "locked is encrypted"},
		{words: append([]string{"-i", "DIR/rubbish"}, append(known, "-C", "echo fine")...), want: `Remote command execution failed: Load key "`},
		{words: append([]string{"-i", "DIR/open"}, append(known, "-C", "echo fine")...), want: "Remote command execution failed: WARNING: UNPROTECTED PRIVATE KEY FILE!"},
		{words: []string{"-i", "DIR/id", "-o", "UserKnownHostsFile=DIR/empty", "-C", "echo fine"}, same: true, hint: "ssh-keyscan -p "},
		{words: []string{"-i", "DIR/id", "-o", "UserKnownHostsFile=DIR/changed", "-C", "echo fine"}, want: "Remote command execution failed: Host key verification failed.", hint: "ssh-keygen -R '[127.0.0.1]:"},
		{words: []string{"-i", "DIR/id", "-o", "UserKnownHostsFile=DIR/revoked DIR/known_hosts", "-C", "echo fine"}, want: "Remote command execution failed: Host key verification failed.", hint: "revoked"},
		{words: []string{"-i", "DIR/id", "-o", "UserKnownHostsFile=DIR/known_hosts", "-o", "HostKeyAlias=elsewhere", "-C", "echo fine"}, same: true},
		{words: []string{"-i", "DIR/id", "-o", "UserKnownHostsFile=DIR/changed", "-o", "StrictHostKeyChecking=no", "-q", "-C", "echo fine"}, same: true},
		{words: []string{"-i", "DIR/id", "-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no", "-E", "-C", "echo fine"}, same: true},
	} {
		argv := s.argv(c.words...)
		t.Run(strings.Join(argv[7:], " "), func(t *testing.T) {
			t.Parallel()
			var got monitor.Outcome
			if c.same {
				got = probetest.Same(t, m, argv...)
			} else {
				got = alike(t, m, argv, c.want)
			}
			if !strings.Contains(got.LongOutput, c.hint) {
				t.Errorf("long output %q, want %q", got.LongOutput, c.hint)
			}
		})
	}
	for _, words := range [][]string{
		{"-p", closed, "-C", "echo fine"},
		{"-p", closed, "-C", "echo fine", "-U"},
		{"-p", probetest.Serve(t, probetest.Hang), "-C", "echo fine", "-t", "1"},
		{"-6", "-p", closed, "-C", "echo fine"},
	} {
		argv := append([]string{"check_by_ssh", "-H", "127.0.0.1", "-o", "StrictHostKeyChecking=no"}, words...)
		t.Run(strings.Join(argv[5:], " "), func(t *testing.T) {
			t.Parallel()
			probetest.Same(t, m, argv...)
		})
	}
}

func copyFile(t testing.TB, from, to string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(to, []byte(read(t, from)), mode); err != nil {
		t.Fatal(err)
	}
}

// TestABannerIsWhatSshPrints compares with a server that greets.
func TestABannerIsWhatSshPrints(t *testing.T) {
	banner := realpeer.File(t, realpeer.Dir(t), "banner", "Keep out\nunless you may\n")
	s := start(t, "Banner "+banner)
	m := module(t, sshpool.Options{})
	for _, words := range [][]string{
		{"-C", "echo fine"},
		{"-C", "echo fine", "-q"},
		{"-C", "echo fine", "-E1"},
		{"-C", "echo fine; echo bad >&2", "-E", "2"},
		{"-C", "echo fine; echo bad >&2", "-E2"},
		{"-C", "echo fine", "-o", "LogLevel=ERROR"},
	} {
		argv := s.argv(trusting(words...)...)
		probetest.Run(t, m, argv...)
		probetest.Same(t, m, argv...)
	}
}

// TestOneConnectionServesManyChecks looks at sshd's log.
func TestOneConnectionServesManyChecks(t *testing.T) {
	s := start(t)
	m := module(t, sshpool.Options{PerLogin: 1})
	p, err := m.Parse(s.argv(trusting("-C", "echo fine")...))
	if err != nil {
		t.Fatal(err)
	}
	outcomes := make(chan monitor.Outcome)
	const n = 50
	for range n {
		go func() {
			o, err := p.Run(context.Background())
			if err != nil {
				o.Output = err.Error()
			}
			outcomes <- o
		}()
	}
	for range n {
		if o := <-outcomes; o.Output != "fine" {
			t.Fatalf("got %+v", o)
		}
	}
	if got := strings.Count(s.Output(), "Accepted publickey"); got != 1 {
		t.Errorf("%d logins for %d checks, want one", got, n)
	}
}

// TestAStatusThatIsNoStateIsOutOfBounds looks at what Nagios makes of such a plugin.
func TestAStatusThatIsNoStateIsOutOfBounds(t *testing.T) {
	s := start(t)
	m := module(t, sshpool.Options{})
	for _, c := range []struct {
		words []string
		exit  int
	}{
		{trusting("-C", "exit 4"), 4},
		{trusting("-C", "exit 77"), 77},
		{trusting("-C", "exit 255"), 255},
		{trusting("-C", "kill -9 $$"), 255},
		{trusting("-C", "true", "-E", "-o", "User=no-such-user"), 255},
		{trusting("-C", "true", "-q", "-o", "User=no-such-user"), 255},
	} {
		argv := s.argv(c.words...)
		var stdout, stderr bytes.Buffer
		forked := exec.Command(realpeer.Program(t, argv[0], "monitoring-plugins-standard"), argv[1:]...)
		forked.Stdout, forked.Stderr = &stdout, &stderr
		if err := forked.Run(); forked.ProcessState.ExitCode() != c.exit {
			t.Fatalf("%v: the plugin gave %v, want %d", argv, err, c.exit)
		}
		want := plugin.Outcome(stdout.Bytes(), stderr.Bytes(), c.exit, 0)
		got := probetest.Run(t, m, argv...)
		if slices.Contains(argv, "User=no-such-user") { // whom the plugin leaves without a hint
			if !strings.Contains(got.LongOutput, "offered ") || !strings.Contains(got.LongOutput, "(SHA256:") {
				t.Errorf("%v: long output %q does not say which key was refused", argv, got.LongOutput)
			}
			got.LongOutput = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v: want (-), got (+):\n%s", argv, diff)
		}
	}
}

// TestAServerWithFewSessionsIsNotOverrun starts more checks than MaxSessions allows.
func TestAServerWithFewSessionsIsNotOverrun(t *testing.T) {
	s := start(t, "MaxSessions 2")
	m := module(t, sshpool.Options{PerLogin: 2})
	p, err := m.Parse(s.argv(trusting("-C", "sleep 0.1; echo fine")...))
	if err != nil {
		t.Fatal(err)
	}
	outcomes := make(chan string)
	const n = 30
	for range n {
		go func() {
			o, err := p.Run(context.Background())
			outcomes <- fmt.Sprint(o.Output, err)
		}()
	}
	for range n {
		if got := <-outcomes; got != "fine<nil>" {
			t.Errorf("got %s", got)
		}
	}
}

// TestALostConnectionIsMadeAnew cuts it between two checks.
func TestALostConnectionIsMadeAnew(t *testing.T) {
	s := start(t)
	m := module(t, sshpool.Options{})
	conns := make(chan net.Conn, 10)
	port := probetest.Serve(t, func(c net.Conn) {
		to, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err != nil {
			t.Error(err)
			return
		}
		defer to.Close()
		conns <- c
		go func() {
			_, _ = io.Copy(c, to)
			c.Close()
		}()
		_, _ = io.Copy(to, c)
	})
	argv := s.argv(trusting("-p", port, "-o", "HostKeyAlias=[127.0.0.1]:PORT", "-C", "echo fine")...)
	argv = slices.Delete(argv, 3, 5) // the server's own port, which would come first
	for range 3 {
		if o := probetest.Run(t, m, argv...); o.Output != "fine" {
			t.Fatalf("got %+v", o)
		}
		(<-conns).Close()
	}
	if got := strings.Count(s.Output(), "Accepted publickey"); got != 3 {
		t.Errorf("%d logins, want 3", got)
	}
}

// TestAnAgentLogsIn uses a key that only an agent has in the clear.
func TestAnAgentLogsIn(t *testing.T) {
	agent := realpeer.Program(t, "ssh-agent", "openssh-client")
	s := start(t)
	socket := s.path("agent.sock")
	realpeer.Start(t, agent, "-D", "-a", socket).Until(t, "listens", func() error { _, err := os.Stat(socket); return err })
	add := exec.Command("ssh-add", s.path("id"))
	add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("ssh-add: %v\n%s", err, out)
	}
	m := module(t, sshpool.Options{})
	with := []string{"-o", "UserKnownHostsFile=DIR/known_hosts", "-o", "IdentityAgent=DIR/agent.sock"}
	for _, words := range [][]string{
		append(with, "-C", "echo fine"),
		append(with, "-C", "echo fine", "-i", "DIR/other"),
		append(with, "-C", "echo fine", "-i", "DIR/other", "-o", "IdentitiesOnly=yes"),
		append(with, "-C", "echo fine", "-i", "DIR/id.pub", "-o", "IdentitiesOnly=yes"),
	} {
		probetest.Same(t, m, s.argv(words...)...)
	}
}

// TestKnownHostsAreReadAgain adds a host while the module runs.
func TestKnownHostsAreReadAgain(t *testing.T) {
	s := start(t)
	m := module(t, sshpool.Options{})
	argv := s.argv("-i", "DIR/id", "-o", "UserKnownHostsFile=DIR/late", "-C", "echo fine")
	if o := probetest.Run(t, m, argv...); o.State != monitor.Unknown {
		t.Errorf("an unknown host: %+v", o)
	}
	hash := exec.Command("ssh-keygen", "-H", "-f", s.path("late"))
	copyFile(t, s.path("known_hosts"), s.path("late"), 0o600)
	if out, err := hash.CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen -H: %v\n%s", err, out)
	}
	if text := read(t, s.path("late")); !strings.HasPrefix(text, "|1|") {
		t.Fatalf("not hashed: %s", text)
	}
	if o := probetest.Run(t, m, argv...); o.Output != "fine" {
		t.Errorf("once it is known: %+v", o)
	}
}

// TestANewKeyIsNotedIfAsked looks at StrictHostKeyChecking=accept-new.
func TestANewKeyIsNotedIfAsked(t *testing.T) {
	s := start(t)
	m := module(t, sshpool.Options{})
	o := probetest.Run(t, m, s.argv("-i", "DIR/id", "-o", "UserKnownHostsFile=DIR/new", "-o", "StrictHostKeyChecking=accept-new", "-C", "echo fine")...)
	if o.Output != "fine" {
		t.Errorf("got %+v", o)
	}
	probetest.Same(t, m, s.argv("-i", "DIR/id", "-o", "UserKnownHostsFile=DIR/new", "-o", "StrictHostKeyChecking=yes", "-C", "echo fine")...)
	o = probetest.Run(t, m, s.argv("-i", "DIR/id", "-o", "UserKnownHostsFile=DIR/changed", "-o", "StrictHostKeyChecking=accept-new", "-C", "echo fine")...)
	if o.State == monitor.OK {
		t.Errorf("a changed key was accepted: %+v", o)
	}
}

// TestTheUsersConfigurationCounts compares with ssh -F through a plugin that is told of the same file by -o.
func TestTheUsersConfigurationCounts(t *testing.T) {
	s := start(t)
	file := realpeer.File(t, s.dir, "config", strings.NewReplacer("DIR", s.dir, "PORT", s.port, "ME", s.user).Replace(`
# as people have it
Host web*.example !web9.example
	HostName 127.0.0.1
	Port PORT
	User ME
	IdentityFile DIR/id
Host far
	ProxyJump gateway
Match originalhost web1.example
	HostKeyAlias "[127.0.0.1]:PORT"
Host *
	UserKnownHostsFile DIR/known_hosts
	ServerAliveInterval 10
`))
	m := ssh.New(ssh.Options{Configs: []string{file}})
	defer m.Close()
	if o := probetest.Run(t, m, "check_by_ssh", "-H", "web1.example", "-C", "echo fine"); o.Output != "fine" {
		t.Errorf("got %+v", o)
	}
	p, err := m.Parse([]string{"check_by_ssh", "-H", "far", "-C", "echo fine"})
	if err != nil {
		t.Fatal(err)
	}
	if o, err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "config line 9: ssh option proxyjump gateway") {
		t.Errorf("a jump: %+v, %v", o, err)
	}
}

// BenchmarkOpenSSH runs a command on Debian's sshd, on connections that stay open and by forking check_by_ssh.
func BenchmarkOpenSSH(b *testing.B) {
	s := start(b, "LogLevel QUIET", "MaxStartups 100")
	argv := s.argv(trusting("-C", "true")...)
	for _, connections := range []int{1, 4} {
		b.Run(fmt.Sprintf("native, %d connections", connections), func(b *testing.B) {
			p, err := module(b, sshpool.Options{PerLogin: connections}).Parse(argv)
			if err != nil {
				b.Fatal(err)
			}
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if o, err := p.Run(context.Background()); err != nil || o.State != monitor.OK {
						b.Errorf("%+v, %v", o, err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checks/s")
		})
	}
	b.Run("forked", func(b *testing.B) {
		began := time.Now()
		for b.Loop() {
			if o := probetest.Plugin(b, argv...); o.State != monitor.OK {
				b.Fatalf("%+v", o)
			}
		}
		b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "checks/s")
	})
}
