package bprule

import (
	"errors"
	"fmt"

	"github.com/onbu/onbu/monitor"
)

// Rule is an expression with its members. It does not change; any goroutine may use it.
type Rule struct {
	root    *bound
	members []monitor.ID
}

// bound is a node whose names were found.
type bound struct {
	kind   kind
	not    bool
	need   [3]limit
	triple bool
	sons   []*bound
	id     monitor.ID // of a term
	host   bool
}

// Bind finds the members of an expression; own is the host that the rule belongs to, which an empty name stands for. The
// error joins one *Error for each name that stands for nothing.
func (e *Expr) Bind(own monitor.ID, names Names) (*Rule, error) {
	b := &binder{own: own, names: names, seen: make(map[monitor.ID]bool)}
	r := &Rule{root: b.node(e.root)}
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	r.members = b.members
	return r, nil
}

// Members gives the objects that the state follows from, each once, in the order of the expression. The slice belongs to
// the rule.
func (r *Rule) Members() []monitor.ID { return r.members }

type binder struct {
	own     monitor.ID
	names   Names
	members []monitor.ID
	seen    map[monitor.ID]bool
	errs    []error
}

func (b *binder) node(n *node) *bound {
	out := &bound{kind: n.kind, not: n.not, need: n.need, triple: n.triple}
	switch {
	case n.kind == term && !n.name.many():
		out.host = !n.name.ofService
		if ids := b.find(&n.name); len(ids) > 0 {
			out.id = ids[0]
		}
	case n.kind == term:
		out.kind = worst
		out.sons = b.terms(&n.name)
	case n.each:
		out.sons = b.terms(&n.sons[0].name)
	default:
		for _, son := range n.sons {
			out.sons = append(out.sons, b.node(son))
		}
	}
	return out
}

// terms makes a term of each object that a name stands for.
func (b *binder) terms(n *name) []*bound {
	var sons []*bound
	for _, id := range b.find(n) {
		sons = append(sons, &bound{kind: term, id: id, host: !n.ofService})
	}
	return sons
}

// find gives what a name stands for. Nothing is a mistake.
func (b *binder) find(n *name) []monitor.ID {
	said := len(b.errs)
	ids := b.hosts(n)
	if n.ofService && len(b.errs) == said {
		ids = b.services(n, ids)
	}
	if len(ids) == 0 && len(b.errs) == said {
		b.wrong(n, "nothing fits here: no %s has such a name or is a member", kindOf(n))
	}
	for _, id := range ids {
		if !b.seen[id] {
			b.seen[id] = true
			b.members = append(b.members, id)
		}
	}
	return ids
}

func kindOf(n *name) string {
	if n.ofService {
		return "service"
	}
	return "host"
}

func (b *binder) hosts(n *name) []monitor.ID {
	p := &n.host
	switch p.what {
	case Name:
		if p.text == "" {
			return []monitor.ID{b.own}
		}
		if id, ok := b.names.Host(p.text); ok {
			return []monitor.ID{id}
		}
		b.missing(n, &Error{Missing: p.text}, "there is no host %q", p.text)
	case Every, Regexp:
		var ids []monitor.ID
		for id, name := range b.names.Hosts() {
			if p.re == nil || p.re.MatchString(name) {
				ids = append(ids, id)
			}
		}
		return ids
	default:
		ids, ok := b.names.HostsIn(p.what, p.text)
		if !ok {
			b.missing(n, &Error{Missing: p.text, What: p.what}, "there is no host %s %q", p.what, p.text)
		}
		return ids
	}
	return nil
}

// services gives the services of some hosts that a name stands for.
func (b *binder) services(n *name, hosts []monitor.ID) []monitor.ID {
	p := &n.service
	fits := func(id monitor.ID, description string) bool { return p.re == nil || p.re.MatchString(description) }
	switch p.what {
	case Name:
		return b.described(n, hosts)
	case Every, Regexp:
	default:
		list, ok := b.names.ServicesIn(p.what, p.text)
		if !ok {
			b.missing(n, &Error{Missing: p.text, What: p.what, Service: true}, "there is no service %s %q", p.what, p.text)
		}
		in := make(map[monitor.ID]bool, len(list))
		for _, id := range list {
			in[id] = true
		}
		fits = func(id monitor.ID, _ string) bool { return in[id] }
	}
	var ids []monitor.ID
	for _, h := range hosts {
		for id, description := range b.names.Services(h) {
			if fits(id, description) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// described gives the services of some hosts that have a description. A single host has to have it.
func (b *binder) described(n *name, hosts []monitor.ID) []monitor.ID {
	var ids []monitor.ID
	for _, h := range hosts {
		if id, ok := b.names.Service(h, n.service.text); ok {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 && n.host.what == Name {
		b.missing(n, &Error{Missing: n.service.text, Service: true, Host: n.host.text}, "there is no service %q on that host", n.service.text)
	}
	return ids
}

func (b *binder) wrong(n *name, format string, args ...any) {
	b.errs = append(b.errs, wrong(n.column, format, args...))
}

// missing is wrong with the name that is missing.
func (b *binder) missing(n *name, e *Error, format string, args ...any) {
	e.Column, e.Text = n.column, fmt.Sprintf(format, args...)
	b.errs = append(b.errs, e)
}

// State works the rule out. of gives the last hard states of its members, and is asked for each of them at least once
// and in no certain order. A host that is not UP is CRITICAL; so the state that comes out is one of a service.
func (r *Rule) State(of func(monitor.ID) monitor.State) monitor.State { return r.root.state(of) }

func (b *bound) state(of func(monitor.ID) monitor.State) monitor.State {
	var s monitor.State
	switch b.kind {
	case term:
		s = b.leaf(of(b.id))
	case worst:
		s = b.worst(of)
	case best:
		s = b.sons[0].state(of)
		for _, son := range b.sons[1:] {
			s = min(s, son.state(of))
		}
	case count:
		s = b.count(of)
	}
	if !b.not {
		return s
	}
	return inverse(s)
}

// leaf gives a member's state as one of a service; what was never checked counts as OK.
func (b *bound) leaf(s monitor.State) monitor.State {
	switch {
	case s == monitor.Pending:
		return monitor.OK
	case b.host && s != monitor.Up:
		return monitor.Critical
	}
	return s
}

// inverse of WARNING and UNKNOWN is what they are.
func inverse(s monitor.State) monitor.State {
	switch s {
	case monitor.OK:
		return monitor.Critical
	case monitor.Critical:
		return monitor.OK
	}
	return s
}

// worst ranks CRITICAL above UNKNOWN and that above WARNING.
func (b *bound) worst(of func(monitor.ID) monitor.State) monitor.State {
	s := monitor.OK
	for _, son := range b.sons {
		if one := son.state(of); s != monitor.Critical && (one > s || one == monitor.Critical) {
			s = one
		}
	}
	return s
}

// count gives the worst state of which there are enough sons. Where there are enough of none, "N of:" is the worst of
// its sons and "X,Y,Z of:" is OK.
func (b *bound) count(of func(monitor.ID) monitor.State) monitor.State {
	var n [4]int
	for _, son := range b.sons {
		n[son.state(of)&3]++
	}
	all := len(b.sons)
	switch {
	case b.need[2].reached(n[monitor.Critical], all):
		return monitor.Critical
	case b.need[1].reached(n[monitor.Warning]+n[monitor.Critical], all):
		return monitor.Warning
	case b.need[0].reached(n[monitor.OK], all), b.triple, n[monitor.OK] == all:
		return monitor.OK
	case n[monitor.Critical] > 0:
		return monitor.Critical
	case n[monitor.Unknown] > 0:
		return monitor.Unknown
	}
	return monitor.Warning
}
