package bench_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/onbu/onbu/bench/target"
	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

// childEnv makes the test's program be the onbu that the package starts.
const childEnv = "ONBU_BENCH_TEST_CHILD"

func TestMain(m *testing.M) {
	// The workers of a fuzzing test have the variable too, but none of the child's words.
	if os.Getenv(childEnv) == "" || len(os.Args) < 2 || !slices.Contains(append(app.Roles(), "bench", "run", "bus"), os.Args[1]) {
		os.Setenv(childEnv, "1")
		os.Exit(tests(m))
	}
	if err := child(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// tests runs the tests with a temporary folder that every user may enter, as nagios4 has to.
func tests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "onbu-test-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	os.Setenv("TMPDIR", dir)
	code := m.Run()
	left, err := leftovers()
	if err != nil || len(left) > 0 {
		fmt.Fprintf(os.Stderr, "FAIL: left behind: %q, %v\n", left, err)
		return 1
	}
	return code
}

// leftovers gives the processes that this one started and that still are, and the files left in the temporary folder. It is
// asked once all tests are over: they run side by side.
func leftovers() (out []string, err error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range stats {
		b, _ := os.ReadFile(path) // it may have ended
		_, rest, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(os.Getpid()) {
			out = append(out, string(b))
		}
	}
	files, err := filepath.Glob(filepath.Join(os.TempDir(), "onbu-bench-*"))
	return append(out, files...), err
}

// child does what the package asks onbu for.
func child(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	switch args[0] {
	case "bench":
		return target.Run(ctx, args[2], os.Stdin, os.Stdout)
	case "bus":
		return serveBus(ctx, args[1:])
	}
	return engine(ctx, args)
}

// engine runs a whole engine, or a role of one.
func engine(ctx context.Context, args []string) error {
	o := app.Options{Roles: []string{args[0]}, BusURL: "embedded:", Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	if args = args[1:]; o.Roles[0] == "run" || o.Roles[0] == "arbiter" {
		o.Main, args = args[0], args[1:]
	}
	if o.Roles[0] == "run" {
		o.Roles, o.CommandFile = app.Roles(), filepath.Join(filepath.Dir(o.Main), "onbu.cmd")
	}
	flags := flag.NewFlagSet("onbu", flag.ContinueOnError)
	flags.StringVar(&o.State, "state", "", "")
	flags.StringVar(&o.HTTP, "http", "", "")
	flags.StringVar(&o.BusURL, "bus", o.BusURL, "")
	flags.StringVar(&o.Name, "name", "", "")
	flags.StringVar(&o.EventLog, "event-log", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return app.Run(ctx, o)
}

// serveBus runs a bus alone.
func serveBus(ctx context.Context, args []string) error {
	var o natsbus.ServerOptions
	flags := flag.NewFlagSet("bus", flag.ContinueOnError)
	flags.StringVar(&o.Dir, "state", "", "")
	flags.StringVar(&o.Listen, "listen", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	s, err := natsbus.StartServer(o)
	if err != nil {
		return err
	}
	o.Log.Info("the bus listens", "url", s.URL())
	<-ctx.Done()
	return s.Close()
}
