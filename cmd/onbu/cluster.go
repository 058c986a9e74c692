package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

const clusterExamples = `
examples:
  onbu cluster log --since 2h                   what the nodes did by themselves in the last two hours, and why
  onbu cluster log --since 90d --json > log     all of it, an object a line
  onbu cluster log --follow --node alpha
  onbu cluster log --bus tls://alpha:4222 --keys DIR   without a broker
`

// clusterVerb is onbu cluster.
func clusterVerb(ctx context.Context, e *env) error {
	e.examples = clusterExamples
	var q chronicle.Query
	var at door
	at.register(e)
	e.flags.BoolVar(&q.Follow, "follow", false, "go on with what is written from now on, until Ctrl-C")
	e.flags.StringVar(&q.Node, "node", "", "only of this node")
	e.flags.StringVar(&q.Role, "role", "", "only of this role")
	kinds := e.flags.String("kind", "", "only of these kinds, such as shard-taken,shard-lost")
	asJSON := e.flags.Bool("json", false, "print JSON, an object a line")
	e.flags.Func("since", "how far back, as in 90m, 2h or 3d, or from when on, as in '2026-03-01 04:00' (default: all, 90 days)", func(text string) (err error) {
		q.Since, err = chronicle.ParseSince(text, time.Now())
		return err
	})
	words, err := e.parse(1, "the word log")
	if err != nil {
		return err
	}
	if words[0] != "log" {
		return usageError(fmt.Sprintf("%q is not log", words[0]))
	}
	q.Kinds = chronicle.ParseKinds(*kinds)
	found := false
	each := func(entry api.Deed) error {
		found = true
		if *asJSON {
			return json.NewEncoder(e.stdout).Encode(entry)
		}
		console.ChronicleLine(e.stdout, &entry)
		return nil
	}
	err = at.open(ctx, e, func(c cluster) error {
		f := follower{q: q, each: each, say: e.stderr}
		err := f.run(ctx, c)
		if err == nil && !found && q.Node != "" && !q.Follow {
			f.names(ctx, c)
		}
		return err
	})
	if refusal, ok := errors.AsType[*console.Refusal](err); ok && len(refusal.Waiting) > 0 {
		fmt.Fprintln(e.stderr, "what the asked node has told meanwhile, and is not stored yet:")
		for _, entry := range refusal.Waiting {
			if each(entry) != nil {
				break
			}
		}
	}
	if narrowed := q.Node+q.Role+*kinds != ""; err == nil && !found && narrowed {
		fmt.Fprintln(e.stderr, "no entry fits; without --node, --role and --kind all are shown")
	}
	return err
}

// registerDirect adds what is needed to ask the bus instead of a broker.
func (d *daemonFlags) registerDirect(f *flag.FlagSet) {
	f.StringVar(&d.bus, "bus", "", "ask the bus at this address instead of a broker: nats://HOST:PORT or tls://HOST:PORT")
	f.StringVar(&d.tls.CA, "tls-ca", "", "with --bus: PEM file of who signed the bus's certificate")
	f.StringVar(&d.tls.Cert, "tls-cert", "", "with --bus: PEM file of the certificate to show to the bus")
	f.StringVar(&d.tls.Key, "tls-key", "", "with --bus: PEM file of its key")
	f.StringVar(&d.keys, "keys", "", "with --bus: folder with a certificate for the role operator, from onbu keys")
	f.StringVar(&d.creds, "creds", "", "with --bus: NATS credentials file")
}

// directWait is how long a bus that is asked by a person may take to answer.
const directWait = 10 * time.Second

// directly does something with a connection to the bus of its own; name is what the cluster log has for whoever does it.
func (d *daemonFlags) directly(ctx context.Context, e *env, do func(c bus.Conn, name string) error) error {
	log := slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ring, err := d.ring(log)
	if err != nil {
		return err
	}
	opening, cancel := context.WithTimeout(ctx, directWait)
	defer cancel()
	c, closeBus, err := dial.Open(opening, d.bus, dial.Options{Name: "onbu-" + e.flags.Name(), Log: log, TLS: d.tls, Keys: ring, Creds: d.creds})
	if err != nil {
		return err
	}
	defer closeBus()
	name, _ := os.Hostname()
	if ring != nil {
		name = ring.Identity().Name // the bus lets nobody speak in another one's
	}
	return forOperators(do(c, name), c, d.keys)
}

// forOperators gives an error as whoever has the wrong certificate is to read it: what the bus refuses, it does not answer, which looks as
// if it were away.
func forOperators(err error, c any, keys string) error {
	r, can := c.(interface{ Refused() uint64 })
	if _, away := errors.AsType[*bus.Away](bus.Plain(c, err)); !away || !can || r.Refused() == 0 {
		return err
	}
	return fmt.Errorf("the bus refuses this to the certificate in %s: it wants one for the role operator, which `onbu keys daemon NAME --role operator` makes where the authority is", keys)
}
