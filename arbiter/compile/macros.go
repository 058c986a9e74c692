package compile

import (
	"maps"
	"path/filepath"

	"github.com/onbu/onbu/arbiter/objects"
)

// CommandFile gives the path of the command file, relative ones lying beside the main file; empty for none.
func CommandFile(c *objects.Config) string {
	if c.Options.CommandFile == "" || filepath.IsAbs(c.Options.CommandFile) {
		return c.Options.CommandFile
	}
	return filepath.Join(filepath.Dir(absolute(c.Main)), c.Options.CommandFile)
}

// macros gives the macros of the whole installation: those of the resource files and those that Nagios makes of its
// main file. Paths are absolute, since daemons elsewhere use them too.
func macros(c *objects.Config) map[string]string {
	m := maps.Clone(c.Macros)
	if m == nil {
		m = map[string]string{}
	}
	for name, value := range map[string]string{
		"MAINCONFIGFILE": absolute(c.Main),
		"COMMANDFILE":    CommandFile(c),
		"LOGFILE":        c.Options.LogFile,
		"ADMINEMAIL":     c.Options.AdminEmail,
		"ADMINPAGER":     c.Options.AdminPager,
	} {
		if value != "" {
			m[name] = value
		}
	}
	return m
}

// absolute makes a path absolute; one that cannot be made so stays as it is.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
