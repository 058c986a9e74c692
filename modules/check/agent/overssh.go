package agent

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// agentScript is the program that prints an agent's output, as Checkmk's packages install it.
const agentScript = "check_mk_agent"

// OverSSH gives the probe of a check_by_ssh line whose command is the agent: it is the agent's own service. It gives nil for
// lines with other commands. It does not keep argv.
func (m *Module) OverSSH(argv []string, command string) modules.Probe {
	words := strings.Fields(command)
	for len(words) > 0 && (path.Base(words[0]) == "sudo" || words[0] == "-n") {
		words = words[1:]
	}
	if len(words) == 0 || path.Base(words[0]) != agentScript {
		return nil
	}
	c := usual()
	if err := m.remote(&c, argv); err != nil {
		return mistaken{err}
	}
	c.timeout, c.levels = c.distant.Timeout(), service.None()
	return &check{command: &c, module: m}
}

// ssh reads the line behind --ssh. One that names no command runs the agent.
func (r *reader) ssh() error {
	argv, err := cmdline.Words(r.program)
	if err != nil {
		return fmt.Errorf("option --ssh: %w", err)
	}
	if r.module.options.Remote == nil {
		return errors.New("option --ssh: nobody connects by SSH here")
	}
	if len(argv) > 0 && path.Base(argv[0]) != "check_by_ssh" {
		argv = append([]string{"check_by_ssh"}, argv...)
	}
	if err := r.module.remote(&r.command, argv); err == nil {
		return nil
	}
	if err := r.module.remote(&r.command, append(slices.Clip(argv), "-C", agentScript)); err != nil {
		return fmt.Errorf("option --ssh: %w", err)
	}
	return nil
}

// remote sets a command to one that fetches by SSH.
func (m *Module) remote(c *command, argv []string) (err error) {
	if c.distant, err = m.options.Remote(argv); err != nil {
		return err
	}
	c.way, c.program, c.host = bySSH, strings.Join(argv[1:], "\x00"), c.distant.Host()
	return nil
}

// runRemote takes what the agent prints on the other machine.
func runRemote(ctx context.Context, c *command, in *intake) error {
	stdout, stderr, exit, err := c.distant.Run(ctx, c.most+1)
	switch {
	case err != nil:
		return err
	case len(stdout) > c.most:
		return refused("Output is larger than %s: --max-size sets the limit", inMiB(c.most))
	case exit != 0:
		text, _, _ := strings.Cut(strings.TrimSpace(string(stderr)), "\n")
		return failed("Agent exited with code %d: %s", exit, text)
	}
	_, err = in.Write(stdout)
	return err
}
