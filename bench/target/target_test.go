package target_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/onbu/onbu/bench/target"
	"github.com/onbu/onbu/internal/realpeer"
)

// running is a target that runs as it would in a process of its own.
type running struct {
	t     testing.TB
	port  uint16
	input io.Writer
	lines *bufio.Scanner
}

func run(t testing.TB, kind string) *running {
	t.Helper()
	input, ours := io.Pipe()
	theirs, output := io.Pipe()
	r := &running{t: t, input: ours, lines: bufio.NewScanner(theirs)}
	ended := make(chan error, 1)
	go func() { ended <- target.Run(context.Background(), kind, input, output) }()
	t.Cleanup(func() {
		ours.Close()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	})
	r.scan("listening %d", &r.port)
	return r
}

// scan reads the next line.
func (r *running) scan(format string, into any) {
	r.t.Helper()
	if !r.lines.Scan() {
		r.t.Fatal("the target says nothing more")
	}
	if _, err := fmt.Sscanf(r.lines.Text(), format, into); err != nil {
		r.t.Fatalf("%q: %v", r.lines.Text(), err)
	}
}

// start runs a kind of target until the test ends, and gives its port.
func start(t testing.TB, kind string) int {
	t.Helper()
	return int(run(t, kind).port)
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
