// Package modules knows what a module is: the contracts between the daemons and the code that speaks to the world.
// Check modules look at targets, notify modules tell people, listen modules take passive results and commands, export
// modules pass broks on. Which modules exist is listed in modules/builtin.
package modules

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
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

// Loose is what a Listener implements besides who hands on results together that do not belong together, as they are there at the
// same time: over a quota, those that it allows are taken. Of others, what is handed on in one call is taken as a whole, or not.
type Loose interface {
	Listener
	Loose()
}

// Sink is where listeners put what they receive. Any goroutine may call it.
type Sink interface {
	// Submit takes passive results. It returns once every one of them is stored and cannot be lost any more, or is counted in
	// the receipt as not wanted; it blocks while there is no room: that is the back-pressure. With an error, which is ctx's or
	// says that nothing can be stored, it is unknown which are stored. Results without a Time get one, and those that call a host by its address
	// its name. The slice and its strings
	// are the caller's again when Submit returns.
	Submit(ctx context.Context, results []monitor.Submission) (Receipt, error)
	// Obey takes one external command as Nagios writes them, with or without "[unix time] ". It returns nil once the
	// command is stored; an error that says what is wrong with a command that is refused.
	Obey(ctx context.Context, line, source string) error
}

// Bulk is what a Sink implements besides that takes many commands at once.
type Bulk interface {
	// ObeyAll is Obey for each of some lines, in order, in less time; it gives what Obey gives for each.
	ObeyAll(ctx context.Context, lines []string, source string) []error
}

// What a Bulk says of a command that it does not take. Any other error says that it is unknown whether the command is stored.
var (
	// ErrRefused: it is wrong, or for nobody that there is, or not the sender's to give.
	ErrRefused = errors.New("refused")
	// ErrOver, which is an ErrRefused too: it came faster than the quota of its source allows.
	ErrOver = errors.New("over the quota")
)

// Naming is what a Sink implements besides that knows hosts by their addresses.
type Naming interface {
	// NameOf gives the name of a host that may be called by its address, and what it does not know as it is.
	NameOf(host string) string
}

// NameOf gives the name of a host that results for a sink may call by its address. Whoever asks whether somebody may speak for a
// host asks by this name.
func NameOf(s Sink, host string) string {
	if n, ok := s.(Naming); ok {
		return n.NameOf(host)
	}
	return host
}

// Knowing is what a Sink implements besides that can say which hosts and services there are.
type Knowing interface {
	// Knows says whether a host or service is configured, and the listener's senders may speak for it.
	Knows(ref monitor.Ref) bool
}

// Knows says whether results for a host or service can be for somebody, so that a listener gives those of nobody little room. While
// that is not known yet they can.
func Knows(s Sink, ref monitor.Ref) bool {
	k, ok := s.(Knowing)
	return !ok || k.Knows(ref)
}

// Limits is what every listener's definition may say of those who send to it.
type Limits struct {
	// Hosts are patterns of hosts that results may be for, with * and ?; empty for all.
	Hosts []string
	// Quota is how many results a second one source may send on the long run, and Burst how many at once; 0 for no bound.
	Quota, Burst int
}

// Limits reads the settings that every listener has: hosts, quota and burst.
func (s *Settings) Limits() Limits {
	l := Limits{Hosts: s.Words("hosts"), Quota: s.Int("quota", 0, 0, 1<<30)}
	l.Burst = s.Int("burst", 10*l.Quota, 0, 1<<30)
	return l
}

// Receipt counts what became of results that were submitted.
type Receipt struct {
	// Stored will be applied.
	Stored int
	// Unknown are for hosts or services that are not configured, and Refused for hosts that their source may not speak for: a
	// sender is not to be told which of the two.
	Unknown, Refused int
	// Over came faster than the quota of their source allows. Unless the listener is Loose that is all of a source in one call, or
	// nothing.
	Over int
}

// Wants is what an Exporter gets of all broks.
type Wants struct {
	// Events are the journal's, Checks those of every check made.
	Events, Checks bool
	// Deeds are the entries of the cluster log, each a brok of kind BrokLog.
	Deeds bool
	// Own says that each broker has a place of its own in the streams, because the module keeps what it gets beside the broker.
	// Otherwise all brokers that host a module of this name share one place, and one of them is at work.
	Own bool
	// Past says that a new place begins with the oldest that is stored instead of with now, unless the definition says where.
	Past bool
}

// Start is where a module begins whose place is new: its setting from, which every export module has.
type Start uint8

// The starts. The usual one is as Wants.Past says.
const (
	StartUsual Start = iota
	StartNow
	StartOldest
)

// Start reads the setting from.
func (s *Settings) Start() Start {
	switch s.Choice("from", "", "now", "start") {
	case "now":
		return StartNow
	case "start":
		return StartOldest
	}
	return StartUsual
}

// Exporter passes broks on to somebody else's system, or keeps them.
type Exporter interface {
	Name() string
	Wants() Wants
	// Export takes broks in order, one call at a time; it returns when they are safe at the other side. After an error
	// the same broks come again, after a pause that grows and is not shorter than a Later error asks for. The broks are the
	// broker's: they may be kept, not changed.
	Export(ctx context.Context, broks []monitor.Brok) error
}

// Rewind is what Export returns, wrapped or not, when the other side may have lost what it took: what was given to the module from
// By before its last success on comes again, as far as the broker has been at it for so long, and then what it failed with.
type Rewind struct {
	By  time.Duration
	Err error
}

// Error implements error.
func (r Rewind) Error() string { return r.Err.Error() }

// Unwrap gives the cause.
func (r Rewind) Unwrap() error { return r.Err }

// Refusing is what an Exporter implements besides whose other side may refuse single points or messages for what is in them.
type Refusing interface {
	// Refused gives how many were passed over since the module was built. Any goroutine may call it.
	Refused() uint64
}

// Bound is what an Exporter implements besides that can say where it exports to.
type Bound interface {
	// To gives the place as people know it: an address or a path, without anything that may be secret.
	To() string
}

// Several is what an Exporter implements besides that has several destinations: instead of it, each of its parts is fed, from a
// place of its own, so that one that is down holds up no other. The parts' names differ.
type Several interface {
	Parts() []Exporter
}

// Serving is what an Exporter implements besides that has something to do of its own while it is hosted, such as a port.
type Serving interface {
	// Serve works until ctx ends, closes its port and returns nil. An error means that it could not start or had to give up.
	Serve(ctx context.Context) error
}

// Env is what a module that is hosted by a receiver or a broker is built with.
type Env struct {
	Log *slog.Logger
	// State is a folder of the module's own, which is not there before the module makes it; empty in `onbu verify`.
	State string
	// Users is the file that says who may sign in, which may not be there.
	Users string
	// Metrics is where it counts. Names begin with onbu_ and the type of the module, and have the label module.
	Metrics *metrics.Set
}

// Outlook is what a broker has to show to those of its modules that ask.
type Outlook struct {
	// Catalog gives the configuration in force, and what was in force before until there is a newer one; never nil.
	Catalog func() *catalog.Catalog
	// View gives the present as it is at this moment.
	View func() *view.Snapshot
	// Obey has an external command carried out, as Sink.Obey.
	Obey func(ctx context.Context, line, source string) error
	// Common is for what the modules of all brokers are to know.
	Common Common
	// API is the HTTP API of the broker's process, for a module that has asked who is there and passes requests on. It asks nobody
	// who he is.
	API http.Handler
}

// Common keeps small values, of 1 MB at most, that the modules of all brokers have in common, each under a fixed word of letters, digits
// and dashes. They are kept in memory only: who has to rely on one keeps what it knows, and adds it again when it is missing. Both
// functions are nil where there is no bus.
type Common struct {
	// Follow tells of the value at first, if there is one, and whenever it changes, until ctx ends or it cannot.
	Follow func(ctx context.Context, name string, told func(value []byte)) error
	// Amend has change make the next value of the one of now, nil for none; one that is the same is not stored. It may be called
	// several times, when others amend at the same moment.
	Amend func(ctx context.Context, name string, change func(now []byte) []byte) error
}

// Paged is what an Exporter implements besides that has pages for people to look at. They are served on the local port of the
// broker's process, under /ui/; of several such modules the first one's.
type Paged interface {
	Pages() http.Handler
}

// Remembering is what a Check implements besides that keeps what hosts said last, for people who look for the cause of
// something.
type Remembering interface {
	// Remembered gives the newest output of a host as it came, and when it was fetched; ok is false if it is not kept. The
	// caller owns raw.
	Remembered(host string) (raw []byte, at time.Time, ok bool)
}
