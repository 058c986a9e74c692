package lql

import (
	"time"

	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
)

// Wait is what a query wants to happen before it is answered.
type Wait struct {
	// Object names the row of the table that the condition is about.
	Object string
	// Trigger is what wakes the query: all, check, state, log, downtime, comment, command or program.
	Trigger string
	// Timeout is the longest to wait; 0 for no bound of the client's. Then the query is answered all the same.
	Timeout time.Duration
	// Conditional says that there is a condition; otherwise the query waits for the trigger once.
	Conditional bool

	holds filter
	// seen is what Changed gave of the watched object when the condition was looked at, and looked when that was.
	seen   [2]monitor.Time
	looked time.Time
}

// lookAgain is how soon a condition is looked at again although its object did not change: it may depend on others, or on the time.
const lookAgain = time.Second

// triggers are what there is to wait for.
var triggers = map[string]bool{
	"all": true, "check": true, "state": true, "log": true, "downtime": true, "comment": true, "command": true, "program": true,
}

func (p *parser) waiting() *Wait {
	if p.wait == nil {
		p.wait = &Wait{}
	}
	return p.wait
}

func (p *parser) waitConditionHeader(rest string) {
	p.waiting().Conditional = true
	p.filterHeader(&p.waits, rest)
}

func (p *parser) waitTriggerHeader(rest string) {
	word, _ := field(rest)
	switch {
	case word == "":
		p.fail(BadHeader, "WaitTrigger: missing keyword")
	case !triggers[word]:
		p.fail(BadHeader, "WaitTrigger: invalid trigger '%s'. Allowed are all, check, state, log, downtime, comment, command and program.", word)
	default:
		p.waiting().Trigger = word
	}
}

func (p *parser) waitTimeoutHeader(rest string) {
	word, _ := field(rest)
	n, ok := count(word)
	switch {
	case word == "":
		p.fail(BadHeader, "WaitTimeout: missing value")
	case !ok:
		p.fail(BadHeader, "Invalid value for WaitTimeout: must be non-negative integer")
	default:
		p.waiting().Timeout = time.Duration(n) * time.Millisecond
	}
}

// finishWait says whether there is anything to wait for: a condition or a trigger.
func (p *parser) finishWait() {
	w := p.wait
	if w == nil || !w.Conditional && w.Trigger == "" {
		return
	}
	if w.Trigger == "" {
		w.Trigger = "all"
	}
	w.holds = p.compile(&node{kind: and, kids: p.waits})
	p.q.Wait = w
}

// Due says whether the condition is worth looking at: whether its object changed since it was looked at, or some time went by.
func (q *Query) Due(w *table.World) bool {
	wait := q.Wait
	if !wait.Conditional || q.table.Find == nil {
		return true
	}
	row, ok := q.table.Find(w, q.narrow, wait.Object)
	if !ok {
		return true // Ready refuses it
	}
	if seen := row.Changed(); seen != wait.seen || w.Now.Sub(wait.looked) >= lookAgain {
		wait.seen, wait.looked = seen, w.Now
		return true
	}
	return false
}

// Ready says whether the condition holds in a world. A query for an object that is not there is refused.
func (q *Query) Ready(w *table.World) (bool, *Error) {
	wait := q.Wait
	if !wait.Conditional {
		return false, nil
	}
	var row *table.Row
	ok := false
	if q.table.Find != nil {
		row, ok = q.table.Find(w, q.narrow, wait.Object)
	}
	if !ok && wait.Object == "" && q.table.Name == "status" {
		q.table.Each(w, table.Narrow{Anyone: true}, func(r *table.Row) bool { row, ok = r, true; return false })
	}
	if !ok {
		return false, &Error{BadHeader, "WaitObject: object '" + wait.Object + "' not found or not supported by this table"}
	}
	return wait.holds(row), nil
}
