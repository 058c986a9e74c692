package standing

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor/amount"
	"github.com/onbu/onbu/monitor/api"
)

// Judge finds what is not well, the worst first, says in a sentence how all is, and bounds every list. Warnings are those of the summary.
func (e *Engine) Judge(warnings []string) {
	e.Troubles = []Trouble{}
	e.judgeBus()
	e.judgeRoles()
	e.judgeShards()
	e.judgeQueues()
	e.judgeChecks()
	e.judgeExports()
	for _, text := range warnings {
		if !strings.HasPrefix(text, "no scheduler looks after") && !strings.Contains(text, "payloads wait for the way") { // said above already
			e.add("WARNING", "configuration", text, 0)
		}
	}
	slices.SortStableFunc(e.Troubles, func(a, b Trouble) int { return cmp.Compare(a.State, b.State) })
	e.Well = len(e.Troubles) == 0 && len(e.Missing) == 0 // what nobody could ask is not well
	e.Line = e.line()
	e.bound()
}

func (e *Engine) add(state, what, text string, since float64) {
	e.Troubles = append(e.Troubles, Trouble{state, what, text, since})
}

func (e *Engine) judgeBus() {
	if e.Bus.Mute > 0 {
		e.add("CRITICAL", "bus", "nothing is stored: "+e.Bus.Why, e.Bus.Mute)
	}
	if e.Bus.Ill != "" {
		e.add("CRITICAL", "bus", e.Bus.Ill, 0)
	}
	for _, s := range e.Bus.Behind {
		e.add("WARNING", "bus server "+s.Server, s.Why, s.Since)
	}
}

// judgeRoles names the roles that are silent, and what nobody does. Maintenance by itself is no trouble: somebody ordered it.
func (e *Engine) judgeRoles() {
	for _, r := range e.Roles {
		switch {
		case r.State == api.Silent:
			e.add("CRITICAL", r.Role+" of "+r.Node, "is silent", r.Seen)
		case r.State == api.Up && r.Load["files_differ"] != 0:
			e.add("WARNING", r.Role+" of "+r.Node, "its files are not those in force: onbu reload", 0)
		}
		for _, text := range r.Troubles {
			e.add("WARNING", r.Role+" of "+r.Node, text, 0)
		}
	}
	for i := range e.Gaps {
		e.add("CRITICAL", e.Gaps[i].What(), e.Gaps[i].Text(), 0)
	}
}

// settles is how long nobody may answer for a shard, in seconds, before that is told: one that is handed over is silent for a moment, and
// one whose owner was killed for some more.
const settles = 8

func (e *Engine) judgeShards() {
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
		e.add("CRITICAL", "shards", fmt.Sprintf("no scheduler looks after %s with %s", amount.Several(gone, "shard"), amount.Several(hosts, "host")), since)
	}
}

func (e *Engine) judgeQueues() {
	for _, q := range e.Queues {
		if q.Late && (q.Name != "feed" || len(e.Exports) == 0) { // of the modules themselves more is known
			e.add("WARNING", queueName(q), waitingText(q), q.Since)
		}
	}
}

// latest is how late one check in a hundred may begin, in seconds, over the minute that it is measured for. Intervals are seldom under ten
// seconds: what begins a second late lacks room on a poller or in a scheduler, and one check in a hundred is not one that was unlucky.
const latest = 1

func (e *Engine) judgeChecks() {
	if late := e.Checks.All.Latency.P99; e.Checks.All.Rate > 0 && late >= latest {
		e.add("WARNING", "checks", fmt.Sprintf("begin late: one in a hundred of the last minute by %s or more; pollers or schedulers lack room", shortly(late)), 0)
	}
}

// queueName says what a queue is.
func queueName(q api.Queue) string {
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

func waitingText(q api.Queue) string {
	if q.Unit == "seconds" {
		return "lag " + (time.Duration(q.Waiting) * time.Second).String()
	}
	text := amount.Count(q.Waiting) + " " + q.Unit + " wait"
	if q.Unit == "bytes" {
		text = fmt.Sprintf("%.1f MB wait", float64(q.Waiting)/1e6)
	}
	if q.Oldest >= 1 {
		text += ", the oldest for " + time.Duration(q.Oldest*1e9).Round(time.Second).String()
	}
	return text
}

func (e *Engine) judgeExports() {
	for _, x := range e.Exports {
		switch {
		case x.Forgotten > 0:
		case x.Broker == "" && x.Own && e.elsewhere(x.Module): // the place of a broker that is gone, of which its role tells
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

// elsewhere says whether some broker works with a module of which each has a place of its own.
func (e *Engine) elsewhere(module string) bool {
	return slices.ContainsFunc(e.Exports, func(x api.Export) bool { return x.Module == module && x.Broker != "" })
}

// line says how all is: 4 nodes, all up · 16 shards owned · 5,210 checks/s, p99 12 ms late · queues empty.
func (e *Engine) line() string {
	parts := []string{e.nodesLine(), e.shardsLine()}
	if rate := e.Checks.All.Rate; rate > 0 {
		parts = append(parts, fmt.Sprintf("%s checks/s, p99 %s late", rateText(rate), shortly(e.Checks.All.Latency.P99)))
	}
	parts = append(parts, e.queuesLine())
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// queuesLine tells queues that hold nothing from those in which things come and go, and from those that stand.
func (e *Engine) queuesLine() string {
	late, waits := 0, false
	for _, q := range e.Queues {
		if waits = waits || q.Waiting > 0; q.Late {
			late++
		}
	}
	switch {
	case e.Missing["queues"] != "":
		return ""
	case late == 1:
		return "1 queue is not short"
	case late > 1:
		return fmt.Sprintf("%d queues are not short", late)
	case waits:
		return "queues short"
	}
	return "queues empty"
}

// nodesLine says how many nodes there are and whether they work; one that is in maintenance in a role, and up in its others, is so because somebody ordered it.
func (e *Engine) nodesLine() string {
	up, resting := map[string]bool{}, map[string]bool{}
	for _, r := range e.Roles {
		if r.State == api.Ended {
			continue
		}
		was, known := up[r.Node]
		up[r.Node] = (was || !known) && (r.State == api.Up || r.State == api.Maintenance)
		resting[r.Node] = resting[r.Node] || r.State == api.Maintenance
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
	all := amount.Several(len(up), "node")
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

func (e *Engine) shardsLine() string {
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
		return amount.Several(owned, "shard") + " owned"
	}
	return fmt.Sprintf("%d of %s owned", owned, amount.Several(len(e.Shards), "shard"))
}

func rateText(rate float64) string {
	if rate < 10 {
		return strconv.FormatFloat(rate, 'f', 1, 64)
	}
	return amount.Count(int64(rate + .5))
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
func (e *Engine) bound() {
	e.Roles, e.Shards, e.Queues = first(e.Roles), first(e.Shards), first(e.Queues)
	e.Exports, e.Troubles, e.Log = first(e.Exports), first(e.Troubles), first(e.Log)
	e.Gaps = first(e.Gaps)
}

// first gives as many rows as are shown; never nil.
func first[T any](rows []T) []T { return append([]T{}, rows[:min(len(rows), MostRows)]...) }
