package objects

import "github.com/onbu/onbu/monitor"

// Opts are what Load may be told.
type Opts struct {
	// CheckPeriod judges the ranges of a time period: calendar.Check. Each of the errors that it joins becomes a mistake at
	// the line that it quotes. Nil accepts all.
	CheckPeriod func(monitor.Timeperiod) error
	// DoubtPeriod gives what is allowed in a time period but hardly meant: calendar.Doubts. It becomes warnings.
	DoubtPeriod func(monitor.Timeperiod) []string
	// CheckLine judges the macros of a command line. Nil accepts all.
	CheckLine func(line string) error
	// CheckScript compiles a trigger. Nil accepts all.
	CheckScript func(monitor.Trigger) Script
	// Keep has Config.Texts kept also where there are no rules for dynamic hosts.
	Keep bool
	// Texts are read instead of the disk, which is not touched then.
	Texts *Texts
	// More are read after all other files.
	More []Text
}

// Script is what is found in the text of a trigger. Lines and columns count from 1 in that text.
type Script struct {
	Wrong []ScriptMistake
	// Names are what may be names of objects, "HOST" or "HOST/SERVICE", as they stand in quotes.
	Names []ScriptName
}

// ScriptMistake says why a script cannot be run.
type ScriptMistake struct {
	Line, Column uint32
	Text         string
}

// ScriptName is a string in a script that may name an object; Asked says that it must, since the script asks for it.
type ScriptName struct {
	Name  string
	Line  uint32
	Asked bool
}

// Severity tells what stops a configuration from being used from what does not.
type Severity uint8

// Error is what Nagios would refuse to start with, Warning what it would only complain about.
const (
	Error Severity = iota
	Warning
)

// Problem is one mistake.
type Problem struct {
	// File and Line say where; Line 0 is the file as a whole.
	File     string
	Line     int
	Severity Severity
	// Text says what is wrong and what to do about it.
	Text string
}

// Report is all that is wrong with a configuration, sorted by file, in the order they were read, and line. Of one kind of
// mistake only the first few are listed, and at the very end another one that says how many more there are.
type Report struct {
	Problems []Problem
	// Errors and Warnings count all, also those that are not listed.
	Errors, Warnings int
}

// OK says that there is no error, so that the Config is complete and may be used.
func (r *Report) OK() bool { return r.Errors == 0 }
