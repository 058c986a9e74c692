package arbiter

import (
	"cmp"
	"maps"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// untagged is how Shinken writes the tag of what has none.
const untagged = "None"

// tagSet is tags as people write them.
type tagSet map[string]bool

func (s tagSet) add(tag string) { s[cmp.Or(tag, untagged)] = true }

func (s tagSet) sorted() []string { return slices.Sorted(maps.Keys(s)) }

// tagsOf gives the tags that a configuration has work for, sorted: poller_tags of the checks that are made by themselves, and
// reactionner_tags of notifications, event handlers and snapshots. An object's own tag goes before that of the command.
func tagsOf(inventories []*monitor.Inventory) (pollers, reactionners []string) {
	checks, actions := tagSet{}, tagSet{}
	for _, inv := range inventories {
		for id := range inv.Objects() {
			id := monitor.ID(id)
			call, p := inv.Check(id), inv.Policy(id)
			if call.Command != monitor.None && p.Switches&monitor.ActiveChecks != 0 {
				checks.add(cmp.Or(p.Pool, inv.Commands[call.Command].Pool))
			}
		}
		for i := range inv.Policies {
			actionTags(inv, &inv.Policies[i], actions)
		}
	}
	return checks.sorted(), actions.sorted()
}

// actionTags adds the tags of what is done for objects with a policy.
func actionTags(inv *monitor.Inventory, p *monitor.Policy, all tagSet) {
	add := func(calls ...monitor.Call) {
		for _, call := range calls {
			if call.Command != monitor.None {
				all.add(cmp.Or(p.ReactionPool, inv.Commands[call.Command].Pool))
			}
		}
	}
	add(p.EventHandler, p.Snapshot)
	for _, n := range p.Contacts {
		c := &inv.Contacts[n]
		add(c.Host.Commands...)
		add(c.Service.Commands...)
		for i := range c.Ways {
			add(c.Ways[i].Host.Commands...)
			add(c.Ways[i].Service.Commands...)
		}
	}
}
