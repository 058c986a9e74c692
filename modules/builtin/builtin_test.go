package builtin_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/builtin"
)

func TestModulesHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{builtin.Exec(0).Name(): true}
	for _, m := range builtin.Checks(nil) {
		if m.Name() == "" || seen[m.Name()] {
			t.Errorf("a module is called %q like another, or not at all", m.Name())
		}
		seen[m.Name()] = true
	}
}

// owners gives the module of each program.
func owners(t *testing.T) map[string]modules.Check {
	t.Helper()
	of := map[string]modules.Check{}
	for _, m := range builtin.Checks(nil) {
		if len(m.Programs()) == 0 {
			t.Errorf("module %s has no programs", m.Name())
		}
		for _, program := range m.Programs() {
			if other := of[program]; other != nil {
				t.Errorf("%s is claimed by %s and by %s", program, other.Name(), m.Name())
			}
			of[program] = m
		}
	}
	return of
}

// typical has a command line for each program, as configurations have them.
func typical() map[string]string {
	return map[string]string{
		"check_dummy":        "0 fine",
		"check_icmp":         "-H 127.0.0.1 -n 3 -w 100,20% -c 500,60%",
		"check_host":         "127.0.0.1",
		"check_rta_multi":    "127.0.0.1",
		"check_ping":         "-H 127.0.0.1 -w 100,20% -c 500,60% -p 5",
		"check_tcp":          "-H 127.0.0.1 -p 80 -w 1 -c 2 -t 5",
		"check_ssh":          "-H 127.0.0.1 -t 10",
		"check_http":         "-H www.example.org -I 127.0.0.1 -u / -w 1 -c 2",
		"check_curl":         "-H www.example.org -I 127.0.0.1 -u / --sni",
		"check_nrpe":         "-H 127.0.0.1 -t 10 -c check_load -a 1 2",
		"check_by_ssh":       "-H 127.0.0.1 -l nagios -i /etc/onbu/id_ed25519 -C uptime",
		"check_snmp_booster": "-H sw1 -A 127.0.0.1 -t chassis --datasource /etc/onbu/datasource",
		"onbu-agent":         "-H 127.0.0.1 -t 5 -w 1 -c 2",
		"check_snmp":         "-H 127.0.0.1 -o 1.3.6.1.2.1.1.3.0 -C public -w 1 -c 2",
	}
}

func TestEachProgramsTypicalLineRunsNatively(t *testing.T) {
	lines := typical()
	for program, m := range owners(t) {
		line, ok := lines[program]
		if !ok {
			line = "-H 127.0.0.1" // the others of check_tcp's family know their port
		}
		for _, path := range []string{program, "/usr/lib/nagios/plugins/" + program} {
			argv := append([]string{path}, strings.Fields(line)...)
			probe, err := m.Parse(argv)
			if err != nil || probe == nil {
				t.Errorf("%s %s: probe %v, error %v", path, line, probe, err)
			}
		}
		delete(lines, program)
	}
	for program := range lines {
		t.Errorf("no module has %s any more", program)
	}
}

func TestALineThatRunsTheAgentBySSHIsTheAgents(t *testing.T) {
	byProgram := owners(t)
	for command, ours := range map[string]bool{"check_mk_agent": true, "uptime": false} {
		probe, err := byProgram["check_by_ssh"].Parse([]string{"check_by_ssh", "-H", "127.0.0.1", "-C", command})
		if _, personal := probe.(modules.Personal); personal != ours || err != nil {
			t.Errorf("%s: personal %v, error %v", command, personal, err)
		}
	}
}

func TestRubbishIsAnErrorAndNoPanic(t *testing.T) {
	for program, m := range owners(t) {
		for _, argv := range [][]string{
			nil,
			{},
			{""},
			{"/"},
			{"other"},
			{program, "--no-such-option"},
			{program, "-H"},
			{program, "-\xff\xfe", strings.Repeat("9", 400)},
		} {
			if probe, err := parse(m, argv); err == nil {
				t.Errorf("%s takes %q: %v", m.Name(), argv, probe)
			}
		}
	}
}

// parse gives a panic as an error that no test takes for a refusal.
func parse(m modules.Check, argv []string) (probe modules.Probe, err error) {
	defer func() {
		if r := recover(); r != nil {
			panic(fmt.Sprintf("%s on %q: %v", m.Name(), argv, r))
		}
	}()
	return m.Parse(argv)
}

// TestShuffledWordsAreNoPanic gives every module what only looks like its options.
func TestShuffledWordsAreNoPanic(t *testing.T) {
	words := []string{"-H", "127.0.0.1", "-p", "-1", "99999999999", "-w", "1:", "~:", "@", ",", "%", "5,%", "-c", "", "-t", "0", "-", "--", "=", "-4", "-6", "-C", "-o", ".", "-e", "[", "(", "-r", "-s", "-n", "-u", "-a", "-l", "-P", "-S", "-D"}
	for _, lines := range typical() {
		words = append(words, strings.Fields(lines)...)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for program, m := range owners(t) {
		for range 2000 {
			argv := []string{program}
			for range r.IntN(12) {
				argv = append(argv, words[r.IntN(len(words))])
			}
			_, _ = parse(m, argv)
		}
	}
}

func TestActionsAreRunWithTheirOutputAndStatus(t *testing.T) {
	run := builtin.Runner(builtin.Exec(0))
	output, exit, err := run(t.Context(), `echo "told $((1 + 1)) $WHAT"; exit 3`, []string{"WHAT=people"})
	if output != "told 2 people\n" || exit != 3 || err != nil {
		t.Errorf("output %q, status %d, error %v", output, exit, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := run(ctx, "echo too late; sleep 60", nil); err == nil {
		t.Error("an action whose time was over ran")
	}
	if builtin.Plugins() < 64 {
		t.Errorf("%d plugins at once", builtin.Plugins())
	}
}
