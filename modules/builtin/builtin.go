// Package builtin knows which modules are compiled into Onbu. A module that is not in these lists does not exist.
package builtin

import (
	"context"
	"os"
	"runtime"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/dummy"
	"github.com/onbu/onbu/modules/check/exec"
	"github.com/onbu/onbu/modules/check/http"
	"github.com/onbu/onbu/modules/check/icmp"
	"github.com/onbu/onbu/modules/check/nrpe"
	"github.com/onbu/onbu/modules/check/snmp"
	"github.com/onbu/onbu/modules/check/tcp"
)

// Checks gives the modules that run command lines of plugins natively.
func Checks() []modules.Check {
	return []modules.Check{
		dummy.New(), icmp.New(icmp.Options{}), tcp.New(tcp.Options{}), http.New(http.Options{}), nrpe.New(nrpe.Options{}), snmp.New(snmp.Options{}),
	}
}

// Plugins is how many plugins may run at once unless the user says otherwise: most of them wait for something, but a
// hundred that compute on one core are late all together.
func Plugins() int { return 64 * runtime.GOMAXPROCS(0) }

// Exec gives the module that forks plugins, so many at once, or without a bound for 0. They get this process' PATH, HOME
// and LANG and nothing else of its environment.
func Exec(concurrent int) *exec.Module {
	return exec.New(exec.Options{Path: os.Getenv("PATH"), Home: os.Getenv("HOME"), Lang: os.Getenv("LANG"), Concurrent: concurrent})
}

// Runner gives the function that carries out actions.
func Runner(m *exec.Module) func(ctx context.Context, line string) (output string, exit int, err error) {
	return func(ctx context.Context, line string) (string, int, error) {
		raw, exit, err := m.Run(ctx, line, nil)
		return string(raw), exit, err
	}
}
