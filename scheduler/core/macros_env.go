package core

import (
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// maxEnvValue is how much of a value goes into the environment: long outputs must not make it so large that no program can
// be started.
const maxEnvValue = 8 << 10

// compileEnv prepares what enable_environment_macros asks for: NAGIOS_NAME=value for the standard macros, as Nagios 4
// macros.c exports them. Those that a large installation could not bear are left out, as with Nagios'
// use_large_installation_tweaks: members of groups and counts of the whole.
func (k *compiled) compileEnv() error {
	if !k.inv.Options.EnvironmentMacros {
		return nil
	}
	compile := func(name string) (macro.Template, error) { return macro.Compile("NAGIOS_" + name + "=$" + name + "$") }
	for name := range macro.StandardNames() {
		if strings.Contains(name, "GROUPMEMBER") || strings.Contains(name, "VALIDTIME") ||
			strings.HasPrefix(name, "TOTAL") && !strings.HasPrefix(name, "TOTALHOSTSERVICES") {
			continue
		}
		t, err := compile(name)
		if err != nil {
			return err
		}
		k.env = append(k.env, t)
	}
	for n := range macro.MostArgs {
		t, err := compile("ARG" + strconv.Itoa(n+1))
		if err != nil {
			return err
		}
		k.envArgs = append(k.envArgs, t)
	}
	return nil
}

// environment gives the variables for the command line that was put together last; nil unless the option is on.
func (c *Core) environment() []string {
	if len(c.env) == 0 {
		return nil
	}
	r := &c.resolver
	env := make([]string, 0, len(c.env)+len(r.args)+8)
	for _, t := range c.env {
		env = append(env, variable(t.Text(r)))
	}
	for _, t := range c.envArgs[:min(len(r.args), len(c.envArgs))] {
		env = append(env, variable(t.Text(r)))
	}
	env = r.appendCustom(env, macro.HostVar, "NAGIOS__HOST")
	env = r.appendCustom(env, macro.ServiceVar, "NAGIOS__SERVICE")
	return r.appendCustom(env, macro.ContactVar, "NAGIOS__CONTACT")
}

// appendCustom appends the custom variables of one kind, as they are: macros in them are not replaced, so that no
// password of a resource file gets into an environment that did not ask for it.
func (r *resolver) appendCustom(env []string, kind macro.Kind, prefix string) []string {
	changed, vars := r.vars(kind)
	for _, list := range [][]monitor.Var{vars, changed} {
		for _, v := range list {
			if value, answer := r.appendVar(nil, macro.Macro{Kind: kind, Var: v.Name}); answer != macro.Missing {
				env = append(env, variable(prefix+v.Name+"="+string(value)))
			}
		}
	}
	return env
}

// variable cuts a variable's value, at a whole letter.
func variable(text string) string {
	if len(text) > maxEnvValue {
		text = strings.ToValidUTF8(text[:maxEnvValue], "")
	}
	return text
}
