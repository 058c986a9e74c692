package cmdline

import (
	"path"
	"strings"
)

// Program gives the program that argv is about, as it is written there: the script for an interpreter, and
// what is run for a shell, sudo, env and their like. "/usr/bin/perl -w /x/check_oracle.pl" is about /x/check_oracle.pl.
func Program(argv []string) string {
	for i := 0; i < len(argv); i++ {
		word := argv[i]
		name := path.Base(word)
		switch {
		case i > 0 && (strings.HasPrefix(word, "-") || strings.Contains(word, "=")):
			if word == "-c" && i+1 < len(argv) && isShell(path.Base(argv[0])) {
				return shellProgram(argv[0], argv[i+1])
			}
		case !isWrapper(name):
			return word
		}
	}
	if len(argv) == 0 {
		return ""
	}
	return argv[0]
}

// shellProgram gives the program that a shell's line begins with, or the shell if only a shell could say.
func shellProgram(shell, line string) string {
	words := strings.Fields(line)
	if len(words) == 0 || strings.ContainsAny(words[0], "$`\"'\\(){}[]*?;&|<>=#~!") {
		return shell
	}
	return Program(words)
}

func isShell(name string) bool {
	switch name {
	case "sh", "bash", "dash", "ksh", "zsh":
		return true
	}
	return false
}

// isWrapper says whether a program is one that runs another.
func isWrapper(name string) bool {
	switch name {
	case "sudo", "env", "nice", "ionice", "perl", "ruby", "php", "python", "python2", "python3":
		return true
	}
	return isShell(name)
}
