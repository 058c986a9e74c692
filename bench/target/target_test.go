package target_test

import (
	"context"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/onbu/onbu/bench/target"
	"github.com/onbu/onbu/internal/realpeer"
)

// start runs a kind of target in this process until the test ends, and gives its port.
func start(t *testing.T, kind string) int {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	hold, release := io.Pipe()
	go func() {
		ended <- target.Run(ctx, kind, hold, in)
		in.Close()
	}()
	t.Cleanup(func() {
		cancel()
		release.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	line := make([]byte, 100)
	n, err := out.Read(line)
	if err != nil {
		t.Fatalf("%s: %v", kind, <-ended)
	}
	port, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(string(line[:n]), "listening ")))
	if err != nil {
		t.Fatalf("%s said %q", kind, line[:n])
	}
	return port
}

func TestTheRealPluginsTakeTheTargetsForReal(t *testing.T) {
	nrpe := realpeer.Program(t, "check_nrpe", "nagios-nrpe-plugin")
	web := realpeer.Program(t, "check_http", "monitoring-plugins-basic")
	for _, test := range []struct{ kind, program, args, want string }{
		{"nrpe", nrpe, "-n", "OK - load average: 0.10"},
		{"nrpe", nrpe, "-n -2", "OK - load average: 0.10"},
		{"nrpe", nrpe, "-n -3", "OK - load average: 0.10"},
		{"nrpe-tls13", nrpe, "-S TLSv1.3 -d 0", "OK - load average: 0.10"},
		{"nrpe-tls12", nrpe, "-S TLSv1.2 -d 0", "OK - load average: 0.10"},
		{"nrpe-adh", nrpe, "-d 2", "OK - load average: 0.10"},
		{"http", web, "", "HTTP OK: HTTP/1.1 200 OK"},
	} {
		t.Run(test.kind+" "+test.args, func(t *testing.T) {
			port := strconv.Itoa(start(t, test.kind))
			for _, address := range []string{"127.0.0.1", "127.3.2.1"} {
				args := append(strings.Fields(test.args), "-H", address, "-p", port)
				out, err := exec.Command(test.program, args...).CombinedOutput()
				if err != nil || !strings.HasPrefix(string(out), test.want) {
					t.Errorf("%s %v: %v\n%s", test.program, args, err, out)
				}
			}
		})
	}
}
