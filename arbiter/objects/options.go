package objects

import "github.com/onbu/onbu/monitor"

// Options are the settings of the main file, with Nagios' defaults where it is silent.
type Options struct {
	// Options are those that a scheduler needs.
	monitor.Options
	// CommandFile is the named pipe for external commands, empty for none; CheckExternalCommands turns it on.
	CommandFile           string
	CheckExternalCommands bool
	LogFile               string
	// LowHostFlap … are the thresholds that hold for objects that set none, in percent.
	LowHostFlap, HighHostFlap, LowServiceFlap, HighServiceFlap float32
	// MaxConcurrentChecks bounds how many checks run at once; 0 does not.
	MaxConcurrentChecks int
	// IllegalNameChars may not appear in names of objects.
	IllegalNameChars string
	// Regexp makes names with * ? + \. in them regular expressions, TrueRegexp all names.
	Regexp, TrueRegexp bool
	// AllowEmptyHostgroups says that a service may be applied to a group without hosts; WarnEmptyHostgroups that it is
	// worth a warning.
	AllowEmptyHostgroups, WarnEmptyHostgroups bool
	// Zone is use_timezone: an IANA zone name; empty for the machine's own.
	Zone       string
	AdminEmail string
	AdminPager string
	// Retain says that state is kept over restarts (retain_state_information).
	Retain bool
	// CutPacks says which packs are cut between hosts and their parents (CutHeavy, …), HeavyPack up to which weight none is; 0 for
	// the usual one.
	CutPacks  string
	HeavyPack uint64
}
