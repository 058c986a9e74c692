package dynamic

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// Candidate is a payload for a host that nobody defined, for which there is a rule.
type Candidate struct {
	Host, Source, Rule string
	// At is when it was fetched.
	At monitor.Time
	// Services are what it offers, where the rule wants to know.
	Services []monitor.DynamicService
}

// Add makes hosts of candidates and gives what changed. defined says of a host whether a file defines it.
func (l *List) Add(candidates []Candidate, defined func(host string) bool, now monitor.Time) []Change {
	var changes []Change
	for i := range candidates {
		c := &candidates[i]
		switch h := l.hosts[c.Host]; {
		case defined(c.Host):
		case h != nil:
			h.Listed = max(h.Listed, c.At)
			if l.offer(h, c.Services) {
				changes = append(changes, changeOf(Changed, h, "its payload offers more services"))
			}
		case c.At <= l.removed[c.Host] && l.removed[c.Host] != 0:
			// The payload that the host had when it was removed.
		default:
			if change, ok := l.add(c, now); ok {
				changes = append(changes, change)
			}
		}
	}
	return append(changes, l.refused(now)...)
}

// add makes a host, or counts why it does not.
func (l *List) add(c *Candidate, now monitor.Time) (Change, bool) {
	r := l.rule(c.Rule)
	if r == nil {
		return Change{}, false
	}
	why := ""
	switch {
	case !piggyback.IsName(c.Host) || c.Host == "null":
		why = "its name is none that a host can have"
	case l.perSource[[2]string{c.Rule, c.Source}] >= int(r.Most):
		why = overMost(r)
	}
	if why != "" {
		l.refuse(cause{c.Rule, c.Source, why}, c.Host, c.At, now)
		return Change{}, false
	}
	h := monitor.DynamicHost{Name: c.Host, Source: c.Source, Rule: c.Rule, Since: now, Listed: c.At}
	l.put(h)
	l.offer(l.hosts[c.Host], c.Services)
	l.made++
	delete(l.removed, c.Host)
	// Which hosts are over the bound changes all the time; that some are is told once.
	l.dropRefusals(func(old *monitor.DynamicRefusal) bool {
		return old.Name == c.Host && old.Hosts == 1 && old.Why != overMost(r)
	})
	return changeOf(Made, &h, ""), true
}

func overMost(r *monitor.DynamicRule) string {
	return fmt.Sprintf("the rule makes at most %d hosts of one source; raise its directive most if they are wanted", r.Most)
}

// mostServices bounds what is discovered of one host.
const mostServices = 1000

// offer adds services to a host. None is ever taken away: what is not offered now may only be stale.
func (l *List) offer(h *monitor.DynamicHost, services []monitor.DynamicService) (more bool) {
	for _, s := range services {
		known := slices.ContainsFunc(h.Services, func(old monitor.DynamicService) bool {
			return old.Description == s.Description || old.CheckCommand == s.CheckCommand
		})
		if !known && len(h.Services) < mostServices {
			h.Services = append(h.Services, s)
			more = true
		}
	}
	return more
}

// Refuse takes a host back that cannot be: with it the configuration would be broken. It is tried again after an hour, or when
// files were read again.
func (l *List) Refuse(host, why string, now monitor.Time) (Change, bool) {
	h := l.hosts[host]
	if h == nil {
		return Change{}, false
	}
	l.take(h)
	l.removed[host] = now.Add(retryAfter)
	l.refuse(cause{h.Rule, h.Source, why}, h.Name, h.Listed, now)
	l.refused(now)
	return changeOf(RefusedNow, h, why), true
}

// Due gives the hosts that are to be removed unless there is a newer payload for them than is known. sources says when a
// source was last heard of with payloads; a source that is silent, or not known, lets nothing be due.
func (l *List) Due(sources func(name string) (at monitor.Time, ok bool), now monitor.Time) []string {
	var due []string
	for _, h := range l.sorted() {
		if _, ok := l.due(h, sources, now); ok {
			due = append(due, h.Name)
		}
	}
	return due
}

func (l *List) due(h *monitor.DynamicHost, sources func(string) (monitor.Time, bool), now monitor.Time) (why string, ok bool) {
	r := l.rule(h.Rule)
	switch {
	case r == nil:
		return "its rule is gone", true
	case r.Gone != 0 && now.Sub(r.Gone) >= r.RemoveAfter:
		return "its rule was taken out of the files", true
	case r.RemoveAfter == 0 || !r.Enabled:
		return "", false
	}
	at, known := sources(h.Source)
	if !known || at.Sub(h.Listed) < r.RemoveAfter {
		return "", false
	}
	return fmt.Sprintf("its source answers and has not listed it for %v", at.Sub(h.Listed).Round(time.Second)), true
}

// Listed says when the newest payload for a host was fetched.
func (l *List) Listed(host string, at monitor.Time) {
	if h := l.hosts[host]; h != nil {
		h.Listed = max(h.Listed, at)
	}
}

// Expire removes the hosts that are still due, and gives what changed.
func (l *List) Expire(sources func(name string) (at monitor.Time, ok bool), now monitor.Time) []Change {
	var changes []Change
	for _, h := range l.sorted() {
		why, ok := l.due(h, sources, now)
		if !ok {
			continue
		}
		l.take(h)
		l.removed[h.Name] = h.Listed
		changes = append(changes, changeOf(Removed, h, why))
	}
	if len(changes) > 0 {
		l.rules = slices.DeleteFunc(l.rules, func(r monitor.DynamicRule) bool { return r.Gone != 0 && !l.used(r.Name) })
	}
	l.forget(now)
	return append(changes, l.calm(now)...)
}

// retry has hosts that broke the configuration tried with the next payload.
func (l *List) retry(now monitor.Time) {
	maps.DeleteFunc(l.removed, func(_ string, at monitor.Time) bool { return at > now })
}

// forgetAfter is how long it is remembered of what payload a removed host was made: longer than such a payload is stored.
const forgetAfter = 7 * 24 * time.Hour

func (l *List) forget(now monitor.Time) {
	for name, at := range l.removed {
		if now.Sub(at) > forgetAfter || len(l.removed) > mostRemoved {
			delete(l.removed, name)
		}
	}
}
