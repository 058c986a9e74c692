package core

import (
	"cmp"
	"fmt"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// usualLow and usualHigh are Nagios' bounds of flapping in percent where no file says others.
const usualLow, usualHigh = 20, 30

// pulse is when a host's state was last recorded because one of its services was checked, and how long after that it is
// again: the mean interval of its services. In whole seconds, as Nagios counts.
type pulse struct{ last, wait uint32 }

// pulses works out the waits of all hosts.
func pulses(k *compiled) []pulse {
	all := make([]pulse, len(k.inv.Hosts))
	for host := range all {
		first, last := k.services(monitor.ID(host))
		var sum uint32
		for id := first; id < last; id++ {
			sum += uint32(k.inv.Policy(id).CheckInterval / 1e9)
		}
		if n := uint32(last - first); n > 0 {
			all[host].wait = sum / n
		}
	}
	return all
}

// flap takes note of a result and says when an object begins and ends to change too often (Nagios 4 flapping.c). Services
// count with HARD states and soft recoveries; hosts with each of their results and, now and then, when one of their
// services is checked.
func (c *Core) flap(id monitor.ID, v verdict.Verdict, d *Decisions) {
	if c.inv.Options.ShinkenFlapping {
		c.flapAsShinken(id, v, d)
		return
	}
	seen, host := v.Seen, c.inv.HostOf(id)
	if id == host || seen.Type == monitor.Hard || seen.State == monitor.OK {
		c.flapRecord(id, d)
	}
	p, second := &c.pulses[host], uint32(c.now/1e9)
	if id == host {
		p.last = second
	} else if second-p.last >= p.wait {
		p.last = second
		before := c.standing[host].flapping
		if c.flapRecord(host, d); c.standing[host].flapping != before {
			c.changed(monitor.BrokState, host, "", d)
		}
	}
}

// flapRecord puts an object's state into its history, if flap_detection_options has it. A history of nothing but OK,
// which is what nearly all have, stays what it is.
func (c *Core) flapRecord(id monitor.ID, d *Decisions) {
	r, s := &c.run[id], &c.standing[id]
	if r.history == 0 && !s.flapping && !c.isProblem(id) {
		return
	}
	if c.inv.Policy(id).FlapOptions&c.stateOption(id) != 0 {
		r.history = r.history.Record(s.State)
	}
	c.flapJudge(id, d)
}

// flapAsShinken records whether the state has changed, at each result, while flap detection is on.
func (c *Core) flapAsShinken(id monitor.ID, v verdict.Verdict, d *Decisions) {
	if c.inv.Policy(id).FlapOptions&c.stateOption(id) == 0 || !c.on(id, monitor.FlapDetection) {
		return
	}
	r := &c.run[id]
	length := int(cmp.Or(c.inv.Options.FlapHistory, 20))
	r.history = r.history.RecordChange(v.Steps.Has(verdict.Changed), length)
	c.flapJudge(id, d)
}

// stateOption gives the letter of an object's present state in flap_detection_options and stalking_options.
func (c *Core) stateOption(id monitor.ID) monitor.Option {
	if !c.isProblem(id) {
		return monitor.OnOK
	}
	return c.option(id)
}

// flapJudge begins or ends flapping if the history says so.
func (c *Core) flapJudge(id monitor.ID, d *Decisions) {
	s, h, p := &c.standing[id], c.run[id].history, c.inv.Policy(id)
	percent := h.Percent()
	low, high := float64(cmp.Or(p.LowFlap, usualLow)), float64(cmp.Or(p.HighFlap, usualHigh))
	calm := percent <= low
	if c.inv.Options.ShinkenFlapping {
		calm = percent < low
	}
	switch {
	case !c.on(id, monitor.FlapDetection):
		if s.flapping {
			c.flapEnd(id, "STOPPED; Disabled flap detection", "", d)
		}
	case !h.Full():
	case calm && s.flapping:
		c.flapEnd(id, fmt.Sprintf("STOPPED; %s appears to have stopped flapping (%.1f%% change < %.1f%% threshold)",
			c.kindOf(id), percent, low), "FLAPPINGSTOP", d)
	case !calm && percent >= high && !s.flapping:
		c.flapBegin(id, percent, high, d)
	}
}

// kindOf gives Host or Service.
func (c *Core) kindOf(id monitor.ID) string {
	if c.inv.IsHost(id) {
		return "Host"
	}
	return "Service"
}

// flapBegin lets nobody be told about an object until it is steady again.
func (c *Core) flapBegin(id monitor.ID, percent, high float64, d *Decisions) {
	c.standing[id].flapping = true
	change := fmt.Sprintf("(%.1f%% change >= %.1f%% threshold)", percent, high)
	c.flapLog(id, fmt.Sprintf("STARTED; %s appears to have started flapping %s", c.kindOf(id), change), d)
	c.comment(id, monitor.Comment{
		Author: engine, Kind: monitor.CommentFlapping,
		Text: "It changes its state too often " + change + ": nobody is told of its problems and recoveries until it is steady again.",
	}, d)
	c.notifyFlap(id, "FLAPPINGSTART", d)
}

// flapEnd takes back what flapBegin did. People are told of it if there is a kind of notification for it.
func (c *Core) flapEnd(id monitor.ID, how, kind string, d *Decisions) {
	c.standing[id].flapping = false
	c.flapLog(id, how, d)
	for _, note := range c.comments.on(id) {
		if note.Kind == monitor.CommentFlapping {
			c.dropComment(id, note.ID, d)
		}
	}
	if kind != "" {
		c.notifyFlap(id, kind, d)
	}
}

func (c *Core) flapLog(id monitor.ID, what string, d *Decisions) {
	kind, name := c.nagiosName(id)
	c.log(d, "%s FLAPPING ALERT: %s;%s", kind, name, what)
}

// owesRecovery says that people were told of a problem and not of its end, since the object flapped.
func (c *Core) owesRecovery(id monitor.ID) bool {
	return !c.isProblem(id) && c.standing[id].notifiedOn != 0
}

// flapSwitched does what follows when flap detection of an object was turned on or off by a command.
func (c *Core) flapSwitched(id monitor.ID, d *Decisions) {
	switch on := c.on(id, monitor.FlapDetection); {
	case on && c.run[id].history != 0:
		c.flapJudge(id, d)
	case !on && c.standing[id].flapping:
		c.flapEnd(id, "DISABLED; Flap detection has been disabled", "FLAPPINGDISABLED", d)
		if c.owesRecovery(id) {
			c.notify(id, d)
			c.forget(id, true)
		}
	}
}

// flapSwitchedAll does the same for all objects, and tells of those that changed.
func (c *Core) flapSwitchedAll(d *Decisions) {
	for id := range monitor.ID(len(c.standing)) {
		before := c.standing[id].flapping
		if c.flapSwitched(id, d); c.standing[id].flapping != before {
			c.changed(monitor.BrokState, id, "", d)
		}
	}
}

// whyFlapping explains that nobody is told at present.
func (c *Core) whyFlapping(id monitor.ID) []string {
	if !c.standing[id].flapping {
		return nil
	}
	return []string{fmt.Sprintf("it is flapping: its state changes too often (%.1f %%), and nobody is told until it is steady",
		c.run[id].history.Percent())}
}
