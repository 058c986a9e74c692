package tcp_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/probe/probetest"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules/check/tcp"
)

// targets starts what the tables talk to and gives the ports by name, as they stand in the tables.
func targets(t *testing.T) *strings.Replacer {
	t.Helper()
	sock := filepath.Join(realpeer.Dir(t), "s")
	probetest.ServeUnix(t, sock, probetest.Say("220 unix\r\n"))
	return strings.NewReplacer(append([]string{
		"UNIX", sock,
		"DROP", probetest.Serve(t, func(net.Conn) {}),
		"FTP", probetest.Serve(t, probetest.SayAndClose("220 ProFTPD ready\r\n")),
		"MULTI", probetest.Serve(t, probetest.Say("220-hello\r\n220 ready \r\n")),
		"POP", probetest.Serve(t, probetest.Say("+OK ready\r\n")),
		"IMAP", probetest.Serve(t, probetest.Say("* OK [CAPABILITY IMAP4rev1] ready\r\n")),
		"NNTP", probetest.Serve(t, probetest.SayAndClose("201 no posting\r\n")),
		"CLAM", probetest.Serve(t, echo(map[string]string{"PING": "PONG\n"})),
		"ECHO", probetest.Serve(t, echo(map[string]string{"a\r\nb\tc\\x": "right", "ask": "right", "ab": "right"})),
		"JABBER", probetest.Serve(t, probetest.Say("<?xml version='1.0' encoding='UTF-8'?>")),
		"PIECES", probetest.Serve(t, pieces),
		"SSHD", probetest.Serve(t, probetest.Say("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")),
		"OLDSSH", probetest.Serve(t, probetest.Say("SSH-1.99-Cisco-1.25\n")),
		"BARE", probetest.Serve(t, probetest.Say("SSH\n")),
		"LONG", probetest.Serve(t, probetest.Say("SSH-2.0-"+strings.Repeat("x", 600))),
		"ONE", probetest.Serve(t, probetest.SayAndClose("x")),
		"NUL", probetest.Serve(t, probetest.SayAndClose("22\x000 hidden\r\n")),
		"TLSIMAP", probetest.ServeTLS(t, "imap.example", 10*probetest.Day+time.Hour, probetest.Say("* OK secure\r\n")),
	}, probetest.Places(t, probetest.Say("220 secure\r\n"))...)...)
}

// echo answers what it knows.
func echo(answers map[string]string) func(net.Conn) {
	return func(c net.Conn) {
		buf := make([]byte, 100)
		n, _ := c.Read(buf)
		_, _ = c.Write([]byte(answers[string(buf[:n])]))
		_, _ = c.Read(buf)
	}
}

// pieces sends its greeting in two pieces that cannot arrive as one.
func pieces(c net.Conn) {
	_, _ = c.Write([]byte("2"))
	time.Sleep(50 * time.Millisecond) // the fake's own pace, nothing waits for it
	_, _ = c.Write([]byte("20 slow\r\n"))
	probetest.Hang(c)
}

func TestEveryCommandLineGivesWhatThePluginGives(t *testing.T) {
	lines := []string{
		"check_tcp -H 127.0.0.1 -p FTP",
		"check_tcp -H localhost -p FTP -4",
		"check_tcp -p FTP",
		"check_tcp 127.0.0.1 -p FTP",
		"check_tcp -p FTP 127.0.0.1",
		"check_tcp --hostname=127.0.0.1 --port FTP --warning 5 --critical=9 --ref ok",
		"check_tcp -H 127.0.0.1 -p FTP -w 0.0000001",
		"check_tcp -H 127.0.0.1 -p FTP -wt 0.0000001 -ct 0.00000001 -to 5",
		"check_tcp -H 127.0.0.1 -p FTP -w 0 -c 9.5",
		"check_tcp -H 127.0.0.1 -p FTP -e 220",
		"check_tcp -H 127.0.0.1 -p FTP -e nope -e ready",
		"check_tcp -H 127.0.0.1 -p FTP -A -e ProFTPD -e ready",
		"check_tcp -H 127.0.0.1 -p FTP -e nope -M ok -w 5 -c 10",
		"check_tcp -H 127.0.0.1 -p FTP -Ae ProFTPD -e nope -Mcrit",
		"check_tcp -H 127.0.0.1 -p FTP -e nope",
		"check_tcp -H 127.0.0.1 -p FTP -je 220",
		"check_tcp -H 127.0.0.1 -p FTP -je nope -m 3",
		"check_tcp -H 127.0.0.1 -p FTP -e 220 -m 1",
		"check_tcp -H 127.0.0.1 -p FTP -d 1",
		"check_tcp -H 127.0.0.1 -p ECHO -s ask -e right",
		`check_tcp -H 127.0.0.1 -p ECHO -E -s a\r\nb\tc\\\x -e right -q bye\r\n`,
		"check_tcp -H 127.0.0.1 -p CLOSED",
		"check_tcp -H 127.0.0.1 -p CLOSED -r ok",
		"check_tcp -H 127.0.0.1 -p CLOSED -r warning",
		"check_tcp -H 127.0.0.1 -p CLOSED -S",
		"check_tcp -H 127.0.0.1",
		"check_tcp -H 127.0.0.1 -p HANG",
		"check_tcp -H 127.0.0.1 -p HANG -e x -t 1",
		"check_tcp -H 127.0.0.1 -p HANG -S -t 1",
		"check_tcp -H 127.0.0.1 -p HANG -d 3 -t 1",
		"check_tcp -H 127.0.0.1 -p DROP",
		"check_tcp -H 127.0.0.1 -p DROP -e x",
		"check_tcp -H 127.0.0.1 -p ONE -e x",
		"check_tcp -H 127.0.0.1 -p ONE -e y",
		"check_tcp -H 127.0.0.1 -p NUL -e 22",
		"check_tcp -H 127.0.0.1 -p NUL -e hidden",
		"check_tcp -H UNIX",
		"check_tcp -H UNIX -e 220",
		"check_tcp -H UNIXnot -r warn",
		"check_tcp -H nosuch.invalid -p 1",
		"check_tcp -6 -H 127.0.0.1 -p 1",
		"check_tcp -H 127.0.0.1 -p MULTI -S",
		"check_tcp -H 127.0.0.1 -p MULTI -e nope",
		"check_tcp -H 127.0.0.1 -p TLS60 -S -e 220",
		"check_tcp -H 127.0.0.1 -p TLS60 -D 30,14",
		"check_tcp -H 127.0.0.1 -p TLS60 -D 30 -e 220 -q QUIT",
		"check_tcp -H 127.0.0.1 -p TLS60 --sni=sixty.example",
		"check_tcp -H 127.0.0.1 -p TLS60 -D 90,70",
		"check_tcp -H 127.0.0.1 -p TLS10 -D 30,5",
		"check_tcp -H 127.0.0.1 -p TLSHOURS -D 0",
		"check_tcp -H 127.0.0.1 -p TLSMIN -D 5,1",
		"check_tcp -H 127.0.0.1 -p TLSOLD -D 5,1",
		"check_ftp -H 127.0.0.1 -p FTP",
		"check_ftp -H 127.0.0.1 -p MULTI",
		"check_ftp -H 127.0.0.1 -p POP",
		"check_ftp -H 127.0.0.1 -p PIECES",
		"check_ftp -H 127.0.0.1 -p POP -e OK",
		"check_pop -H 127.0.0.1 -p POP",
		"check_imap -H 127.0.0.1 -p IMAP",
		"check_imap -H 127.0.0.1 -p MULTI",
		"check_simap -H 127.0.0.1 -p TLSIMAP",
		"check_spop -H 127.0.0.1 -p TLS10",
		"check_ssmtp -H 127.0.0.1 -p TLS60",
		"check_nntp -H 127.0.0.1 -p NNTP",
		"check_nntp -H 127.0.0.1 -p NNTP -A",
		"check_nntp -H 127.0.0.1 -p NNTP -e posting",
		"check_nntps -H 127.0.0.1 -p TLS60",
		"check_clamd -H 127.0.0.1 -p CLAM",
		"check_jabber -H 127.0.0.1 -p JABBER",
		"check_jabber -H 127.0.0.1 -p MULTI",
		"check_ssh -H 127.0.0.1 -p SSHD",
		"check_ssh 127.0.0.1 SSHD",
		"check_ssh -4 -t 5 -p SSHD localhost",
		"check_ssh -H 127.0.0.1 -p SSHD -P 2.0 -r OpenSSH_9.2p1",
		"check_ssh -H 127.0.0.1 -p SSHD -P 1.99",
		"check_ssh -H 127.0.0.1 -p OLDSSH -P 1.99 -r Cisco-1.25",
		"check_ssh -H 127.0.0.1 -p BARE",
		"check_ssh -H 127.0.0.1 -p LONG",
		"check_ssh -H 127.0.0.1 -p FTP",
		"check_ssh -H 127.0.0.1 -p DROP",
		"check_ssh -H 127.0.0.1 -p NUL",
		"check_ssh -H 127.0.0.1 -p CLOSED",
		"check_ssh -H 127.0.0.1 -p HANG -t 1",
	}
	ports := targets(t)
	module := tcp.New(tcp.Options{})
	for _, line := range lines {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			probetest.Same(t, module, strings.Fields(ports.Replace(line))...)
		})
	}
}

func TestARealSSHServerIsGreeted(t *testing.T) {
	sshd := realpeer.Program(t, "/usr/sbin/sshd", "openssh-server")
	dir := realpeer.Dir(t)
	key := filepath.Join(dir, "key")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	realpeer.Root(t, "sshd wants /run/sshd")
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(realpeer.Port(t))
	server := realpeer.Start(t, sshd, "-D", "-e", "-f", "/dev/null", "-h", key, "-p", port, "-o", "ListenAddress=127.0.0.1")
	server.Listening(t, "127.0.0.1:"+port)
	got := probetest.Same(t, tcp.New(tcp.Options{}), "check_ssh", "-p", port, "127.0.0.1")
	if !strings.HasPrefix(got.Output, "SSH OK - OpenSSH_") {
		t.Errorf("output %q, want the banner", got.Output)
	}
}
