package trigger

import (
	"fmt"

	"go.starlark.net/syntax"
)

// Starlark counts steps, but not what a step makes: "x" * 1000000000 is one, and so is sorted(list). So each operation whose cost
// is not that of a step is rewritten in the syntax tree into a call of ours (guard.go), under a name that no script can write:
//
//	a + b        +(a, b)           the same for * % << | & ^ - and for comparisons
//	a += b       a = +=(a, b)
//	x.join(y)    .(x, "join")(y)   a method that looks at sizes first
//	x[1:]        [(x)[1:]          which pays for the copy
//	(a, b)       ,(a, b)           so that no tuple grows without end

// guarded are the operations that become calls.
var guarded = map[syntax.Token]bool{
	syntax.PLUS: true, syntax.STAR: true, syntax.PERCENT: true, syntax.LTLT: true,
	syntax.PIPE: true, syntax.AMP: true, syntax.CIRCUMFLEX: true, syntax.MINUS: true,
	syntax.EQL: true, syntax.NEQ: true, syntax.LT: true, syntax.LE: true, syntax.GT: true, syntax.GE: true,
	syntax.IN: true, syntax.NOT_IN: true,
}

// inPlace gives the operation of an augmented assignment, if it is guarded.
var inPlace = map[syntax.Token]syntax.Token{
	syntax.PLUS_EQ: syntax.PLUS, syntax.STAR_EQ: syntax.STAR, syntax.PERCENT_EQ: syntax.PERCENT, syntax.LTLT_EQ: syntax.LTLT,
	syntax.PIPE_EQ: syntax.PIPE, syntax.AMP_EQ: syntax.AMP, syntax.CIRCUMFLEX_EQ: syntax.CIRCUMFLEX, syntax.MINUS_EQ: syntax.MINUS,
}

// The guards that are no operators.
const (
	guardAttr  = "."
	guardCopy  = "["
	guardTuple = ","
)

// banned are functions of Starlark's that would go around the guards, or that nothing in a trigger is good for.
var banned = map[string]string{
	"getattr": "write the name behind a dot", "hasattr": "write the name behind a dot", "dir": "docs/triggers.md lists what there is",
	"bytes": "strings are enough here", "load": "there are no modules here",
}

// rewriter puts guards into a file.
type rewriter struct{ wrong []Mistake }

// rewrite puts guards into a file, in place, and gives what is not allowed in it.
func rewrite(f *syntax.File) []Mistake {
	var r rewriter
	r.block(f.Stmts)
	return r.wrong
}

func (r *rewriter) refuse(at syntax.Position, format string, args ...any) {
	r.wrong = append(r.wrong, mistake(at, fmt.Sprintf(format, args...)))
}

func (r *rewriter) block(list []syntax.Stmt) {
	for _, s := range list {
		r.statement(s)
	}
}

func (r *rewriter) statement(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.AssignStmt:
		r.assign(s)
	case *syntax.DefStmt:
		r.params(s.Params)
		r.block(s.Body)
	case *syntax.ExprStmt:
		s.X = r.expr(s.X)
	case *syntax.ForStmt:
		r.target(s.Vars)
		s.X = r.expr(s.X)
		r.block(s.Body)
	case *syntax.IfStmt:
		s.Cond = r.expr(s.Cond)
		r.block(s.True)
		r.block(s.False)
	case *syntax.LoadStmt:
		r.refuse(s.Load, "load: %s", banned["load"])
	case *syntax.ReturnStmt:
		s.Result = r.expr(s.Result)
	}
}

func (r *rewriter) assign(s *syntax.AssignStmt) {
	s.RHS = r.expr(s.RHS)
	if op, ok := inPlace[s.Op]; ok {
		if old := r.reread(s.LHS); old != nil {
			s.RHS, s.Op = guard(op.String()+"=", s.OpPos, old, s.RHS), syntax.EQ
		}
	}
	r.target(s.LHS)
}

// reread gives an expression for what is assigned to, so that it is read as well.
func (r *rewriter) reread(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.Ident:
		return &syntax.Ident{NamePos: e.NamePos, Name: e.Name}
	case *syntax.DotExpr:
		if x := r.reread(e.X); x != nil {
			return &syntax.DotExpr{X: x, Dot: e.Dot, NamePos: e.NamePos, Name: &syntax.Ident{NamePos: e.Name.NamePos, Name: e.Name.Name}}
		}
		return nil
	case *syntax.IndexExpr:
		x, y := r.reread(e.X), r.reread(e.Y)
		if x != nil && y != nil {
			return &syntax.IndexExpr{X: x, Lbrack: e.Lbrack, Y: y, Rbrack: e.Rbrack}
		}
		return nil
	case *syntax.Literal:
		literal := *e
		return &literal
	case *syntax.ParenExpr:
		return r.reread(e.X)
	}
	r.refuse(syntax.Start(e), "name this first: what is changed in place is a name, an index or an attribute")
	return nil
}

// target goes through what is assigned to: only what is read in it is guarded.
func (r *rewriter) target(e syntax.Expr) {
	switch e := e.(type) {
	case *syntax.DotExpr:
		e.X = r.expr(e.X)
	case *syntax.IndexExpr:
		e.X, e.Y = r.expr(e.X), r.expr(e.Y)
	case *syntax.ParenExpr:
		r.target(e.X)
	case *syntax.TupleExpr:
		for _, x := range e.List {
			r.target(x)
		}
	case *syntax.ListExpr:
		for _, x := range e.List {
			r.target(x)
		}
	}
}

func (r *rewriter) params(list []syntax.Expr) {
	for _, p := range list {
		switch p := p.(type) {
		case *syntax.BinaryExpr:
			p.Y = r.expr(p.Y)
		case *syntax.UnaryExpr:
			r.refuse(p.OpPos, "a function takes a fixed number of arguments here: take a list")
		}
	}
}

func (r *rewriter) list(list []syntax.Expr) {
	for i := range list {
		list[i] = r.expr(list[i])
	}
}

// expr gives what takes the place of an expression.
func (r *rewriter) expr(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.BinaryExpr:
		e.X, e.Y = r.expr(e.X), r.expr(e.Y)
		if guarded[e.Op] {
			return guard(e.Op.String(), e.OpPos, e.X, e.Y)
		}
	case *syntax.CallExpr:
		e.Fn = r.expr(e.Fn)
		r.arguments(e.Args)
	case *syntax.Comprehension:
		r.comprehension(e)
	case *syntax.CondExpr:
		e.Cond, e.True, e.False = r.expr(e.Cond), r.expr(e.True), r.expr(e.False)
	case *syntax.DictEntry:
		e.Key, e.Value = r.expr(e.Key), r.expr(e.Value)
	case *syntax.DictExpr:
		r.list(e.List)
	case *syntax.DotExpr:
		return r.attribute(e)
	case *syntax.Ident:
		if advice, ok := banned[e.Name]; ok {
			r.refuse(e.NamePos, "%s is left out of this language: %s", e.Name, advice)
		}
	case *syntax.IndexExpr:
		e.X, e.Y = r.expr(e.X), r.expr(e.Y)
	case *syntax.LambdaExpr:
		r.params(e.Params)
		e.Body = r.expr(e.Body)
	case *syntax.ListExpr:
		r.list(e.List)
	case *syntax.ParenExpr:
		e.X = r.expr(e.X)
	case *syntax.SliceExpr:
		e.X = guard(guardCopy, e.Lbrack, r.expr(e.X))
		e.Lo, e.Hi, e.Step = r.optional(e.Lo), r.optional(e.Hi), r.optional(e.Step)
	case *syntax.TupleExpr:
		r.list(e.List)
		return guard(guardTuple, syntax.Start(e), e.List...)
	case *syntax.UnaryExpr:
		e.X = r.expr(e.X)
	}
	return e
}

func (r *rewriter) optional(e syntax.Expr) syntax.Expr {
	if e == nil {
		return nil
	}
	return r.expr(e)
}

// arguments goes through those of a call: name=value is no assignment, and *list copies.
func (r *rewriter) arguments(list []syntax.Expr) {
	for i, a := range list {
		switch a := a.(type) {
		case *syntax.BinaryExpr:
			if a.Op == syntax.EQ {
				a.Y = r.expr(a.Y)
				continue
			}
		case *syntax.UnaryExpr:
			if a.Op == syntax.STAR || a.Op == syntax.STARSTAR {
				a.X = guard(guardCopy, a.OpPos, r.expr(a.X))
				continue
			}
		}
		list[i] = r.expr(a)
	}
}

func (r *rewriter) comprehension(e *syntax.Comprehension) {
	e.Body = r.expr(e.Body)
	for _, c := range e.Clauses {
		switch c := c.(type) {
		case *syntax.ForClause:
			r.target(c.Vars)
			c.X = r.expr(c.X)
		case *syntax.IfClause:
			c.Cond = r.expr(c.Cond)
		}
	}
}

// attribute leaves those of hosts and services as they are: they cost a step.
func (r *rewriter) attribute(e *syntax.DotExpr) syntax.Expr {
	e.X = r.expr(e.X)
	if _, ok := attributes[e.Name.Name]; ok {
		return e
	}
	name := &syntax.Literal{Token: syntax.STRING, TokenPos: e.NamePos, Raw: `"` + e.Name.Name + `"`, Value: e.Name.Name}
	return guard(guardAttr, e.Dot, e.X, name)
}

func guard(name string, at syntax.Position, args ...syntax.Expr) *syntax.CallExpr {
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: at, Name: name}, Lparen: at, Args: args, Rparen: at}
}
