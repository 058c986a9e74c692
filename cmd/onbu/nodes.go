package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

const nodesExamples = `
M marks a role that works, S one that stands by. LAG is what waits to be stored or delivered.

examples:
  onbu nodes --watch
  onbu nodes --json | jq '.[] | select(.state != "up")'
  onbu nodes --bus tls://alpha:4222 --keys DIR  when no broker answers
`

// listNodes is onbu nodes.
func listNodes(ctx context.Context, e *env) error {
	e.examples = nodesExamples
	var at door
	at.register(e)
	asJSON := e.flags.Bool("json", false, "print JSON")
	live := e.flags.Bool("watch", false, "show it anew every second until Ctrl-C")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	return at.open(ctx, e, func(c cluster) error {
		if *live {
			repeat(ctx, e.stdout, func(w io.Writer) error { return drawNodes(ctx, w, c) })
			return nil
		}
		if !*asJSON {
			return drawNodes(ctx, e.stdout, c)
		}
		all, err := c.Nodes(ctx)
		if err != nil {
			return err
		}
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(all)
	})
}

func drawNodes(ctx context.Context, w io.Writer, c cluster) error {
	all, err := c.Nodes(ctx)
	if refusal, ok := errors.AsType[*console.Refusal](err); ok && len(refusal.Last.Nodes) > 0 {
		console.LastNodes(w, &refusal.Last, style(w))
	}
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintln(w, "no node shows itself yet; a new one does within 5 s")
		return nil
	}
	s := style(w)
	console.NodesTable(w, all, s)
	is, err := c.Bus(ctx)
	if err != nil || !is.Known { // whoever is asked may not ask the bus: what arbiters say of it counts
		console.BusLacks(w, all, s)
		return nil
	}
	console.BusLines(w, &is, s)
	return nil
}

// cluster is whoever can be asked about nodes: a broker, or the bus.
type cluster interface {
	Nodes(ctx context.Context) ([]api.Role, error)
	Bus(ctx context.Context) (api.Bus, error)
	Plan(ctx context.Context, o api.Order) (api.Plan, error)
	Order(ctx context.Context, o api.Order) error
	ForgetNode(ctx context.Context, node string) error
	Reload(ctx context.Context, check bool) (*api.Reload, error)
	Chronicle(ctx context.Context, q chronicle.Query, each func(api.Deed) error) error
}

// door is where to ask.
type door struct {
	http string
	d    daemonFlags
}

func (o *door) register(e *env) {
	e.flags.StringVar(&o.http, "http", defaultHTTP, "address of a broker's API")
	o.d.registerDirect(e.flags)
}

// open does something with whoever can be asked: the bus if there is an address for it, else a broker.
func (o *door) open(ctx context.Context, e *env, do func(cluster) error) error {
	if o.d.bus == "" && (o.d.keys != "" || o.d.creds != "" || o.d.tls != (dial.Files{})) {
		return usageError("--keys and the like are for the bus: give its address with --bus")
	}
	if o.d.bus == "" {
		return do(&console.Client{Addr: o.http})
	}
	return o.d.directly(ctx, e, func(c bus.Conn, name string) error {
		w := chronicle.NewWriter(chronicle.Options{
			Bus: c, Node: name, Boot: fmt.Sprintf("%d-%d", os.Getpid(), time.Now().UnixNano()), Log: slog.New(slog.NewTextHandler(e.stderr, nil)),
		})
		writing, end := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.Run(writing)
		}()
		defer func() { end(); <-ended }()
		return do(direct{c, w.For("")})
	})
}

// direct asks the bus.
type direct struct {
	bus  bus.Conn
	tell monitor.Chronicle
}

func (d direct) Nodes(ctx context.Context) ([]api.Role, error) { return nodes.Look(ctx, d.bus) }

// Bus knows nothing: only daemons may ask the bus how it is.
func (d direct) Bus(context.Context) (api.Bus, error) { return api.Bus{}, nil }

func (d direct) Plan(ctx context.Context, o api.Order) (api.Plan, error) {
	return nodes.PlanOf(ctx, d.bus, o)
}

func (d direct) Order(ctx context.Context, o api.Order) error {
	return nodes.Give(ctx, d.bus, d.tell, o)
}

func (d direct) Reload(ctx context.Context, check bool) (*api.Reload, error) {
	return nodes.AskReload(ctx, d.bus, check, "onbu reload")
}

func (d direct) ForgetNode(ctx context.Context, node string) error {
	return nodes.Forget(ctx, d.bus, d.tell, node)
}

func (d direct) Chronicle(ctx context.Context, q chronicle.Query, each func(api.Deed) error) error {
	if err := q.Check(); err != nil {
		return err
	}
	return chronicle.Read(ctx, d.bus, q, each)
}

// errNotDone is what follows a plan that is not carried out.
var errNotDone = errors.New("nothing was changed")
