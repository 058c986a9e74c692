package lql

import (
	"math"
	"strings"

	"github.com/onbu/onbu/modules/export/livestatus/table"
)

// filter says whether a row passes.
type filter func(*table.Row) bool

// kind is what a node of a tree of filters is.
type kind uint8

const (
	leaf kind = iota
	and
	or
	not
)

// node is a filter as it was read: a comparison, or a combination.
type node struct {
	kind kind
	kids []*node // of and, or, not

	column column
	op     operator
	value  string
}

// operator is a comparison; negated ones are the comparison itself and a mark: >= is "not less".
type operator struct {
	is      byte // = equal, i equal but for case, ~ regex, r regex but for case, < less, > greater, s contains, S contains but for case
	negated bool
}

// readOperator reads an operator, with the exclamation mark that negates any.
func readOperator(word string) (op operator, ok bool) {
	plain, negated := strings.CutPrefix(word, "!")
	op.negated = negated
	switch plain {
	case "=", "~", "<", ">":
		op.is = plain[0]
	case "=~":
		op.is = 'i'
	case "~~":
		op.is = 'r'
	case ">=":
		op.is, op.negated = '<', !negated
	case "<=":
		op.is, op.negated = '>', !negated
	case "like", "unlike": // LMD's
		op.is, op.negated = 's', negated != (plain == "unlike")
	case "ilike", "iunlike":
		op.is, op.negated = 'S', negated != (plain == "iunlike")
	default:
		return op, false
	}
	return op, true
}

// filterHeader reads "column operator value" and puts it on a stack.
func (p *parser) filterHeader(stack *[]*node, rest string) {
	name, rest := field(rest)
	if name == "" {
		p.fail(BadHeader, "empty filter line")
		return
	}
	if n := p.comparison("filter", name, rest); n != nil {
		*stack = append(*stack, n)
	}
}

// comparison reads the operator and the value of a comparison; what is the word for it in errors.
func (p *parser) comparison(what, name, rest string) *node {
	if !p.another() {
		return nil
	}
	word, rest := field(rest)
	if word == "" {
		p.fail(BadHeader, "invalid %s header: missing operator after table '%s'", what, name)
		return nil
	}
	op, ok := readOperator(word)
	if !ok {
		p.fail(BadHeader, "invalid %s operator '%s'", what, word)
		return nil
	}
	return &node{column: p.column(name), op: op, value: strings.TrimLeft(rest, blanks)}
}

// another counts one more filter, or combination of filters.
func (p *parser) another() bool {
	if p.leaves++; p.leaves > mostFilters {
		p.fail(LimitExceeded, "more than %d filters in a query", mostFilters)
		return false
	}
	return true
}

// counted reads how many filters are to be combined.
func (p *parser) counted(name, rest string) (n int, ok bool) {
	word, _ := field(rest)
	if word == "" {
		p.fail(BadHeader, "Missing value for %s: need non-zero integer number", name)
		return 0, false
	}
	if n, ok = count(word); !ok {
		p.fail(BadHeader, "Invalid value for %s: need non-negative integer number", name)
	}
	return n, ok
}

// combine takes the last filters off a stack and puts what they are together in their place.
func (p *parser) combine(stack *[]*node, name string, k kind, rest string) {
	n, ok := p.counted(name, rest)
	if !ok {
		return
	}
	if n > len(*stack) {
		word := "AND"
		if k == or {
			word = "OR"
		}
		p.fail(BadHeader, "error in %s header: Cannot combine %d filters with '%s': only %d are on stack", name, n, word, len(*stack))
		return
	}
	if !p.another() {
		return
	}
	at := len(*stack) - n
	*stack = append((*stack)[:at:at], &node{kind: k, kids: (*stack)[at:]})
}

func (p *parser) negate(stack *[]*node, name, none, rest string) {
	last := len(*stack) - 1
	switch {
	case strings.Trim(rest, blanks) != "":
		p.fail(BadHeader, "%s: does not take any arguments", name)
	case last < 0:
		p.fail(BadHeader, "%s", none)
	default:
		(*stack)[last] = negation((*stack)[last])
	}
}

// negation turns a filter round; two of them are none, so that no query can nest deeply this way.
func negation(n *node) *node {
	if n.kind == not {
		return n.kids[0]
	}
	return &node{kind: not, kids: []*node{n}}
}

// compile makes a function of a tree.
func (p *parser) compile(n *node) filter {
	switch n.kind {
	case leaf:
		return p.compare(n)
	case not:
		f := p.compile(n.kids[0])
		return func(r *table.Row) bool { return !f(r) }
	}
	all := make([]filter, len(n.kids))
	for i, kid := range n.kids {
		all[i] = p.compile(kid)
	}
	if len(all) == 1 {
		return all[0]
	}
	if n.kind == or {
		return anyOf(all)
	}
	return allOf(all)
}

func allOf(all []filter) filter {
	return func(r *table.Row) bool {
		for _, f := range all {
			if r.World.Over() || !f(r) {
				return false
			}
		}
		return true
	}
}

func anyOf(all []filter) filter {
	return func(r *table.Row) bool {
		for _, f := range all {
			if r.World.Over() || f(r) {
				return true
			}
		}
		return false
	}
}

// equals gives the one value that a column of text must have for the filter to pass; empty if there may be several.
func (n *node) equals(column string) string {
	switch n.kind {
	case leaf:
		if n.op == (operator{is: '='}) && n.column.of != nil && n.column.name == column && n.column.of.Kind == table.String {
			return n.value
		}
	case and:
		for _, kid := range n.kids {
			if v := kid.equals(column); v != "" {
				return v
			}
		}
	case or:
		if len(n.kids) == 0 {
			return ""
		}
		first := n.kids[0].equals(column)
		for _, kid := range n.kids[1:] {
			if kid.equals(column) != first {
				return ""
			}
		}
		return first
	}
	return ""
}

// times gives bounds on the column time, both included, that the filter makes sure of; until 0 is none. shift is how far
// ahead the client's clock is.
func (n *node) times(shift int64) (from, until int64) {
	switch n.kind {
	case leaf:
		return n.leafTimes(shift)
	case and:
		for _, kid := range n.kids {
			f, u := kid.times(shift)
			from = max(from, f)
			if u != 0 && (until == 0 || u < until) {
				until = u
			}
		}
	case or:
		if len(n.kids) == 0 {
			return 0, 0
		}
		from, until = n.kids[0].times(shift)
		for _, kid := range n.kids[1:] {
			f, u := kid.times(shift)
			from = min(from, f)
			if u == 0 || until == 0 {
				until = 0
			} else {
				until = max(until, u)
			}
		}
	}
	return from, until
}

func (n *node) leafTimes(shift int64) (from, until int64) {
	if n.column.of == nil || n.column.name != "time" || n.column.of.Kind != table.Time {
		return 0, 0
	}
	at := atoi(n.value) - shift
	switch n.op {
	case operator{'=', false}:
		return max(at, 0), max(at, 1)
	case operator{'<', false}:
		return 0, max(at-1, 1)
	case operator{'>', true}: // <=
		return 0, max(at, 1)
	case operator{'>', false}:
		return max(at, 0), 0 // one second more than needed, where at+1 could be too large
	case operator{'<', true}: // >=
		return max(at, 0), 0
	}
	return 0, 0
}

// classes gives the classes of lines of the log that may pass, a bit each; 0 for all.
func (n *node) classes() uint32 {
	if mask := n.classMask(); mask != math.MaxUint32 {
		return mask | 1<<31 // so that none is not all
	}
	return 0
}

func (n *node) classMask() uint32 {
	mask := uint32(math.MaxUint32)
	switch n.kind {
	case leaf:
		if n.column.of == nil || n.column.name != "class" || n.column.of.Kind != table.Int {
			return mask
		}
		passes, mask := compareInt(n.op, atoi(n.value)), uint32(0)
		for class := range 31 {
			if passes(int64(class)) {
				mask |= 1 << class
			}
		}
		return mask
	case and:
		for _, kid := range n.kids {
			mask &= kid.classMask()
		}
	case or:
		mask = 0
		for _, kid := range n.kids {
			mask |= kid.classMask()
		}
	}
	return mask
}
