// Package modules knows what a module is: the contracts between the daemons and the code that speaks to the world.
// Check modules look at targets, notify modules tell people, listen modules take passive results and commands, export
// modules pass broks on. Which modules exist is listed in modules/builtin.
package modules

import (
	"context"
	"errors"
	"time"

	"github.com/onbu/onbu/monitor"
)

// ErrNotMine is what Parse returns, wrapped or not, for a command line of another program.
var ErrNotMine = errors.New("not a command line of this module")

// ErrNotBegun is what Run returns, wrapped or not, when ctx ended before the module had room to begin the check. That says nothing
// of the target: the check waits for its turn anew.
var ErrNotBegun = errors.New("the module had no room to begin it")

// Check is a module that looks at targets without forking. It is built once and lives as long as its daemon; building it
// opens nothing.
type Check interface {
	// Name is the module's name in results, metrics and the API: "nrpe", "icmp".
	Name() string
	// Programs gives the base names of the plugins whose command lines the module runs: "check_nrpe".
	Programs() []string
	// Parse reads a command line, split into words as a shell would, argv[0] being the program with or without its
	// path. It looks nothing up and opens nothing, so `onbu verify` can call it with sample values.
	//
	// An error says in words which option is not supported; the check then runs as a forked plugin. A line that the
	// plugin itself would refuse is an error too, so that the plugin says so.
	//
	// Parse must not keep argv.
	Parse(argv []string) (Probe, error)
}

// Probe is a parsed command line. It is immutable: any number of goroutines may run it at once, and it may be run again
// for years.
type Probe interface {
	// Run makes one check and returns when it is done, at the latest when ctx ends. The command line's own timeout
	// is the probe's business, ctx's deadline is the engine's.
	//
	// A target that is down, refuses, hangs or talks rubbish is an Outcome, with the state that the plugin would have
	// returned and an output that names the cause. An error means that the check could not be made at all (no free
	// port, no right to open the socket): the object becomes UNKNOWN with its text.
	Run(ctx context.Context) (monitor.Outcome, error)
}

// Starter is a Probe whose waiting costs no goroutine, because its module has an engine of its own that waits for all
// targets at once. The poller prefers Start to Run; both give the same answers.
type Starter interface {
	Probe
	// Start begins one check and returns at once; it blocks on nothing but a short lock. w.Done is called exactly once,
	// from any goroutine, perhaps before Start returns, and at the latest a moment after until, the engine's time limit:
	// a module that has no better words for that gives context.DeadlineExceeded. Checks that are under way when the
	// module is closed get an error.
	Start(until time.Time, w Waiter)
}

// Waiter waits for one check that was started.
type Waiter interface {
	// Done takes what Run would have returned. It does not block, and starts nothing in the caller's module before it
	// returns. The strings of o may lie in memory that the module uses again: Done copies what it keeps.
	Done(o monitor.Outcome, err error)
}

// Owner is a Check whose programs are not files: nobody else could run their lines, and no shell ever reads them.
type Owner interface {
	Check
	// Own is Parse for a whole line, which the module divides into words itself. A line that is wrong gives a Probe that
	// says so, and is a Verifier.
	Own(line string) Probe
}

// Verifier is a Probe that depends on files of its module's own.
type Verifier interface {
	Probe
	// Verify reads the files and says all that is wrong, with file and line where there are: wrong is what the probe
	// cannot work with, doubtful what others will stumble over. Only `onbu verify` calls it.
	Verify() (wrong, doubtful []string)
}

// Notify is a module that tells people without forking. It is chosen by the program of a notification command, as a Check
// is; building it opens nothing.
type Notify interface {
	Name() string
	Programs() []string
	// Parse reads a command line, split into words. It opens nothing; `onbu verify` calls it with sample values. An error
	// says what is wrong: the programs of these modules are not files, so that nobody else could run the line.
	Parse(argv []string) (Sender, error)
}

// Sender is a parsed notification command line.
type Sender interface {
	// Target names what it goes through, a server for example: when that fails, others with the same target are put off
	// without a try.
	Target() string
	// Send tells the contact of a.Notice, which is never nil here. again says that it may have been told before: whoever
	// had it was ended before it could say. A Later error asks to be called again; any other one is final.
	Send(ctx context.Context, a *monitor.Action, again bool) error
}

// Later is an error that may be over soon: the other side does not answer, or says that it is busy.
type Later struct {
	Err error
	// After is how long the other side wants to be left alone; 0 if it does not say.
	After time.Duration
	// Perhaps says that the contact may have been told all the same: everything was handed over, and no answer came.
	Perhaps bool
}

// Error implements error.
func (l *Later) Error() string { return l.Err.Error() }

// Unwrap implements errors.Unwrap.
func (l *Later) Unwrap() error { return l.Err }

// Counting is what a module with an engine of its own implements besides, for the metrics.
type Counting interface {
	// Count hands on how often each of some things happened since the module was built. Names are lower case with
	// underscores, always the same ones.
	Count(each func(name string, n uint64))
}

// Closer is what a module with connections of its own implements besides; Close is called once, after the last Run.
type Closer interface{ Close() error }

// Listener takes passive results and external commands from outside.
type Listener interface {
	Name() string
	// Listen hands on what it receives until ctx ends, then closes its port and returns nil. An error means that it
	// could not start or had to give up.
	Listen(ctx context.Context, sink Sink) error
}

// Sink is where listeners put what they receive. Any goroutine may call it.
type Sink interface {
	// Submit takes passive results. It returns nil once they are stored and cannot be lost any more, and blocks while
	// there is no room: that is the back-pressure. The slice is the caller's again when Submit returns.
	Submit(ctx context.Context, results []monitor.Submission) error
	// Obey takes one external command as Nagios writes them, with or without "[unix time] ". It returns nil once the
	// command is stored; an error that says what is wrong with a command that is refused.
	Obey(ctx context.Context, line, source string) error
}

// Exporter passes broks on to somebody else's system.
type Exporter interface {
	Name() string
	// Export takes broks in order, one call at a time; it returns when they are safe at the other side. After an error
	// the same broks come again, after a pause.
	Export(ctx context.Context, broks []monitor.Brok) error
}

// Remembering is what a Check implements besides that keeps what hosts said last, for people who look for the cause of
// something.
type Remembering interface {
	// Remembered gives the newest output of a host as it came, and when it was fetched; ok is false if it is not kept. The
	// caller owns raw.
	Remembered(host string) (raw []byte, at time.Time, ok bool)
}
