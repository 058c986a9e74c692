// Command onbu is the whole of Onbu: every role, alone or together, and what people ask of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/onbu/onbu/monitor/nearest"
)

// The exit statuses.
const (
	exitOK    = 0
	exitError = 1 // it did not work, or what was asked about is not fit
	exitUsage = 2
)

// verb is what onbu can be told to do.
type verb struct {
	name, args, about string
	run               func(ctx context.Context, e *env) error
}

// usage gives a verb's command line.
func (v verb) usage() string { return strings.TrimSpace("onbu "+v.name+" "+v.args) + " [flags]" }

// env is what a verb works with.
type env struct {
	flags  *flag.FlagSet
	args   []string // what follows the verb, flags included
	stdout io.Writer
	stderr io.Writer
	// examples end the help of the verb, which sets them before it reads its flags.
	examples string
}

// verbs is the one list of verbs.
func verbs() []verb {
	return []verb{
		{"run", "CONFIG", "run everything in this process: the usual way on one machine", runAll},
		{"demo", "", "show everything on a made-up site of 300 hosts, in which things fail", runDemo},
		{"verify", "CONFIG", "say what a configuration holds, how commands run, and every mistake", verify},
		{"simulate", "CONFIG SCRIPT", "play outages against a configuration and say who would be told", playScript},
		{"status", "", "show all hosts and services of a running Onbu", status},
		{"exports", "", "show how far each export module is, and what it lost", exports},
		{"explain", "HOST[/SERVICE]", "say why an object is in its state, and who was told", explain},
		{"trace", "HOST[/SERVICE]", "follow the next check of an object, and say when each step was taken", trace},
		{"unknown", "", "list hosts and services that results came for and that are not configured", strangers},
		{"piggyback", "list|orphans|cat …", "look at payloads: what the agents of hosts say of other hosts", askParts(piggybackParts(), piggybackExamples)},
		{"agent", "cat HOST | ca | receiver", "show what the agent of a host said last; certificates and registration of agents", agentVerb},
		{"discover", "HOST [-- OPTIONS]", "print the services that a host's agent offers, as object definitions", discover},
		{"command", "'COMMAND;ARGUMENT;…'", "give an external command", giveCommand},
		{"live", "SOCKET|HOST:PORT [LINE …]", "ask a Livestatus server", live},
		{"links", "[forget SITE]", "show the other sites that this one shares piggyback data with", links},
		{"nodes", "", "show the nodes of the cluster: roles, shards, load, lag, versions", listNodes},
		{"node", "maintenance on|off NAME | …", "put a node or a role of it into maintenance; disconnect, dissolve, replace one", nodeVerb},
		{"reload", "", "read the configuration's files again, without a gap; broken ones change nothing", reload},
		{"cluster", "log", "show what the nodes of the cluster did by themselves, and why", clusterVerb},
		{"bus", "", "run the message bus alone, for daemons of their own", runBus},
		{"user", "add|passwd|role|remove|list", "say who may sign in to the web pages, and what they may do there", userVerb},
		{"keys", "init|server|daemon|token …", "make and revoke the certificates by which the bus knows its daemons", keysVerb},
		{"join", "[TOKEN]", "get a certificate for this machine with a token of onbu keys token", join},
		{"arbiter", "CONFIG", "run an arbiter", runRole("arbiter")},
		{"scheduler", "", "run a scheduler", runRole("scheduler")},
		{"poller", "", "run a poller", runRole("poller")},
		{"reactionner", "", "run a reactionner", runRole("reactionner")},
		{"receiver", "", "run a receiver", runRole("receiver")},
		{"broker", "", "run a broker", runRole("broker")},
		{"probe", "icmp HOST | -- COMMAND LINE", "ping a host, or make one check as a poller would", probe},
		{"trigger", "try CONFIG HOST[/SERVICE]", "say what the triggers of an object would make of a result", tryTrigger},
		{"bench", "SCENARIO", "put load on a whole engine here, and on a peer, and measure", runBench},
		{"version", "", "print the version", version},
	}
}

// usageError is a mistake in the command line.
type usageError string

func (u usageError) Error() string { return string(u) }

// errQuiet ends the program with exitError; everything is said already.
var errQuiet = errors.New("said already")

// exitStatus ends the program with a plugin's exit status; everything is said already.
type exitStatus int

// Error implements error.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the program at once: the first one put the default back.
	context.AfterFunc(ctx, stop)
	os.Exit(do(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// do runs a command line and gives its exit status.
func do(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == "--version" {
		args[0] = "version"
	}
	if len(args) > 1 && args[0] == "help" {
		args = []string{args[1], "--help"}
	}
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(stdout)
		if len(args) == 0 {
			return exitUsage
		}
		return exitOK
	}
	for _, v := range verbs() {
		if v.name == args[0] {
			return doVerb(ctx, v, args[1:], stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "onbu: no verb is called %q; %s\n", args[0], meant(args[0]))
	return exitUsage
}

// meant says which verb a mistyped one probably is, and else where they are listed.
func meant(word string) string {
	near := nearest.Of(word, func(yield func(string) bool) {
		for _, v := range verbs() {
			if !yield(v.name) {
				return
			}
		}
	})
	if near == "" {
		return "see onbu help"
	}
	return "did you mean onbu " + near + "?"
}

func doVerb(ctx context.Context, v verb, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet(v.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	e := &env{flags: flags, args: args, stdout: stdout, stderr: stderr}
	err := v.run(ctx, e)
	var wrong usageError
	var status exitStatus
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		e.help(&v)
		return exitOK
	case errors.Is(err, errQuiet):
		return exitError
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "onbu %s: %v\nusage: %s; onbu %s --help lists the flags\n", v.name, err, v.usage(), v.name)
		return exitUsage
	}
	fmt.Fprintf(stderr, "onbu %s: %v\n", v.name, err)
	return exitError
}

// help prints what a verb does, with the flags of one that has any.
func (e *env) help(v *verb) {
	fmt.Fprintf(e.stdout, "usage: %s\n%s\n", v.usage(), v.about)
	flags := 0
	e.flags.VisitAll(func(*flag.Flag) { flags++ })
	if flags > 0 {
		fmt.Fprint(e.stdout, "\nflags:\n")
		e.flags.SetOutput(e.stdout)
		e.flags.PrintDefaults()
	}
	fmt.Fprint(e.stdout, e.examples)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "Onbu monitors hosts and services from Nagios and Shinken configurations.\n\n")
	for _, v := range verbs() {
		fmt.Fprintf(w, "  onbu %-12s %-29s %s\n", v.name, v.args, v.about)
	}
	fmt.Fprint(w, "\nonbu VERB --help lists the flags of a verb.\n")
}

// words reads flags and words in any order and gives the words.
func (e *env) words() ([]string, error) {
	var words []string
	for rest := e.args; ; {
		if err := e.flags.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError(err.Error())
		}
		if rest = e.flags.Args(); len(rest) == 0 {
			return words, nil
		}
		words = append(words, rest[0])
		rest = rest[1:]
	}
}

// parse reads flags and words in any order and gives the words. want is how many there must be.
func (e *env) parse(want int, what string) ([]string, error) {
	words, err := e.words()
	if err != nil {
		return nil, err
	}
	if len(words) != want {
		if want == 0 {
			return nil, usageError(fmt.Sprintf("takes no arguments, got %q", words))
		}
		return nil, usageError(fmt.Sprintf("needs %s, got %d arguments", what, len(words)))
	}
	return words, nil
}

func version(_ context.Context, e *env) error {
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	v := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		v = info.Main.Version
	}
	fmt.Fprintln(e.stdout, "onbu", v)
	return nil
}
