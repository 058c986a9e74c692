package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/onbu/onbu/internal/bus"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/sdnotify"
	"github.com/onbu/onbu/receiver/spool"
)

const (
	defaultHTTP = "127.0.0.1:7770"
	defaultBus  = "nats://127.0.0.1:4222"
)

// daemonFlags are those that every role shares.
type daemonFlags struct {
	http, state, bus, name, logLevel string
	tags, reactionTags               string
	commandFile, eventLog            string
	tls                              dial.Files
	creds, keys                      string
	fork                             string
	links, site, stall               string
	slots, plugins, shards           int
	spoolMax                         int64
	watch                            bool
	perf                             bus.Limits
}

func (d *daemonFlags) register(f *flag.FlagSet, busURL, httpAddr string) {
	f.StringVar(&d.http, "http", httpAddr, "address of the API, metrics and health; :0 picks a port and logs it, empty serves none")
	f.StringVar(&d.state, "state", defaultState(), "folder for what must outlive the process")
	f.StringVar(&d.bus, "bus", busURL, "the bus: embedded:, nats://HOST:PORT or tls://HOST:PORT; of a cluster several, separated by commas")
	f.StringVar(&d.tls.CA, "tls-ca", "", "PEM file of who signed the bus's certificate (default: the system's list)")
	f.StringVar(&d.tls.Cert, "tls-cert", "", "PEM file of the certificate to show to the bus")
	f.StringVar(&d.tls.Key, "tls-key", "", "PEM file of its key")
	f.StringVar(&d.creds, "creds", "", "NATS credentials file")
	f.StringVar(&d.keys, "keys", "", "folder with the certificate of this daemon, from onbu keys or onbu join; instead of --tls-ca, --tls-cert, --tls-key and --name")
	f.StringVar(&d.name, "name", "", "name of this daemon among its kind (default: the machine's name)")
	f.StringVar(&d.logLevel, "log", "info", "how much to log: debug, info, warn or error")
}

func (d *daemonFlags) registerLinks(f *flag.FlagSet) {
	f.StringVar(&d.links, "links", "", "file that says with which other sites this one shares piggyback data (docs/sites.md)")
	f.StringVar(&d.site, "site", "", "name of this site among those; no two may have the same (default: --name up to its first dot)")
}

func (d *daemonFlags) registerSpool(f *flag.FlagSet) {
	f.Func("spool-max", "how much of what listeners take is kept in the state folder while the bus takes none, as in 64M or 1G (default 256M)", func(text string) error {
		n, err := bytesOf(text)
		if err == nil && n < spool.LeastMax {
			err = fmt.Errorf("at least %d bytes", spool.LeastMax)
		}
		d.spoolMax = n
		return err
	})
}

// bytesOf reads a number of bytes, with K, M or G for powers of 1024.
func bytesOf(text string) (int64, error) {
	if text == "" {
		return 0, errors.New("a number of bytes is missing")
	}
	digits, shift := text, 0
	if i := strings.IndexByte("KMG", text[len(text)-1]); i >= 0 {
		digits, shift = text[:len(text)-1], 10*(i+1)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("%q is no number of bytes", text)
	}
	return n << shift, nil
}

func (d *daemonFlags) registerPoller(f *flag.FlagSet) {
	f.StringVar(&d.tags, "tags", "", "poller_tags to serve, separated by commas; None stands for untagged checks (onbu run: all that the configuration has; onbu poller: untagged checks only)")
	f.StringVar(&d.fork, "fork", "", "programs to fork although Onbu could run them natively, by name, separated by commas: check_http,check_tcp")
	f.IntVar(&d.slots, "slots", 0, "how many checks may be under way at once (default: what the limit of open files allows)")
	f.IntVar(&d.plugins, "plugins", 0, "how many plugins may be forked at once (default: 64 for each core)")
}

// maxShards bounds --shards: each is a goroutine, a lease and a consumer of its own, and a thousand serve any installation.
const maxShards = 1024

// registerShards adds --shards; 0 stands for the default.
func registerShards(f *flag.FlagSet, n *int, about string) {
	f.Func("shards", fmt.Sprintf("%s, 1 to %d (default %d)", about, maxShards, compile.DefaultShards), func(text string) error {
		v, err := strconv.Atoi(text)
		if err != nil || v < 0 || v > maxShards {
			return fmt.Errorf("takes 1 to %d, or 0 for the default of %d", maxShards, compile.DefaultShards)
		}
		*n = v
		return nil
	})
}

// registerPerf adds --perf-keep and --perf-max.
func registerPerf(f *flag.FlagSet, l *bus.Limits) {
	f.Func("perf-keep", "how long checks wait for export modules that are down, such as 24h (default 24h)", func(text string) (err error) {
		if l.Age, err = time.ParseDuration(text); err == nil && l.Age < time.Minute {
			err = errors.New("is less than a minute")
		}
		return err
	})
	f.Func("perf-max", "how many bytes of checks wait at most, such as 4G (default 1G)", func(text string) error {
		digits, factor := strings.TrimRight(strings.ToUpper(text), "IB"), int64(1)
		if i := strings.IndexAny(digits, "KMG"); i >= 0 && i == len(digits)-1 {
			digits, factor = digits[:i], map[byte]int64{'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}[digits[i]]
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n > 1<<50/factor || n*factor < 16<<20 {
			return errors.New("takes a number of bytes, or one with K, M or G, from 16M")
		}
		l.Bytes = n * factor
		return nil
	})
}

// defaultState is where systemd wants state, else the user's own place for it.
func defaultState() string {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "onbu-state"
	}
	return filepath.Join(home, ".local", "state", "onbu")
}

func (d *daemonFlags) options(log *slog.Logger) app.Options {
	return app.Options{
		BusURL: d.bus, TLS: d.tls, Creds: d.creds, Keys: d.keys, State: d.state, HTTP: d.http, Name: d.name,
		PollerTags: list(d.tags), ReactionnerTags: list(d.reactionTags),
		CommandFile: d.commandFile, EventLog: d.eventLog, Fork: list(d.fork), Slots: d.slots, Plugins: d.plugins, Shards: d.shards, Perf: d.perf,
		Links: d.links, Site: d.site, SpoolMax: d.spoolMax, Supervisor: sdnotify.FromEnv(log), Log: log, BeforeStep: standStill(d.stall),
	}
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

func (d *daemonFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(d.logLevel)); err != nil {
		return nil, usageError("--log takes debug, info, warn or error")
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})), nil
}

// runAll is onbu run: every role in one process.
func runAll(ctx context.Context, e *env) error {
	var d daemonFlags
	var serving serveFlags
	d.register(e.flags, "embedded:", defaultHTTP)
	serving.registerListen(e.flags, "", "HOST:PORT where the bus within this process also takes daemons of other machines")
	serving.registerCluster(e.flags)
	serving.registerReplicas(e.flags)
	d.registerPoller(e.flags)
	d.registerSpool(e.flags)
	e.flags.StringVar(&d.commandFile, "command-file", "", "named pipe for external commands instead of the configuration's; - for none")
	e.flags.StringVar(&d.eventLog, "event-log", "events.ndjson", "file for events, in the state folder unless absolute; - for standard output, empty for none")
	registerShards(e.flags, &d.shards, "number of shards of a new installation")
	registerPerf(e.flags, &d.perf)
	d.registerLinks(e.flags)
	e.flags.BoolVar(&d.watch, "watch", false, "show the live table here; the log goes to STATE/onbu.log")
	words, err := e.parse(1, "the path of a configuration's main file")
	if err != nil {
		return err
	}
	c, err := loadOrGoOn(words[0], &d, e.stderr)
	if err != nil {
		return err
	}
	logTo, closeLog, err := d.logFile(e.stderr)
	if err != nil {
		return err
	}
	defer closeLog()
	log, err := d.logger(logTo)
	if err != nil {
		return err
	}
	o := d.options(log)
	if o.Serve, err = serving.within(&d); err != nil {
		return err
	}
	o.Replicas = serving.replicas
	o.Roles, o.Main, o.Config, o.Reload = app.Roles(), words[0], c, reloads(ctx)
	if d.watch {
		watching, stop := context.WithCancel(ctx)
		watched := make(chan struct{})
		o.Started = func(addr string) {
			defer close(watched)
			watch(watching, e.stdout, addr, nil)
		}
		defer func() { stop(); waitIfStarted(watched) }()
	}
	c = nil
	return app.Run(ctx, o)
}

// waitIfStarted gives the table the time to leave the terminal tidy.
func waitIfStarted(watched chan struct{}) {
	select {
	case <-watched:
	default:
	}
}

// logFile is where the log goes: to stderr, or into a file while the terminal shows the table.
func (d *daemonFlags) logFile(stderr io.Writer) (io.Writer, func(), error) {
	if !d.watch {
		return stderr, func() {}, nil
	}
	if err := os.MkdirAll(d.state, 0o750); err != nil {
		return nil, nil, fmt.Errorf("state folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(d.state, "onbu.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, nil, fmt.Errorf("log: %w", err)
	}
	return f, func() { f.Close() }, nil
}

// loadOrGoOn reads the configuration of a daemon, and says what of it does not work. Of a broken one it prints all mistakes and gives nil
// where this daemon has worked with it before: what is in force goes on then, since a machine that starts at night must not stay away
// for a mistake of somebody's that nobody has reloaded yet.
func loadOrGoOn(path string, d *daemonFlags, stderr io.Writer) (*objects.Config, error) {
	c, err := load(path, stderr)
	switch {
	case err == nil:
		sayBroken(c, list(d.fork), stderr)
	case app.WorkedWith(d.state, path):
		fmt.Fprintln(stderr, "it starts all the same: the configuration in force goes on; mend the files, then onbu reload")
		return nil, nil
	}
	return c, err
}

// load reads a configuration, or prints all its mistakes.
func load(path string, stderr io.Writer) (*objects.Config, error) {
	c, report := arbiter.Load(path)
	for _, p := range report.Problems {
		if p.Severity == objects.Error {
			fmt.Fprintln(stderr, arbiter.Line(p))
		}
	}
	if !report.OK() {
		fmt.Fprintf(stderr, "%s is not usable (errors: %d); onbu verify %s says more\n", path, report.Errors, path)
		return nil, errQuiet
	}
	if report.Warnings > 0 {
		fmt.Fprintf(stderr, "%s is usable (warnings: %d); onbu verify %s says more\n", path, report.Warnings, path)
	}
	return c, nil
}

// reloads turns SIGHUP into requests to read the configuration again.
func reloads(ctx context.Context) <-chan struct{} {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	out := make(chan struct{}, 1)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-ctx.Done():
				return
			case <-signals:
				select {
				case out <- struct{}{}:
				default:
				}
			}
		}
	}()
	return out
}
