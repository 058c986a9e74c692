package core

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// handle has the event handlers of an object run for a result: the global one and then its own. That is where Nagios 4
// checks.c sets handle_event: at each soft problem, each change of the hard state, each recovery, and each hard problem
// of a volatile service; the same results that are logged as alerts.
func (c *Core) handle(id monitor.ID, v verdict.Verdict, d *Decisions) {
	global, own := c.globalHandler(id), c.inv.Policy(id).EventHandler
	if global.Command == monitor.None && own.Command == monitor.None {
		return
	}
	o := &c.inv.Options
	if !c.on(id, monitor.EventHandlers) || o.NoHandlersInDowntime && c.standing[id].depth > 0 {
		return
	}
	again := v.Steps&(verdict.Changed|verdict.HardChanged|verdict.Retry) == 0 // a volatile service, once more
	if global.Command != monitor.None {
		c.runHandler(id, global, "GLOBAL ", again, d)
	}
	if own.Command != monitor.None {
		c.runHandler(id, own, "", again, d)
	}
}

// globalHandler gives global_host_event_handler or global_service_event_handler, or what a command put in its place.
func (c *Core) globalHandler(id monitor.ID) monitor.Call {
	line, configured := c.program.ServiceHandler, c.inv.Options.GlobalServiceHandler
	if c.inv.IsHost(id) {
		line, configured = c.program.HostHandler, c.inv.Options.GlobalHostHandler
	}
	if line != "" {
		if call, ok := c.call(line); ok {
			return call
		}
	}
	return monitor.Call{Command: configured}
}

// runHandler decides one action. which is "GLOBAL " or empty; again says that neither state nor attempt tells it from the
// one before.
func (c *Core) runHandler(id monitor.ID, call monitor.Call, which string, again bool, d *Decisions) {
	s := &c.standing[id]
	name := fmt.Sprintf("%sHANDLER\x00%d\x00%d\x00%d\x00%d", which, c.serialOf(id).event, s.State, s.Type, s.Attempt)
	if again {
		name += fmt.Sprintf("\x00%d", c.times[id].check)
	}
	c.runNamed(id, call, which, name, d)
}

// runNamed decides the action of an event handler, with its line for the log.
func (c *Core) runNamed(id monitor.ID, call monitor.Call, which, name string, d *Decisions) {
	s := &c.standing[id]
	action := c.deed(id, monitor.ActionEventHandler, call, name)
	kind, ref := c.nagiosName(id)
	d.Broks = append(d.Broks, monitor.Brok{
		Kind: monitor.BrokEventHandler, Time: c.now, Shard: c.inv.Shard, Action: action,
		Text: fmt.Sprintf("%s%s EVENT HANDLER: %s;%s;%s;%d;%s", which, kind, ref, c.stateName(id), s.Type, s.Attempt,
			c.appendCommand(nil, call)),
	})
}

// launchHandler runs an object's own event handler because a command says so (Shinken's LAUNCH_…_EVENT_HANDLER).
func (c *Core) launchHandler(id monitor.ID, d *Decisions) error {
	call := c.inv.Policy(id).EventHandler
	if call.Command == monitor.None {
		return fmt.Errorf("%s has no event_handler", c.inv.Ref(id))
	}
	c.runNamed(id, call, "", fmt.Sprintf("LAUNCH\x00%d", c.now), d)
	return nil
}

// deed gives the action of a command that is run for an object and not to tell anybody. Whoever decides the same again
// must give it the same name.
func (c *Core) deed(id monitor.ID, kind monitor.ActionKind, call monitor.Call, name string) *monitor.Action {
	command, ref := &c.inv.Commands[call.Command], c.inv.Ref(id)
	h := fnv.New128a()
	fmt.Fprintf(h, "%s\x00%s", ref, name)
	line := string(c.appendLine(nil, id, call))
	return &monitor.Action{
		ID:      hex.EncodeToString(h.Sum(nil)),
		Kind:    kind,
		Ref:     ref,
		Pool:    cmp.Or(c.inv.Policy(id).ReactionPool, command.Pool),
		Command: command.Name,
		Line:    line,
		Env:     c.environment(),
		Timeout: cmp.Or(command.Timeout, c.inv.Options.EventTimeout, 30*time.Second),
		Time:    c.now,
	}
}
