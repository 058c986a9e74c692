package target_test

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/bench/target"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/http"
	"github.com/onbu/onbu/modules/check/nrpe"
	"github.com/onbu/onbu/modules/check/tcp"
	"github.com/onbu/onbu/monitor"
)

// asTarget has the test's program be a target, so that what it costs is told apart.
const asTarget = "ONBU_TEST_TARGET"

func TestMain(m *testing.M) {
	if kind := os.Getenv(asTarget); kind != "" {
		if err := target.Run(context.Background(), kind, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// apart runs a kind of target in a process of its own and gives its port.
func apart(b testing.TB, kind string) (port string) {
	b.Helper()
	c := exec.Command(os.Args[0])
	c.Env, c.Stderr = append(os.Environ(), asTarget+"="+kind), os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		_ = c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "listening "))
}

// BenchmarkCheck makes checks of 1,000 hosts, many at a time and each under a context of its own as a poller does, and says
// what a check costs the side that makes it.
func BenchmarkCheck(b *testing.B) {
	for _, bench := range []struct {
		name, kind string
		module     modules.Check
		line       string
	}{
		{"tcp", "tcp", tcp.New(tcp.Options{}), "check_tcp -H HOST -p PORT"},
		{"http", "http", http.New(http.Options{}), "check_http -I HOST -p PORT"},
		{"nrpe", "nrpe", nrpe.New(nrpe.Options{}), "check_nrpe -H HOST -p PORT -n -c check_load"},
		{"nrpe TLS 1.3", "nrpe-tls13", nrpe.New(nrpe.Options{}), "check_nrpe -H HOST -p PORT -d 0 -S TLSv1.3 -c check_load"},
		{"nrpe TLS 1.2 resumed", "nrpe-tls12", nrpe.New(nrpe.Options{}), "check_nrpe -H HOST -p PORT -d 0 -c check_load"},
		{"nrpe TLS 1.2", "nrpe-tls12", nrpe.New(nrpe.Options{Sessions: -1}), "check_nrpe -H HOST -p PORT -d 0 -c check_load"},
		{"nrpe ADH", "nrpe-adh", nrpe.New(nrpe.Options{}), "check_nrpe -H HOST -p PORT -c check_load"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			measure(b, parse(b, bench.module, strings.ReplaceAll(bench.line, "PORT", apart(b, bench.kind)), 1000))
		})
	}
}

// parse makes probes of a line for so many hosts.
func parse(t testing.TB, module modules.Check, line string, hosts int) []modules.Probe {
	t.Helper()
	var probes []modules.Probe
	for i := range hosts {
		host := netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}).String()
		p, err := module.Parse(strings.Fields(strings.Replace(line, "HOST", host, 1)))
		if err != nil {
			t.Fatal(err)
		}
		probes = append(probes, p)
	}
	return probes
}

// measure runs the probes, each once before it counts.
func measure(b *testing.B, probes []modules.Probe) {
	parent, cancel := context.WithCancel(b.Context())
	defer cancel()
	run := func(p modules.Probe) {
		ctx, cancel := context.WithTimeout(parent, time.Minute)
		defer cancel()
		if o, err := p.Run(ctx); err != nil || o.State != monitor.OK {
			b.Errorf("got %+v, %v", o, err)
		}
	}
	for _, p := range probes {
		run(p)
	}
	var next atomic.Uint32
	b.ReportAllocs()
	b.SetParallelism(25)
	b.ResetTimer()
	before := cpuTime()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			run(probes[int(next.Add(1))%len(probes)])
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checks/s")
	b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/1000/float64(b.N), "cpu-µs/check")
}

// cpuTime is what this process has used, of all threads, user and system.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
