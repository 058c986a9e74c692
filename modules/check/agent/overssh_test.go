package agent_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent"
	"github.com/onbu/onbu/monitor"
)

// shell is a machine that is reached by SSH.
type shell struct {
	command, stdout, stderr string
	exit                    int
	runs                    *int
}

func (shell) Host() string           { return "192.0.2.7" }
func (s shell) Command() string      { return s.command }
func (shell) Timeout() time.Duration { return 3 * time.Second }

func (s shell) Run(_ context.Context, limit int) (stdout, stderr []byte, exit int, err error) {
	*s.runs++
	return []byte(s.stdout)[:min(limit, len(s.stdout))], []byte(s.stderr), s.exit, nil
}

// overSSH gives a module that reaches that machine, and counts how often it did.
func overSSH(t *testing.T, s shell) (m *agent.Module, runs *int) {
	s.runs = new(int)
	m = agent.New(agent.Options{Remote: func(argv []string) (agent.Remote, error) {
		i := slices.Index(argv, "-C")
		if i < 0 {
			return nil, errors.New("there is no command to run")
		}
		s.command = argv[i+1]
		return s, nil
	}})
	t.Cleanup(func() { _ = m.Close() })
	return m, s.runs
}

func TestALineThatRunsTheAgentBySSHIsItsOwnService(t *testing.T) {
	m, runs := overSSH(t, shell{stdout: output})
	for command, ours := range map[string]bool{
		"check_mk_agent": true, "/usr/bin/check_mk_agent": true, "sudo -n check_mk_agent": true, "sudo /usr/bin/check_mk_agent --debug": true,
		"uptime": false, "": false, "sudo": false, "cat check_mk_agent": false,
	} {
		p := m.OverSSH([]string{"/usr/lib/nagios/plugins/check_by_ssh", "-H", "192.0.2.7", "-C", command}, command)
		if (p != nil) != ours {
			t.Errorf("%q: got probe %v", command, p)
		}
	}
	argv := []string{"check_by_ssh", "-H", "192.0.2.7", "-C", "check_mk_agent"}
	o := modules.Object{Host: "h"}
	got, err := m.OverSSH(argv, "check_mk_agent").(modules.Personal).For(o).Run(t.Context())
	if err != nil || got.State != monitor.OK || !strings.Contains(got.Output, "Version: 2.3.0p10") {
		t.Errorf("%+v, %v", got, err)
	}
	for _, line := range []string{
		"--ssh 'check_by_ssh -H 192.0.2.7 -C check_mk_agent' -s services -i Spooler",
		"--ssh '-H 192.0.2.7' -s services -i Spooler",
	} {
		if got := run(t, m, modules.Object{Host: "h", Service: line}, line); got.State != monitor.OK {
			t.Errorf("%s: %v %s", line, got.State, got.Output)
		}
	}
	if *runs != 1 {
		t.Errorf("the agent was run %d times, want once for all", *runs)
	}
}

func TestTroubleBySSHIsSaid(t *testing.T) {
	for about, c := range map[string]struct {
		shell
		state monitor.State
		want  string
	}{
		"status": {shell{exit: 127, stderr: "sh: check_mk_agent: not found\n"}, monitor.Critical, "Agent exited with code 127: sh: check_mk_agent: not found"},
		"size":   {shell{stdout: strings.Repeat("<<<a>>>\n", 3<<20)}, monitor.Unknown, "Output is larger than 16 MiB"},
	} {
		m, _ := overSSH(t, c.shell)
		if got := run(t, m, modules.Object{Host: "h"}, "--ssh '-H 192.0.2.7'"); got.State != c.state || !strings.Contains(got.Output, c.want) {
			t.Errorf("%s: %v %s", about, got.State, got.Output)
		}
	}
}
