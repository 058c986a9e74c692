package core

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/deptree"
	"github.com/onbu/onbu/deptree/bprule"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
	"github.com/onbu/onbu/scheduler/verdict"
)

// rulebook holds the business rules of an inventory. Objects that have nothing to do with any are in none of its maps.
type rulebook struct {
	// list has the rules in an order in which members come before the rules that they are members of.
	list []rule
	at   map[monitor.ID]int   // the rule of an object
	over map[monitor.ID][]int // the rules that an object is a member of
	// due are the rules whose members changed since they were worked out, sorted.
	due []int
}

// rule is one object that is worked out from others (Shinken's bp_rule).
type rule struct {
	id   monitor.ID
	conf *monitor.Rule
	expr macro.Template
	text string       // expr with the values of its macros
	vary bool         // expr has macros
	tree *bprule.Rule // nil if wrong says why it cannot be worked out
	// wrong goes into the output: what is wrong with the expression.
	wrong  string
	output ruleOutput
}

// bindRules reads the business rules and finds their members. All are worked out again soon: what they say may differ
// from what was said before.
func (c *Core) bindRules() {
	c.rules = rulebook{}
	if len(c.inv.Rules) == 0 {
		return
	}
	list := make([]rule, len(c.inv.Rules))
	for i := range c.inv.Rules {
		list[i] = c.bindRule(&c.inv.Rules[i])
	}
	c.rules = sortRules(list, c.nameOf)
	for n := range c.rules.list {
		c.rules.due = append(c.rules.due, n)
	}
}

func (c *Core) bindRule(conf *monitor.Rule) rule {
	r := rule{id: conf.Object, conf: conf, output: newRuleOutput(conf.OutputTemplate)}
	var err error
	if r.expr, err = macro.Compile(conf.Expression); err == nil {
		r.text, r.vary = c.ruleText(&r), len(r.expr.Macros()) > 0
		r.tree, err = c.bindExpression(r.text, c.inv.HostOf(r.id))
	}
	if err != nil {
		r.wrong = strings.ReplaceAll(err.Error(), "\n", ", and ")
	}
	return r
}

func (c *Core) ruleText(r *rule) string {
	c.resolver = c.about(r.id)
	return r.expr.Text(&c.resolver)
}

func (c *Core) bindExpression(text string, own monitor.ID) (*bprule.Rule, error) {
	e, err := bprule.Parse(text)
	if err != nil {
		return nil, err
	}
	return e.Bind(own, ruleNames{c.compiled})
}

func (c *Core) nameOf(id monitor.ID) string { return c.inv.Ref(id).String() }

// sortRules orders rules so that each comes after those among its members. Rules that are members of themselves, over
// others or not, are never worked out: they say so.
func sortRules(list []rule, name func(monitor.ID) string) rulebook {
	below := rulesBelow(list)
	for {
		graph := deptree.Build(len(list), func(id monitor.ID) []monitor.ID { return below[id] })
		circle := graph.Cycle()
		if circle == nil {
			break
		}
		path := ""
		for i, n := range circle {
			if i > 0 {
				path += " -> "
			}
			path += name(list[n].id)
		}
		for _, n := range circle {
			list[n].tree, list[n].wrong, below[n] = nil, "it is worked out from itself: "+path, nil
		}
	}
	heights := make([]int, len(list))
	for n := range list {
		height(monitor.ID(n), below, heights)
	}
	return newRulebook(list, heights)
}

// rulesBelow gives the rules among the members of each rule.
func rulesBelow(list []rule) [][]monitor.ID {
	at := make(map[monitor.ID]monitor.ID, len(list))
	for n := range list {
		at[list[n].id] = monitor.ID(n)
	}
	below := make([][]monitor.ID, len(list))
	for n := range list {
		for _, member := range list[n].members() {
			if m, ok := at[member]; ok {
				below[n] = append(below[n], m)
			}
		}
	}
	return below
}

// height is how many rules lie below each other under a rule, itself included; there are no circles.
func height(n monitor.ID, below [][]monitor.ID, heights []int) int {
	if heights[n] == 0 {
		highest := 0
		for _, m := range below[n] {
			highest = max(highest, height(m, below, heights))
		}
		heights[n] = highest + 1
	}
	return heights[n]
}

func newRulebook(list []rule, heights []int) rulebook {
	order := make([]int, len(list))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(heights[a], heights[b]) })
	book := rulebook{at: make(map[monitor.ID]int), over: make(map[monitor.ID][]int)}
	for n, was := range order {
		r := list[was]
		book.list = append(book.list, r)
		book.at[r.id] = n
		for _, member := range r.members() {
			book.over[member] = append(book.over[member], n)
		}
	}
	return book
}

// members gives the objects that a rule is worked out from. The slice belongs to the rule.
func (r *rule) members() []monitor.ID {
	if r.tree == nil {
		return nil
	}
	return r.tree.Members()
}

// ruleOf gives the rule of an object, or nil. It is good until the next bindRules.
func (c *Core) ruleOf(id monitor.ID) *rule {
	if n, ok := c.rules.at[id]; ok {
		return &c.rules.list[n]
	}
	return nil
}

// rulesOver gives the objects that are worked out from an object: the business rules that it is a member of.
func (c *Core) rulesOver(id monitor.ID) []monitor.ID {
	var ids []monitor.ID
	for _, n := range c.rules.over[id] {
		ids = append(ids, c.rules.list[n].id)
	}
	return ids
}

// hardMoved notes that the last hard state of an object is another one now: the rules over it are due.
func (c *Core) hardMoved(id monitor.ID) {
	c.noteRulesOver(id)
	for _, n := range c.rules.over[id] {
		if at, known := slices.BinarySearch(c.rules.due, n); !known {
			c.rules.due = slices.Insert(c.rules.due, at, n)
		}
	}
}

// followMembers works out the rules that are due, those below first, so that each is worked out once whatever happened
// to how many of its members. It is the last thing that a call does.
func (c *Core) followMembers(d *Decisions) {
	for len(c.rules.due) > 0 {
		n := c.rules.due[0]
		c.rules.due = slices.Delete(c.rules.due, 0, 1)
		c.follow(&c.rules.list[n], d)
	}
	c.rippleRules(d)
}

// follow checks a rule because a member changed. If the state stays as it is, no attempt is counted; what is said of it is
// brought up to date.
func (c *Core) follow(r *rule, d *Decisions) {
	id := r.id
	if !c.checked(id) || !c.in(c.inv.Policy(id).CheckPeriod, c.now) || c.held(id).why != free || c.isOpen(r) {
		return
	}
	state := c.workOut(r)
	if state != c.shown(id) || c.standing[id].State == monitor.Pending {
		c.judge(r, state, d)
		return
	}
	x := &c.text[id]
	if output := oneLine(c.say(r, state)); x.Output() != output {
		*x = newText(output, x.Long(), x.Perfdata())
		c.changed(monitor.BrokState, id, "", d)
	}
}

// shown gives an object's state as workOut gives states: a host is UP or DOWN.
func (c *Core) shown(id monitor.ID) monitor.State {
	if s := c.stateOrUp(id); !c.inv.IsHost(id) || s == monitor.Up {
		return s
	}
	return monitor.Down
}

// checkRule is the regular or demanded check of a business rule.
func (c *Core) checkRule(r *rule, d *Decisions) {
	id := r.id
	if r.vary && c.ruleText(r) != r.text {
		c.bindRules()
		r = c.ruleOf(id)
	}
	if c.isOpen(r) {
		c.plan(id, c.interval(id), c.now)
		return
	}
	c.judge(r, c.workOut(r), d)
}

// ruleModule is what checks of business rules have in the place of a module.
const ruleModule = "bp_rule"

// judge makes a state that was worked out the result of an active check.
func (c *Core) judge(r *rule, state monitor.State, d *Decisions) {
	c.apply(r.id, &look{
		state: state, how: monitor.Active, started: c.now, finished: c.now, module: ruleModule,
		outcome: &monitor.Outcome{State: state, Output: c.say(r, state)},
	}, d)
}

// workOut gives the state of a rule: UNKNOWN if something is wrong with it. For a host it is UP or DOWN.
func (c *Core) workOut(r *rule) monitor.State {
	state := monitor.Unknown
	if r.tree != nil {
		state = r.tree.State(c.lastHard)
	}
	if c.inv.IsHost(r.id) {
		return verdict.ActiveHost(state, c.inv.Options.AggressiveHostChecks)
	}
	return state
}

func (c *Core) lastHard(id monitor.ID) monitor.State { return c.standing[id].LastHard }

// isOpen says whether a rule that was never worked out depends on members that were never checked. It waits for them:
// nobody is to be woken because Onbu was just started.
func (c *Core) isOpen(r *rule) bool {
	if c.standing[r.id].State != monitor.Pending || r.tree == nil {
		return false
	}
	unknown := false
	worst := r.tree.State(func(id monitor.ID) monitor.State {
		if s := c.lastHard(id); s != monitor.Pending {
			return s
		}
		unknown = true
		return monitor.Critical
	})
	return unknown && worst != r.tree.State(c.lastHard)
}

// ruleSilence says why nobody is told of the problem of a rule with business_rule_smart_notifications: everything that it
// comes from is in somebody's hands.
func (c *Core) ruleSilence(id monitor.ID) string {
	r := c.ruleOf(id)
	if r == nil || !r.conf.Smart || !c.isTaken(r, id, nil) {
		return ""
	}
	if r.conf.DowntimeAsAck {
		return "all that this business rule suffers from is acknowledged or in a downtime"
	}
	return "all that this business rule suffers from is acknowledged"
}

// isTaken says whether an object's problem, or else all that it comes from, is acknowledged, or in a downtime if that
// counts for the rule. path holds the objects whose problems are being traced: what comes from itself is not taken.
func (c *Core) isTaken(r *rule, id monitor.ID, path []monitor.ID) bool {
	if s := &c.standing[id]; id != r.id {
		inDowntime := s.depth > 0 || c.standing[c.inv.HostOf(id)].depth > 0
		if s.Ack != monitor.AckNone || r.conf.DowntimeAsAck && inDowntime {
			return true
		}
	}
	if slices.Contains(path, id) {
		return false
	}
	causes := c.comesFrom(id)
	for _, below := range causes {
		if !c.isTaken(r, below, append(path, id)) {
			return false
		}
	}
	return len(causes) > 0
}

// comesFrom gives what an object's problem comes from, as far as it is not its own: members of a rule that are in
// trouble, a host that is not UP, the hosts that keep a host from being reached.
func (c *Core) comesFrom(id monitor.ID) []monitor.ID {
	host := c.inv.HostOf(id)
	switch inner := c.ruleOf(id); {
	case inner != nil:
		return c.troubled(inner)
	case id != host && !c.isUp(host):
		return []monitor.ID{host}
	case id == host && c.standing[id].State == monitor.Unreachable:
		return c.rootCause(id)
	}
	return nil
}

// troubled gives the members of a rule whose last hard state is neither OK nor UP.
func (c *Core) troubled(r *rule) []monitor.ID {
	var ids []monitor.ID
	for _, id := range r.members() {
		if s := c.lastHard(id); s != monitor.OK && s != monitor.Pending {
			ids = append(ids, id)
		}
	}
	return ids
}

// ruleChecking says how a rule is checked, for Explain.
func (c *Core) ruleChecking(r *rule) string {
	text := fmt.Sprintf("worked out from others (%d) when one of them changes", len(r.members()))
	if interval := c.inv.Policy(r.id).CheckInterval; interval > 0 {
		text += fmt.Sprintf(", and every %v", interval)
	}
	return text
}
