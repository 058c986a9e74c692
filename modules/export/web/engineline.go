package web

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// judge finds what is not well, the worst first, and says in a sentence how all is.
func (e *engine) judge(warnings []string) {
	e.Troubles = []trouble{}
	e.judgeBus()
	e.judgeRoles()
	e.judgeShards()
	e.judgeQueues()
	e.judgeExports()
	for _, text := range warnings {
		if !strings.HasPrefix(text, "no scheduler looks after") && !strings.Contains(text, "payloads wait for the way") { // said above already
			e.add("WARNING", "configuration", text, 0)
		}
	}
	slices.SortStableFunc(e.Troubles, func(a, b trouble) int { return cmp.Compare(a.State, b.State) })
	e.Well = len(e.Troubles) == 0
	e.Line = e.line()
}

func (e *engine) add(state, what, text string, since float64) {
	e.Troubles = append(e.Troubles, trouble{state, what, text, since})
}

func (e *engine) judgeBus() {
	if e.Bus.Mute > 0 {
		e.add("CRITICAL", "bus", "nothing is stored: "+e.Bus.Why, e.Bus.Mute)
	}
	for _, s := range e.Bus.Behind {
		e.add("WARNING", "bus server "+s.Server, s.Why, s.Since)
	}
}

// judgeRoles names the roles that are silent. Maintenance is no trouble: somebody ordered it.
func (e *engine) judgeRoles() {
	for _, r := range e.Roles {
		switch {
		case r.State == "silent":
			e.add("CRITICAL", r.Role+" of "+r.Node, "is silent", r.Seen)
		case r.State == "up" && r.Load["files_differ"] != 0:
			e.add("WARNING", r.Role+" of "+r.Node, "its files are not those in force: onbu reload", 0)
		}
	}
	for _, what := range e.unmanned() {
		e.add("CRITICAL", what, "none works: "+lost(what), 0)
	}
}

// unmanned are the roles that nobody works in though there was somebody.
func (e *engine) unmanned() (all []string) {
	for _, what := range [...]string{"arbiter", "broker", "reactionner", "scheduler", "poller", "receiver"} {
		there, working := false, false
		for _, r := range e.Roles {
			there = there || r.Role == what
			working = working || r.Role == what && (r.State == "up" || r.State == "draining")
		}
		if there && !working {
			all = append(all, what)
		}
	}
	return all
}

// lost says what is not done while nobody works in a role.
func lost(role string) string {
	switch role {
	case "arbiter":
		return "no configuration is read or changed"
	case "broker":
		return "no module gets anything until one is back"
	case "reactionner":
		return "nobody is told anything until one is back"
	case "scheduler":
		return "nothing is checked, and nobody is told anything"
	case "poller":
		return "no active check is made"
	}
	return "no passive result and no trap is taken"
}

// settles is how long nobody may answer for a shard, in seconds, before that is told: one that is handed over is silent for a moment, and
// one whose owner was killed for some more.
const settles = 8

func (e *engine) judgeShards() {
	for i := range e.Shards {
		if e.Now-e.Shards[i].Unanswered < settles {
			e.Shards[i].Unanswered = 0
		}
	}
	hosts, gone, since := 0, 0, 0.0
	for _, s := range e.Shards {
		if s.Unanswered > 0 && s.Hosts > 0 {
			gone, hosts = gone+1, hosts+s.Hosts
			if since == 0 || s.Unanswered < since {
				since = s.Unanswered
			}
		}
	}
	if gone > 0 {
		e.add("CRITICAL", "shards", fmt.Sprintf("no scheduler looks after %s with %s", several(gone, "shard"), several(hosts, "host")), since)
	}
}

func (e *engine) judgeQueues() {
	for _, q := range e.Queues {
		if q.Late && (q.Name != "feed" || len(e.Exports) == 0) { // of the modules themselves more is known
			e.add("WARNING", queueName(q), waitingText(q), q.Since)
		}
	}
}

// queueName says what a queue is.
func queueName(q queue) string {
	of := ""
	if q.Of != "" {
		of = " of " + q.Of
	}
	switch q.Name {
	case "results":
		return "results of checks, for schedulers"
	case "passive":
		return "passive results, for schedulers"
	case "commands":
		return "commands, for schedulers"
	case "jobs":
		return "jobs of scheduler " + q.Of + ", for a poller with room"
	case "checks":
		return "checks at poller " + q.Of
	case "payloads":
		return "payloads for site " + q.Of
	case "feed":
		return "modules at broker " + q.Of
	}
	return q.Name + of
}

func waitingText(q queue) string {
	if q.Unit == "seconds" {
		return "lag " + (time.Duration(q.Waiting) * time.Second).String()
	}
	text := count(q.Waiting) + " " + q.Unit + " wait"
	if q.Unit == "bytes" {
		text = fmt.Sprintf("%.1f MB wait", float64(q.Waiting)/1e6)
	}
	if q.Oldest >= 1 {
		text += ", the oldest for " + time.Duration(q.Oldest*1e9).Round(time.Second).String()
	}
	return text
}

func (e *engine) judgeExports() {
	for _, x := range e.Exports {
		switch {
		case x.Forgotten > 0:
		case x.Broker == "":
			e.add("WARNING", "module "+x.Module, "no broker works with it", 0)
		case x.Failing > 0:
			e.add("WARNING", "module "+x.Module, "takes nothing: "+x.Error, x.Failing)
		}
		for _, s := range x.Streams {
			if s.LimitUsed >= .8 && x.Forgotten == 0 {
				e.add("CRITICAL", "module "+x.Module, fmt.Sprintf("is so far behind that %s loses messages soon: %.0f %% of what it may hold wait", s.Stream, 100*s.LimitUsed), 0)
			}
		}
	}
}

// line says how all is: 4 nodes, all up · 16 shards owned · 5,210 checks/s, p99 12 ms late · queues empty.
func (e *engine) line() string {
	parts := []string{e.nodesLine(), e.shardsLine()}
	if rate := e.Checks.All.Rate; rate > 0 {
		parts = append(parts, fmt.Sprintf("%s checks/s, p99 %s late", rateText(rate), shortly(e.Checks.All.Latency.P99)))
	}
	late := 0
	for _, q := range e.Queues {
		if q.Late {
			late++
		}
	}
	switch {
	case e.Missing["queues"] != "":
	case late == 0:
		parts = append(parts, "queues empty")
	case late == 1:
		parts = append(parts, "1 queue is not empty")
	default:
		parts = append(parts, fmt.Sprintf("%d queues are not empty", late))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// nodesLine says how many nodes there are and whether they work; one that is in maintenance in a role, and up in its others, is so because somebody ordered it.
func (e *engine) nodesLine() string {
	up, resting := map[string]bool{}, map[string]bool{}
	for _, r := range e.Roles {
		if r.State == "ended" {
			continue
		}
		was, known := up[r.Node]
		up[r.Node] = (was || !known) && (r.State == "up" || r.State == "maintenance")
		resting[r.Node] = resting[r.Node] || r.State == "maintenance"
	}
	not, rest := 0, 0
	for node, well := range up {
		switch {
		case !well:
			not++
		case resting[node]:
			rest++
		}
	}
	all := several(len(up), "node")
	switch {
	case len(up) == 0:
		return ""
	case not == 0 && rest > 0:
		return fmt.Sprintf("%d of %s in maintenance", rest, all)
	case not > 0 && rest > 0:
		return fmt.Sprintf("%d of %s not up in every role, %d in maintenance", not, all, rest)
	case not > 0:
		return fmt.Sprintf("%d of %s not up in every role", not, all)
	case len(up) == 1:
		return "1 node, up"
	}
	return all + ", all up"
}

func (e *engine) shardsLine() string {
	owned := 0
	for _, s := range e.Shards {
		if s.Owner != "" && s.Unanswered == 0 {
			owned++
		}
	}
	switch len(e.Shards) {
	case 0:
		return ""
	case owned:
		return several(owned, "shard") + " owned"
	}
	return fmt.Sprintf("%d of %s owned", owned, several(len(e.Shards), "shard"))
}

// several says how many there are of something.
func several(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return count(int64(n)) + " " + what + "s"
}

// count writes a number with thin spaces between thousands.
func count(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u2009" + text[i:]
	}
	return text
}

func rateText(rate float64) string {
	if rate < 10 {
		return strconv.FormatFloat(rate, 'f', 1, 64)
	}
	return count(int64(rate + .5))
}

// shortly writes seconds in the unit that fits.
func shortly(seconds float64) string {
	switch {
	case seconds < .001:
		return "under 1 ms"
	case seconds < 1:
		return fmt.Sprintf("%.0f ms", seconds*1e3)
	}
	return fmt.Sprintf("%.1f s", seconds)
}

// bound keeps what is sent to a size that a page can show, the worst of it first.
func (e *engine) bound() {
	e.Roles, e.Shards, e.Queues = first(e.Roles), first(e.Shards), first(e.Queues)
	e.Exports, e.Troubles, e.Log = first(e.Exports), first(e.Troubles), first(e.Log)
}

// first gives as many rows as are shown; never nil.
func first[T any](rows []T) []T { return append([]T{}, rows[:min(len(rows), mostRows)]...) }
