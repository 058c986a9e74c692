package agent

import (
	"context"
	"io"
	"testing"
)

func TestAnOutletIsNamedByTheWayOfFetching(t *testing.T) {
	m := New(Options{Courier: nobody{}, Program: noProgram})
	defer m.Close()
	outlet := func(line string) string {
		c, ok := m.Own("onbu-agent " + line).(*check)
		if !ok {
			t.Fatalf("%s is no line", line)
		}
		return c.outlet()
	}
	same := []string{"-H 127.0.0.1", "-H 127.0.0.1 -t 5", "-H 127.0.0.1 --tls", "-H 127.0.0.1 -s uptime", "-H 127.0.0.1 --no-piggyback", "-H 127.0.0.1 --max-size 1M"}
	for _, line := range same {
		if got, want := outlet(line), outlet(same[0]); got != want {
			t.Errorf("%s is %s, want %s", line, got, want)
		}
	}
	seen := map[string]string{}
	for _, line := range []string{
		same[0], "-H 127.0.0.1 -p 6557", "-H 127.0.0.2", "-H 127.0.0.1 --file /a", "-H 127.0.0.1 --file /b",
		"-H 127.0.0.1 --program '/a -x'", "-H 127.0.0.1 --program '/a -y'",
	} {
		got := outlet(line)
		if seen[got] != "" {
			t.Errorf("%s and %s are both %s", line, seen[got], got)
		}
		seen[got] = line
	}
}

func noProgram(context.Context, []string, io.Writer) ([]byte, int, error) { return nil, 0, nil }
