// Package builtin knows which modules are compiled into Onbu. A module that is not in these lists does not exist.
package builtin

import (
	"context"
	"os"
	"path"
	"runtime"
	"slices"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent"
	"github.com/onbu/onbu/modules/check/booster"
	"github.com/onbu/onbu/modules/check/dummy"
	"github.com/onbu/onbu/modules/check/exec"
	"github.com/onbu/onbu/modules/check/http"
	"github.com/onbu/onbu/modules/check/icmp"
	"github.com/onbu/onbu/modules/check/nrpe"
	"github.com/onbu/onbu/modules/check/snmp"
	"github.com/onbu/onbu/modules/check/ssh"
	"github.com/onbu/onbu/modules/check/tcp"
	"github.com/onbu/onbu/modules/notify/mail"
	"github.com/onbu/onbu/modules/notify/webhook"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// Checks gives the modules that run command lines of plugins natively. payloads carries what agents say of other hosts; nil
// for checks that neither give nor take any.
func Checks(payloads modules.Courier) []modules.Check {
	asks, forks := snmp.New(snmp.Options{}), Exec(Plugins())
	var shells *ssh.Module
	agents := agent.New(agent.Options{
		Courier: payloads, Program: forks.Stream, Remote: func(argv []string) (agent.Remote, error) { return shells.Remote(argv) },
	})
	shells = ssh.New(ssh.Options{Fork: forks.Parse, Claim: agents.OverSSH})
	return []modules.Check{
		dummy.New(), icmp.New(icmp.Options{}), tcp.New(tcp.Options{}), http.New(http.Options{}), nrpe.New(nrpe.Options{}),
		asks, booster.New(booster.Options{Engine: asks.Engine()}),
		shells, agents,
	}
}

// Agent gives the module that reads what agents say, for who wants to see it at once.
func Agent() *agent.Module {
	shells := ssh.New(ssh.Options{})
	return agent.New(agent.Options{
		Program: Exec(0).Stream, Remote: func(argv []string) (agent.Remote, error) { return shells.Remote(argv) },
	})
}

// Plugins is how many plugins may run at once unless the user says otherwise: most of them wait for something, but a
// hundred that compute on one core are late all together.
func Plugins() int { return 64 * runtime.GOMAXPROCS(0) }

// Exec gives the module that forks plugins, so many at once, or without a bound for 0. They get this process' PATH, HOME
// and LANG and nothing else of its environment.
func Exec(concurrent int) *exec.Module {
	return exec.New(exec.Options{Path: os.Getenv("PATH"), Home: os.Getenv("HOME"), Lang: os.Getenv("LANG"), Concurrent: concurrent})
}

// Notifiers gives the modules that tell people without forking.
func Notifiers() []modules.Notify { return []modules.Notify{mail.New(), webhook.New()} }

// Senders gives the function that finds the module of a notification's command line.
func Senders(notifiers []modules.Notify) func(line string) (modules.Sender, error) {
	return func(line string) (modules.Sender, error) {
		words, err := cmdline.Words(line)
		if err != nil || len(words) == 0 {
			return nil, modules.ErrNotMine // a shell may understand it
		}
		for _, m := range notifiers {
			if slices.Contains(m.Programs(), path.Base(words[0])) {
				return m.Parse(words)
			}
		}
		return nil, modules.ErrNotMine
	}
}

// Runner gives the function that carries out actions.
func Runner(m *exec.Module) func(ctx context.Context, line string, env []string) (output string, exit int, err error) {
	return func(ctx context.Context, line string, env []string) (string, int, error) {
		raw, exit, err := m.Run(ctx, line, env)
		return string(raw), exit, err
	}
}
