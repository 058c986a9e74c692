package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/internal/realpeer"
)

// land is a network namespace with a way of its own to the test, by which its API is asked, and cables to other ones.
type land struct {
	t      *testing.T
	ip     string // the program
	name   string
	number int
}

// newLand makes a namespace; it goes with the test. Numbers differ within a test.
func newLand(t *testing.T, number int) *land {
	t.Helper()
	realpeer.Root(t, "a network namespace")
	l := &land{t: t, ip: realpeer.Program(t, "ip", "iproute2"), name: fmt.Sprintf("onbu-%d-%d", os.Getpid(), number), number: number}
	l.do(l.ip, "netns", "add", l.name)
	t.Cleanup(func() { _ = exec.Command(l.ip, "netns", "del", l.name).Run() })
	outside := fmt.Sprintf("on%d-%d", os.Getpid()%100000, number)
	l.do(l.ip, "link", "add", outside, "type", "veth", "peer", "name", "api", "netns", l.name)
	l.do(l.ip, "addr", "add", l.api(1)+"/30", "dev", outside)
	l.do(l.ip, "link", "set", outside, "up")
	l.inside("link", "set", "lo", "up")
	l.inside("addr", "add", l.api(2)+"/30", "dev", "api")
	l.inside("link", "set", "api", "up")
	return l
}

// api is an address on the way to the test: 1 is the test's end, 2 the namespace's.
func (l *land) api(end int) string {
	return fmt.Sprintf("10.%d.%d.%d", 100+os.Getpid()%100, os.Getpid()/100%250, 4*l.number+end)
}

func (l *land) do(argv ...string) {
	l.t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		l.t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
}

// inside runs ip in the namespace.
func (l *land) inside(words ...string) {
	l.t.Helper()
	l.do(append([]string{l.ip, "-n", l.name}, words...)...)
}

// cable joins two namespaces: the first has the address 10.99.N.1, the other 10.99.N.2.
func cable(n int, from, to *land) {
	from.t.Helper()
	name := fmt.Sprintf("cable%d", n)
	from.do(from.ip, "link", "add", name, "netns", from.name, "type", "veth", "peer", "name", name, "netns", to.name)
	for end, l := range []*land{from, to} {
		l.inside("addr", "add", fmt.Sprintf("10.99.%d.%d/24", n, end+1), "dev", name)
		l.inside("link", "set", name, "up")
	}
}

// cut takes a cable out, and mend puts it in again.
func (l *land) cut(cable int)  { l.inside("link", "set", fmt.Sprintf("cable%d", cable), "down") }
func (l *land) mend(cable int) { l.inside("link", "set", fmt.Sprintf("cable%d", cable), "up") }

// serve starts a whole engine in the namespace.
func (l *land) serve(main string, args ...string) *onbu {
	l.t.Helper()
	argv := append([]string{"netns", "exec", l.name, binary, "run", main, "--state", l.t.TempDir(), "--http", l.api(2) + ":7770", "--command-file", "-"}, args...)
	o := &onbu{Process: realpeer.Start(l.t, l.ip, argv...), Client: console.Client{Addr: l.api(2) + ":7770"}, t: l.t}
	o.listening()
	return o
}

// authority makes an authority and a certificate for an address, as docs/sites.md says; it gives the folder of the files.
func authority(t *testing.T, address string) string {
	t.Helper()
	openssl, dir := realpeer.Program(t, "openssl", "openssl"), t.TempDir()
	for _, line := range []string{
		"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=our-sites -keyout ca.key -out ca.pem",
		"req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=hub -addext subjectAltName=IP:" + address + " -keyout hub.key -out hub.csr",
		"x509 -req -in hub.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -copy_extensions copy -out hub.pem",
	} {
		cmd := exec.Command(openssl, strings.Fields(line)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v\n%s", line, err, out)
		}
	}
	return dir
}

// links writes a file of links beside the certificates.
func links(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
