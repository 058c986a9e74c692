package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/onbu/onbu/internal/demo"
)

const demoExamples = `
Everything is made up, and everything is on this machine: hosts are addresses of the loopback interface, notifications end in a
file. The checks, the engine and its pages are real. The configuration is written into STATE/config for you to read and to change.

examples:
  onbu demo
  onbu demo --speed 3 --http 127.0.0.1:8080
  onbu demo --state /tmp/onbu-demo       and in another terminal: onbu explain por-core
`

// runDemo is onbu demo.
func runDemo(ctx context.Context, e *env) error {
	e.examples = demoExamples
	var o demo.Options
	e.flags.StringVar(&o.HTTP, "http", defaultHTTP, "address of the pages")
	e.flags.StringVar(&o.State, "state", "", "folder for all that is written (default: a temporary one, removed at the end)")
	e.flags.Float64Var(&o.Speed, "speed", 1, "how fast the story goes: 2 for twice as fast; checks are made as often as ever")
	e.flags.DurationVar(&o.Hold, "hold", 0, "the moment of the story at which it stands still, such as 3m20s, to look around; 0 for never")
	e.flags.Uint64Var(&o.Seed, "seed", 1, "what chance starts from: the same seed gives the same loads")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	if o.Speed < 0.1 || o.Speed > 20 {
		return usageError("--speed takes 0.1 to 20")
	}
	if o.State == "" {
		dir, err := os.MkdirTemp("", "onbu-demo-")
		if err != nil {
			return fmt.Errorf("state folder: %w", err)
		}
		defer os.RemoveAll(dir)
		o.State = dir
	}
	var err error
	if o.State, err = filepath.Abs(o.State); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	log, err := os.OpenFile(filepath.Join(o.State, "onbu.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	defer log.Close()
	o.Out, o.Log = e.stdout, slog.New(slog.NewTextHandler(log, nil))
	fmt.Fprintf(e.stdout, "starting three nodes and a site of 300 hosts; all of it is in %s\n", o.State)
	return demo.Run(ctx, o, func(addr string) { welcome(e.stdout, addr) })
}

// welcome says what there is to see.
func welcome(w io.Writer, addr string) {
	fmt.Fprintf(w, `
  http://%s/ui/          sign in as anna or ben, password %s

  What fails, in ten minutes that go round: a core switch with a city behind it, a disk that fills up, a service that flaps, a
  machine that vanishes from its vCenter, a source that falls silent. Ctrl-C ends it all.

`, addr, demo.Password)
}
