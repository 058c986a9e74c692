package arbiter

import (
	"path"
	"slices"
	"strings"

	"github.com/onbu/onbu/arbiter/objects"
)

// boosterProgram is the program by which pollers know the command lines of Shinken's module snmp_booster. In Shinken the
// first word of such a command does not matter: its module_type says who runs it.
const boosterProgram = "check_snmp_booster"

// boosterTypes are the module's types: the present one, and that of its oldest documents.
func boosterTypes() []string { return []string{"snmp_booster", "snmp_poller"} }

// boost writes into the lines of snmp_booster's commands what Shinken says elsewhere: that they are this module's, and
// where its datasource files are. Pollers learn it so, wherever they run.
func boost(c *objects.Config) {
	types, folder := boosterTypes(), ""
	modules, commands := 0, 0
	for i := range c.Modules {
		m := &c.Modules[i]
		if !slices.Contains(types, strings.ToLower(m.Type)) {
			continue
		}
		modules++
		for _, s := range m.Settings {
			if s.Name == "datasource" && folder == "" {
				folder = s.Value
			}
		}
	}
	for i := range c.Commands {
		cmd := &c.Commands[i]
		program, rest, _ := strings.Cut(cmd.Line, " ")
		named := slices.Contains(types, strings.ToLower(cmd.Module))
		if !named && path.Base(program) != boosterProgram {
			continue
		}
		if named {
			commands++
			program = boosterProgram
		}
		if folder != "" && !strings.Contains(rest, "--datasource") {
			program += " --datasource '" + strings.ReplaceAll(folder, "'", `'\''`) + "'"
		}
		cmd.Line = strings.TrimSpace(program + " " + rest)
	}
	actedOn(c, "define", "module", modules)
	actedOn(c, "command", "module_type", commands)
}

// actedOn takes so many uses of a directive off the list of what is only understood.
func actedOn(c *objects.Config, kind, directive string, times int) {
	c.Understood = slices.DeleteFunc(c.Understood, func(u objects.Understood) bool {
		return u.Kind == kind && u.Directive == directive && u.Count <= times
	})
	for i := range c.Understood {
		if u := &c.Understood[i]; u.Kind == kind && u.Directive == directive {
			u.Count -= times
		}
	}
}
