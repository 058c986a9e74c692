package faults_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/keys"
)

// The program of the tests is the onbu of the lab too: with the name of a role as its first word.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || !slices.Contains(append(app.Roles(), "bus"), os.Args[1]) {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := daemon(ctx, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// daemon runs a role, or a server of the bus, with the flags that the lab gives it.
func daemon(ctx context.Context, role string, args []string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	o := app.Options{Roles: []string{role}, Log: log}
	var s natsbus.ServerOptions
	var cluster natsbus.Cluster
	var join, shards string
	if role == "arbiter" {
		o.Main, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet(role, flag.ContinueOnError)
	flags.StringVar(&o.State, "state", "", "")
	flags.StringVar(&o.BusURL, "bus", "", "")
	flags.StringVar(&o.HTTP, "http", "", "")
	flags.StringVar(&o.Keys, "keys", "", "")
	flags.StringVar(&shards, "shards", "0", "")
	flags.StringVar(&s.Name, "name", "", "")
	flags.StringVar(&s.Listen, "listen", "", "")
	flags.StringVar(&cluster.Listen, "cluster", "", "")
	flags.StringVar(&join, "join", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if role != "bus" {
		o.Shards, _ = strconv.Atoi(shards)
		return app.Run(ctx, o)
	}
	if join != "" {
		cluster.Join = strings.Split(join, ",")
		s.Cluster = &cluster
	}
	return serve(ctx, s, o.State, o.Keys, log)
}

func serve(ctx context.Context, o natsbus.ServerOptions, dir, ring string, log *slog.Logger) (err error) {
	if o.Keys, err = keys.Open(ring, log); err != nil {
		return err
	}
	o.Dir, o.Log = dir, log
	s, err := natsbus.StartServer(o)
	if err != nil {
		return err
	}
	<-ctx.Done()
	return s.Close()
}
