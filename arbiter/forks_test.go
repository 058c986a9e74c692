package arbiter_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/objects/objectstest"
)

func TestTheShareOfTheLoadThatForksIsSaid(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "check_oracle")
	if err := os.WriteFile(script, []byte("#!/usr/bin/env perl\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	main, err := objectstest.Write(dir, "onbu.cfg", []string{"interval_length=1"}, func(o *objectstest.Text) {
		o.Basis("nobody", "/bin/true", "host_notification_options n", "service_notification_options n")
		o.Command("native", "check_native")
		o.Command("oracle", "sudo -n "+script+" --sid $ARG1$")
		o.Command("piped", "/x/check_a -w 1 | grep -v b")
		o.Define("host", "host_name h", "address 127.0.0.1", "check_command native", "check_interval 10", "max_check_attempts 1", "contacts nobody", "notification_period "+objectstest.Always)
		for i, s := range []string{"native 1", "oracle!A 4", "oracle!B 4", "piped 20", "piped 0"} {
			command, interval, _ := strings.Cut(s, " ")
			o.Define("service", "host_name h", fmt.Sprint("service_description s", i), "check_command "+command, "check_interval "+interval,
				"retry_interval 1", "max_check_attempts 1", "check_period "+objectstest.Always, "contacts nobody", "notification_period "+objectstest.Always)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s := arbiter.Verify(main, 4, func(line string) arbiter.Way {
		if line == "check_native" {
			return arbiter.Way{Module: "native"}
		}
		return arbiter.Way{Module: "exec", Why: "nobody has it"}
	}, nil, nil)
	want := []arbiter.ForkUse{{Program: "check_oracle", Interpreter: "perl", PerSecond: 0.5}, {Program: "check_a", PerSecond: 0.05}}
	if diff := cmp.Diff(want, s.Forks); !s.OK || diff != "" {
		t.Errorf("errors %v, want (-), got (+):\n%s", s.Errors, diff)
	}
	var out bytes.Buffer
	s.Print(&out)
	if line := "load: 33 % of 1.7 checks/s fork: check_oracle (perl) 0.5/s, check_a 0.05/s\n"; !strings.Contains(out.String(), line) {
		t.Errorf("no %q in:\n%s", line, out.String())
	}
}

func TestASmallShareOfForksIsNotShownAsNone(t *testing.T) {
	s := &arbiter.Summary{OK: true, Runs: true, ChecksPerSecond: 668, Forks: []arbiter.ForkUse{{Program: "check_a", PerSecond: 1.67}}}
	var out bytes.Buffer
	s.Print(&out)
	if want := "load: 0.25 % of 668 checks/s fork: check_a 1.7/s\n"; !strings.Contains(out.String(), want) {
		t.Errorf("no %q in:\n%s", want, out.String())
	}
}
