package core

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// neighbour names a source that lives in another shard.
func (s *source) neighbour(ref monitor.Ref) monitor.Neighbour {
	state := monitor.Down
	if !ref.IsHost() {
		state = monitor.Critical
	}
	return monitor.Neighbour{Ref: ref, State: state, Type: monitor.Hard, Check: s.state.Looked}
}

// whySources says where the data of an object come from, if it reads payloads, and for whom they come from it.
func (c *Core) whySources(id monitor.ID) (why []string) {
	host := c.inv.HostOf(id)
	if text := c.sayTargets(id); text != "" {
		why = append(why, text)
	}
	if c.isSourceless(host) || host != id && !c.reads(id) {
		return why
	}
	why = append(why, "data come from "+c.saySources(host))
	if c.leaning == nil || !c.leaning[host] {
		return why
	}
	c.sourcesOf(host, func(l *link) bool {
		if text := c.sayCut(l); text != "" {
			why = append(why, text)
		}
		return true
	})
	return append(why, "no check looks at it by other means, so its sources are its parents")
}

// saySources names the sources of a host, the newest first.
func (c *Core) saySources(host monitor.ID) string {
	const most = 5
	var all []*link
	c.sourcesOf(host, func(l *link) bool { all = append(all, l); return true })
	slices.SortStableFunc(all, func(a, b *link) int { return int(min(max(b.at-a.at, -1), 1)) })
	var names []string
	for _, l := range first(all, most) {
		names = append(names, fmt.Sprintf("%s (fetched %s ago)", c.post.sources[l.source].name, c.now.Sub(l.at).Round(time.Second)))
	}
	if more := len(all) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// sayCut says why nothing comes from a source; empty if it may.
func (c *Core) sayCut(l *link) string {
	s := &c.post.sources[l.source]
	switch {
	case !c.counts(l):
		return fmt.Sprintf("%s does not speak for it any more", s.name)
	case !c.isCut(l):
		return ""
	case !s.trouble && s.over == 0:
		return fmt.Sprintf("%s has not answered yet, or is not believed yet to have failed", s.name)
	case !s.trouble:
		return fmt.Sprintf("%s has only just been found again: what it delivers is waited for until %s", s.name, stamp(c.settleEnd(s)))
	case s.host == monitor.NoID:
		return fmt.Sprintf("%s cannot be asked since %s: %s", s.name, stamp(s.since), s.state.Text)
	}
	return fmt.Sprintf("%s cannot be asked since %s: %s", s.name, stamp(s.since), c.called(s.by))
}

// sayTargets says how many hosts have data from a host; empty if it is no source.
func (c *Core) sayTargets(id monitor.ID) string {
	n, ok := c.post.at[id]
	if !ok || c.post.sources[n].host != id {
		return ""
	}
	s, here, there := &c.post.sources[n], c.leaningOn(n), uint32(0)
	for _, a := range s.asked {
		if a.until >= c.now {
			there += a.targets
		}
	}
	if here+there == 0 {
		return ""
	}
	return "it is the source of all that is known of " + counted(int(here+there), "host", "hosts")
}
