// Package bprule knows business rules (Shinken's bp_rule): how an expression such as "2 of: web1,http | web2,http" is
// written, which objects it stands for, and what state follows from theirs.
//
// Parse reads an expression, Bind finds its members among the objects of a configuration, and Rule.State works it out.
// The forms are those of Shinken 2.4 (dependencynode.py):
//
//	web1                    a host                 web1,http         a service
//	,http                   a service of the rule's own host
//	a & b & c               the worst of them      a | b | c         the best
//	!a                      CRITICAL becomes OK and OK becomes CRITICAL
//	(a | b) & c             & and | are not mixed without parentheses
//	2 of: a | b | c         OK while two are       50% of: …         while half of them are
//	-1 of: a | b | c        OK while no more than one is not
//	3,2,1 of: a | b | c     OK with three that are, WARNING with two that are not, CRITICAL with one that is; the worst
//	                        that applies counts, and 0 stands for all
//
// In the place of a host or of a service description may stand g:GROUP, r:REGEXP (matched from the beginning of the
// name), l:LABEL, t:TAG (a template that hosts use; only for hosts) and * for all. Such a term stands for all of its
// objects: on its own it is the worst of them, right behind "of:" each of them counts.
package bprule

import "fmt"

// Expr is an expression that was understood. It does not change; any goroutine may use it.
type Expr struct {
	root *node
}

// Error says what is wrong with an expression, and where.
type Error struct {
	// Column counts characters from 1.
	Column int
	Text   string
	// Missing is the name that stands for nothing, empty where that is not what is wrong. What and Service say whose it
	// would be, and Host on which host a service was looked for; empty is the rule's own.
	Missing string
	What    What
	Service bool
	Host    string
}

func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Text) }

// kind is what a node does with its sons.
type kind uint8

const (
	term kind = iota // has no sons but a name
	worst
	best
	count
)

// node is a part of an expression.
type node struct {
	kind kind
	not  bool
	sons []*node
	need [3]limit // of count: OK, WARNING, CRITICAL
	// triple says that all three of need were given: if nothing applies the state is OK, and not the worst.
	triple bool
	// each says that the one son of a count is a term that stands for many, each of which counts.
	each bool
	name name
}

// limit is a number, or a percentage, of a node's sons. A negative one counts from all of them; 0 is all.
type limit struct {
	n       int
	percent bool
}

// reached says whether so many of all sons are enough.
func (l limit) reached(some, all int) bool {
	n, whole := l.n, all
	if l.percent {
		some, whole = some*100, 100
	}
	if n <= 0 {
		n = max(whole+n, 0)
	}
	if l.percent {
		n *= all
	}
	return some >= n
}

// name is what a term says.
type name struct {
	column        int
	host, service pattern
	// ofService tells host,service from host.
	ofService bool
}

// many says whether the term may stand for more than one object.
func (n *name) many() bool { return n.host.what != Name || n.ofService && n.service.what != Name }
