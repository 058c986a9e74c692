package bench_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/onbu/onbu/bench/target"
	"github.com/onbu/onbu/internal/app"
)

// childEnv makes the test's program be the onbu that the package starts.
const childEnv = "ONBU_BENCH_TEST_CHILD"

func TestMain(m *testing.M) {
	// The workers of a fuzzing test have the variable too, but none of the child's words.
	if os.Getenv(childEnv) == "" || len(os.Args) < 2 || os.Args[1] != "bench" && os.Args[1] != "run" {
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
	return m.Run()
}

// child does what the package asks onbu for.
func child(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	switch args[0] {
	case "bench":
		return target.Run(ctx, args[2], os.Stdin, os.Stdout)
	case "run":
		flags := flag.NewFlagSet("run", flag.ContinueOnError)
		o := app.Options{Roles: app.Roles(), Main: args[1], BusURL: "embedded:", Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
		o.CommandFile = filepath.Join(filepath.Dir(o.Main), "onbu.cmd")
		flags.StringVar(&o.State, "state", "", "")
		flags.StringVar(&o.HTTP, "http", "", "")
		if err := flags.Parse(args[2:]); err != nil {
			return err
		}
		return app.Run(ctx, o)
	}
	return fmt.Errorf("the test knows no onbu %q", args)
}
