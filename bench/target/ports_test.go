package target_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/http"
	"github.com/onbu/onbu/modules/check/nrpe"
	"github.com/onbu/onbu/modules/check/tcp"
	"github.com/onbu/onbu/monitor"
)

// TestChecksLeaveNoPortsBehind: whoever closes first keeps the port for a minute, and there are 28,232 for connections to one
// address.
func TestChecksLeaveNoPortsBehind(t *testing.T) {
	for _, test := range []struct {
		kind   string
		module modules.Check
		line   string
		checks int
	}{
		{"tcp", tcp.New(tcp.Options{}), "check_tcp -H HOST -p PORT", 5_000},
		{"http", http.New(http.Options{}), "check_http -I HOST -p PORT", 2_000},
		{"nrpe", nrpe.New(nrpe.Options{}), "check_nrpe -H HOST -p PORT -n", 2_000},
		{"nrpe-tls12", nrpe.New(nrpe.Options{}), "check_nrpe -H HOST -p PORT -d 0", 2_000},
	} {
		t.Run(test.kind, func(t *testing.T) {
			port := apart(t, test.kind)
			p := parse(t, test.module, strings.ReplaceAll(test.line, "PORT", port), 1)[0]
			const hands = 50
			var all sync.WaitGroup
			for range hands {
				all.Go(func() {
					for range test.checks / hands {
						if o, err := p.Run(t.Context()); err != nil || o.State != monitor.OK {
							t.Errorf("got %+v, %v", o, err)
							return
						}
					}
				})
			}
			all.Wait()
			if n := waiting(t, port); n > 20 {
				t.Errorf("%d of %d checks left their port in TIME_WAIT", n, test.checks)
			}
		})
	}
}

// waiting counts connections to a port that are in TIME_WAIT on this side (proc_net_tcp(5)).
func waiting(t *testing.T, port string) (n int) {
	t.Helper()
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		w := strings.Fields(s.Text()) // number, local address, remote address, state
		if len(w) > 3 && strings.HasSuffix(w[2], fmt.Sprintf(":%04X", number)) && w[3] == "06" {
			n++
		}
	}
	return n
}

// TestAHostThatIsSilentHoldsTwoDescriptors however many of its checks are due, once it was found to be silent.
func TestAHostThatIsSilentHoldsTwoDescriptors(t *testing.T) {
	for _, test := range []struct {
		module modules.Check
		line   string
	}{
		{tcp.New(tcp.Options{}), "check_tcp -H HOST -p PORT -t 1"},
		{http.New(http.Options{}), "check_http -I HOST -p PORT -t 1"},
		{nrpe.New(nrpe.Options{}), "check_nrpe -H HOST -p PORT -n -t 1"},
	} {
		t.Run(test.line, func(t *testing.T) {
			port := silent(t)
			p := parse(t, test.module, strings.ReplaceAll(test.line, "PORT", port), 1)[0]
			late := func() {
				if o, err := p.Run(t.Context()); err != nil || !o.TimedOut || !strings.Contains(o.Output, "Socket timeout after 1 seconds") {
					t.Errorf("got %+v, %v", o, err)
				}
			}
			late()
			before := descriptors(t)
			var all sync.WaitGroup
			for range 50 {
				all.Go(late)
			}
			ended := make(chan bool)
			go func() {
				all.Wait()
				close(ended)
			}()
			for most := 0; ; {
				most = max(most, descriptors(t)-before)
				select {
				case <-ended:
					if most < 1 || most > 2 {
						t.Errorf("50 checks held %d descriptors", most)
					}
					return
				default:
				}
			}
		})
	}
}

// descriptors counts those of this process.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// silent gives a port on 127.1.0.0 that drops every SYN: nobody takes connections, and there is no room for more.
func silent(t *testing.T) (port string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port = strconv.Itoa(at.(*unix.SockaddrInet4).Port)
	for {
		c, err := net.DialTimeout("tcp", "127.1.0.0:"+port, 200*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { c.Close() })
	}
}

// TestConnectionsToDifferentHostsShareLocalPorts: a port that is bound before the kernel knows where the connection goes is
// taken for all hosts at once. Of 1,500 ports that are chosen among 28,232, 40 are the same by chance, and none if they are bound
// (net.Dialer.DialTCP of Go 1.26 binds them; so does a fixed source address without IP_BIND_ADDRESS_NO_PORT).
func TestConnectionsToDifferentHostsShareLocalPorts(t *testing.T) {
	for _, test := range []struct {
		module modules.Check
		line   string
	}{
		{tcp.New(tcp.Options{}), "check_tcp -H HOST -p PORT -e x"},
		{http.New(http.Options{}), "check_http -I HOST -p PORT"},
		{nrpe.New(nrpe.Options{}), "check_nrpe -H HOST -p PORT -n"},
		{nrpe.New(nrpe.Options{}), "check_nrpe -H HOST -p PORT -n -b 127.0.0.1"},
	} {
		t.Run(test.line, func(t *testing.T) {
			const hosts = 1500
			l, err := net.Listen("tcp4", "0.0.0.0:0")
			if err != nil {
				t.Fatal(err)
			}
			var checks sync.WaitGroup
			_, port, _ := net.SplitHostPort(l.Addr().String())
			for _, p := range parse(t, test.module, strings.ReplaceAll(test.line, "PORT", port), hosts) {
				checks.Go(func() { _, _ = p.Run(t.Context()) })
			}
			ports := map[int]bool{}
			var open []net.Conn
			for range hosts {
				c, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				open = append(open, c)
				ports[c.RemoteAddr().(*net.TCPAddr).Port] = true
			}
			if len(ports) == hosts {
				t.Errorf("%d connections to as many hosts have a port each: it was bound before", hosts)
			}
			l.Close() // before the connections, so that nobody tries again
			for _, c := range open {
				c.Close()
			}
			checks.Wait()
		})
	}
}
