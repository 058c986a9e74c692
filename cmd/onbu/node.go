package main

import (
	"context"
	"fmt"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor/api"
)

const nodeExamples = `
  maintenance on|off NAME   give everything up and take nothing, until it is taken out by hand
  disconnect NAME           the same before its addresses are changed; reconnect NAME ends it, as maintenance off does
  dissolve NAME             forget a node that was stopped for good
  replace OLD NEW           hand the work of one node to another that is there already

Each says first what state every role of the node will be in.

examples:
  onbu node maintenance on alpha --drain --why 'kernel update'
  onbu node maintenance on alpha --role poller
  onbu node maintenance off alpha
  onbu node dissolve alpha --yes
`

// ordering is what onbu node was told.
type ordering struct {
	env        *env
	at         door
	order      api.Order
	force, yes bool
}

// nodeVerb is onbu node.
func nodeVerb(ctx context.Context, e *env) error {
	e.examples = nodeExamples
	o := ordering{env: e}
	o.at.register(e)
	e.flags.StringVar(&o.order.Role, "role", "", "maintenance: only this role of the node")
	e.flags.BoolVar(&o.order.Drain, "drain", false, "let it end first what it has under way, for a minute at most")
	e.flags.StringVar(&o.order.Why, "why", "", "what for, for the others")
	e.flags.BoolVar(&o.force, "force", false, "do it although it is the last of a role")
	e.flags.BoolVar(&o.yes, "yes", false, "disconnect, dissolve, replace: do it, and do not only say what would be")
	words, err := e.words()
	if err != nil {
		return err
	}
	if u, err := user.Current(); err == nil {
		o.order.By = u.Username
	}
	do := map[string]func(context.Context, cluster) error{
		"maintenance on": o.maintenance, "maintenance off": o.up, "reconnect": o.up, "disconnect": o.disconnect, "dissolve": o.dissolve,
	}
	for name, f := range do {
		if n := len(strings.Fields(name)); len(words) == n+1 && strings.Join(words[:n], " ") == name {
			o.order.Node = words[n]
			return o.at.open(ctx, e, func(c cluster) error { return f(ctx, c) })
		}
	}
	if len(words) == 3 && words[0] == "replace" {
		if words[1] == words[2] {
			return usageError(words[1] + " cannot replace itself: a new machine of the same name takes its place by being started (docs/operating.md)")
		}
		o.order.Node = words[1]
		return o.at.open(ctx, e, func(c cluster) error { return o.replace(ctx, c, words[2]) })
	}
	return usageError("say what: maintenance on NAME, maintenance off NAME, disconnect NAME, reconnect NAME, dissolve NAME or replace OLD NEW")
}

// plan shows what the order will do. An error says that it is not to be done.
func (o *ordering) plan(ctx context.Context, c cluster) error {
	p, err := c.Plan(ctx, o.order)
	if err != nil {
		return err
	}
	console.PlanTable(o.env.stdout, &p, style(o.env.stdout))
	if len(p.Warnings) > 0 && !o.force {
		return fmt.Errorf("%w; give --force if that is meant", errNotDone)
	}
	return nil
}

// carryOut gives the order and waits until it is done.
func (o *ordering) carryOut(ctx context.Context, c cluster) error {
	if err := c.Order(ctx, o.order); err != nil {
		return err
	}
	wait := 20 * time.Second
	if o.order.Drain {
		wait += time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	began := time.Now()
	for {
		all, err := c.Nodes(ctx)
		if err == nil && nodes.Done(all, o.order) {
			fmt.Fprintf(o.env.stdout, "done after %.1f s\n", time.Since(began).Seconds())
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the order is given, but %s is not as it should be after %s: see onbu nodes, and the log of the node", o.order.Node, wait)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (o *ordering) maintenance(ctx context.Context, c cluster) error {
	o.order.State = wire.NodeMaintenance.String()
	if err := o.plan(ctx, c); err != nil {
		return err
	}
	return o.carryOut(ctx, c)
}

// up is maintenance off, and reconnect.
func (o *ordering) up(ctx context.Context, c cluster) error {
	o.order.State = wire.NodeUp.String()
	all, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	if err := o.plan(ctx, c); err != nil {
		return err
	}
	if !nodes.Stands(all, o.order) {
		o.say(o.order.Node + " was not in maintenance and not disconnected: nothing to do")
		return nil
	}
	return o.carryOut(ctx, c)
}

func (o *ordering) disconnect(ctx context.Context, c cluster) error {
	o.order.State = wire.NodeDisconnected.String()
	if err := o.plan(ctx, c); err != nil {
		return err
	}
	name := o.order.Node
	o.say(
		"",
		"Then, on "+name+":",
		"  1. stop Onbu; the others show the node as disconnected, not as silent",
		"  2. change its addresses: --listen, --cluster and --join of its server of the bus, --http, the ports of its listeners;",
		"     where the others name it (--bus, --join, --links), change that there too, one after the other;",
		"     with keys its server needs a certificate for the new addresses: onbu keys server "+name+" --addr … --force",
		"  3. start Onbu; it joins, and works no role yet",
		"  4. onbu node reconnect "+name,
		"Its server of the bus, if it has one, is out between 1 and 3: of three, no other may fail meanwhile.",
	)
	if !o.yes {
		return fmt.Errorf("%w; give --yes to do it", errNotDone)
	}
	return o.carryOut(ctx, c)
}

func (o *ordering) dissolve(ctx context.Context, c cluster) error {
	all, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	name := o.order.Node
	its := nodes.Of(all, name)
	if len(its) == 0 {
		return fmt.Errorf("no node is called %s", name)
	}
	if i := slices.IndexFunc(its, func(r api.Role) bool { return r.There() }); i >= 0 {
		o.say(
			name+" is there: its "+its[i].Role+" is "+its[i].State+".",
			"  1. onbu node maintenance on "+name+" --drain",
			"  2. onbu nodes: wait until nothing of it has shards or lags; what lags is on its disk only",
			"  3. stop Onbu there, and keep it from starting again",
			"  4. onbu node dissolve "+name,
		)
		return errNotDone
	}
	o.say(
		"After that:",
		"  "+name+" is forgotten here: it is in no list, and no order for it is left. What it did stays in the cluster log.",
		"  Its machine keeps its state folder. What its receiver had spooled and not delivered is there only: start it once more, or lose it.",
		"  Started again with the same --bus it is a new node, which works at once. With a server of the bus of its own and without",
		"  --join it is an engine of its own, with the configuration and the states of its last moment: it checks and tells people too.",
		"  The others go on as they are. If it had a server of the bus, two of three are left, and neither may fail:",
		"  start another machine under the same --name, and it takes that place (docs/operating.md).",
	)
	if !o.yes {
		return fmt.Errorf("%w; give --yes to do it", errNotDone)
	}
	if err := c.ForgetNode(ctx, name); err != nil {
		return err
	}
	o.say(name + " is forgotten")
	return nil
}

// replace hands the work of a node to one that is there already.
func (o *ordering) replace(ctx context.Context, c cluster, by string) error {
	all, err := c.Nodes(ctx)
	if err != nil {
		return err
	}
	old := o.order.Node
	if len(nodes.Of(all, by)) == 0 {
		return fmt.Errorf("no node is called %s: start onbu there first; there are %s", by, strings.Join(nodes.Names(all), ", "))
	}
	if missing := lacking(all, old, by); len(missing) > 0 {
		return fmt.Errorf("%s does not work as %s, which %s has: start that on %s first, and give it the same tags and modules", by, strings.Join(missing, ", "), old, by)
	}
	o.order.State, o.order.Drain = wire.NodeMaintenance.String(), true
	if o.order.Why == "" {
		o.order.Why = "replaced by " + by
	}
	if err := o.plan(ctx, c); err != nil {
		return err
	}
	o.say(
		"",
		by+" has every role of "+old+", and goes on. Then:",
		"  1. let senders, and the tags and daemon names in the configuration, name "+by+" where they name "+old,
		"  2. stop Onbu on "+old+", and keep it from starting again",
		"  3. onbu node dissolve "+old,
	)
	if !o.yes {
		return fmt.Errorf("%w; give --yes to do it", errNotDone)
	}
	return o.carryOut(ctx, c)
}

// lacking are the roles of a node that another does not work in.
func lacking(all []api.Role, old, by string) (roles []string) {
	for _, r := range nodes.Of(all, old) {
		if !slices.ContainsFunc(nodes.Of(all, by), func(other api.Role) bool { return other.Role == r.Role && other.Works() }) {
			roles = append(roles, r.Role)
		}
	}
	return roles
}

func (o *ordering) say(lines ...string) {
	for _, l := range lines {
		fmt.Fprintln(o.env.stdout, l)
	}
}
