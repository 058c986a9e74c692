// Package probetest knows how tests compare a native check module with the plugin that it stands for: the same command
// line to both, against the same target, and what the two say side by side. It has the targets too: listeners on
// loopback that do as a test tells them, with and without TLS.
package probetest

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// measured finds what differs from one run to the next: times, and OpenSSL's own error lines.
var measured = regexp.MustCompile(`\b\d+\.\d{3} second|(time\w*)=\d+\.\d{6}s`)

// Same runs a command line by module and plugin and fails the test unless state, output and performance data are the
// same but for measured times. The module's long output may say more than the plugin's. It gives the module's outcome.
func Same(t testing.TB, module modules.Check, argv ...string) monitor.Outcome {
	t.Helper()
	got := Run(t, module, argv...)
	want := Plugin(t, argv...)
	if got.State != want.State {
		t.Errorf("%v:\nstate %v, the plugin says %v", argv, got.State, want.State)
	}
	compare(t, argv, "output", still(got.Output), still(want.Output))
	compare(t, argv, "perfdata", still(got.Perfdata), still(want.Perfdata))
	if !strings.Contains(want.LongOutput, ":error:") && !strings.HasPrefix(still(got.LongOutput), still(want.LongOutput)) {
		compare(t, argv, "long output", still(got.LongOutput), still(want.LongOutput))
	}
	return got
}

func compare(t testing.TB, argv []string, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%v:\n%s\n  module: %q\n  plugin: %q", argv, what, got, want)
	}
}

// still blots out measured times.
func still(text string) string {
	text = measured.ReplaceAllString(text, "$1=T")
	return strings.Join(strings.Split(text, "  "), " ")
}

// Run runs a command line by the module.
func Run(t testing.TB, module modules.Check, argv ...string) monitor.Outcome {
	t.Helper()
	p, err := module.Parse(argv)
	if err != nil {
		t.Fatalf("%v: %v", argv, err)
	}
	o, err := p.Run(context.Background())
	if err != nil {
		t.Fatalf("%v: %v", argv, err)
	}
	return o
}

// Plugin runs a command line by the real plugin, in the C locale.
func Plugin(t testing.TB, argv ...string) monitor.Outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(realpeer.Program(t, argv[0], "monitoring-plugins-standard"), argv[1:]...)
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() > 3) {
		t.Fatalf("%v: %v\n%s%s", argv, err, &stdout, &stderr)
	}
	return plugin.Outcome(stdout.Bytes(), stderr.Bytes(), cmd.ProcessState.ExitCode(), 0)
}
