// Package cover knows which work of a cluster nobody is left for.
package cover

import (
	"slices"

	"github.com/onbu/onbu/monitor/api"
)

// Needs are the tags that the configuration in force has work for, as people write them: Untagged for what has none.
type Needs struct {
	Pollers, Reactionners []string
}

// Untagged is how Shinken writes the tag of what has none.
const Untagged = "None"

// Gaps gives the work that nobody does: in the order in which roles start, and then by tag. A role that nobody ever had is missed
// only where there is work for it.
func Gaps(all []api.Role, needs Needs) []api.Gap {
	gaps := []api.Gap{}
	for _, role := range [...]string{"arbiter", "broker", "reactionner", "scheduler", "poller", "receiver"} {
		its := slices.DeleteFunc(slices.Clone(all), func(r api.Role) bool { return r.Role != role })
		tags := needs.of(role)
		switch {
		case len(its) == 0 && len(tags) == 0:
		case !slices.ContainsFunc(its, works):
			gaps = append(gaps, api.Gap{Role: role, Lost: lost[role], Idle: idle(its)})
		default:
			gaps = append(gaps, untended(its, role, tags)...)
		}
	}
	return gaps
}

func (n *Needs) of(role string) []string {
	switch role {
	case "poller":
		return n.Pollers
	case "reactionner":
		return n.Reactionners
	}
	return nil
}

func works(r api.Role) bool { return r.Works() }

// lost is what is not done while nobody works in a role.
var lost = map[string]string{
	"arbiter":     "no configuration is read or changed, and no dynamic host is added",
	"broker":      "no module gets anything until one is back, when it all comes; the API, the pages and Livestatus answer nobody, so that only a terminal takes it out again",
	"reactionner": "nobody is told anything until one is back, when all that waits is sent",
	"scheduler":   "nothing is checked, and nobody is told anything",
	"poller":      "no active check is made",
	"receiver":    "no passive result and no trap is taken",
}

// untended are the tags that none serves of those who work.
func untended(its []api.Role, role string, tags []string) (gaps []api.Gap) {
	for _, tag := range tags {
		if slices.ContainsFunc(its, func(r api.Role) bool { return r.Works() && serves(&r, tag) }) {
			continue
		}
		those := slices.DeleteFunc(slices.Clone(its), func(r api.Role) bool { return r.Tags == nil || !serves(&r, tag) })
		gaps = append(gaps, api.Gap{Role: role, Tag: tag, Lost: lostOf(role, tag), Idle: idle(those)})
	}
	return gaps
}

// serves says whether a role has a tag. One of an older release does not say, and is taken to have all.
func serves(r *api.Role, tag string) bool { return r.Tags == nil || slices.Contains(r.Tags, tag) }

func lostOf(role, tag string) string {
	of := "with the tag " + tag
	if tag == Untagged {
		of = "without a tag"
	}
	if role == "poller" {
		return "no active check " + of + " is made"
	}
	return "no notification and no event handler " + of + " is carried out until one is back"
}

// idle says of those who would do the work how they are.
func idle(its []api.Role) (all []string) {
	for _, r := range its {
		all = append(all, r.Node+" "+map[string]string{
			api.Draining: "is being drained", api.Maintenance: "is in maintenance", api.Disconnected: "is disconnected", api.Ended: "has ended", api.Silent: "is silent",
		}[r.State])
	}
	slices.Sort(all)
	return all
}

// Opened gives the gaps that there are once something is changed, and that were not there before.
func Opened(before, after []api.Gap) []api.Gap {
	return slices.DeleteFunc(slices.Clone(after), func(g api.Gap) bool {
		return slices.ContainsFunc(before, func(b api.Gap) bool { return b.Role == g.Role && (b.Tag == "" || b.Tag == g.Tag) })
	})
}
