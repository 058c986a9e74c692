// Package rpn knows the little language in which snmp_booster's datasources are reckoned and its triggers decide: tokens on
// a stack, operators behind their operands, named as in Python's module operator. An expression is checked when it is
// compiled, so that evaluating one can only fail over its values.
package rpn

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

const (
	// maxTokens bounds an expression; the longest that people have are of a dozen.
	maxTokens = 256
	// maxStack is how many values may wait for their operator.
	maxStack = 32
)

// Kind is what an expression gives.
type Kind uint8

// The kinds of values.
const (
	Number Kind = iota
	Truth
)

// Value is a number, or true (1) or false (0).
type Value struct {
	Kind Kind
	X    float64
}

// Num makes a number.
func Num(x float64) Value { return Value{Number, x} }

// Bool makes a truth value.
func Bool(b bool) Value {
	if b {
		return Value{Truth, 1}
	}
	return Value{Truth, 0}
}

// step is one token: an operator, a value, or the number of a reference.
type step struct {
	op   *operator
	ref  int // -1 for none
	just Value
}

// Program is a compiled expression. It is immutable.
type Program struct {
	steps []step
	kind  Kind
	text  string
}

// Kind is the kind of value that the program gives.
func (p *Program) Kind() Kind { return p.kind }

// String gives the expression as it was written.
func (p *Program) String() string { return p.text }

// Resolve says which reference a token is that is neither operator nor number, and of which kind its values are. The
// error says what is wrong with the token.
type Resolve func(token string) (ref int, kind Kind, err error)

// Compile reads an expression. before are the kinds of the values that lie on the stack already.
func Compile(tokens []string, resolve Resolve, before ...Kind) (*Program, error) {
	if len(tokens) > maxTokens {
		return nil, fmt.Errorf("more than %d tokens", maxTokens)
	}
	p := &Program{text: strings.Join(tokens, ",")}
	stack := append([]Kind(nil), before...)
	for _, token := range tokens {
		s, kind, err := read(token, resolve)
		if err != nil {
			return nil, err
		}
		p.steps = append(p.steps, s)
		if s.op == nil {
			stack = append(stack, kind)
		} else if stack, err = s.op.reduce(stack); err != nil {
			return nil, err
		}
		if len(stack) > maxStack {
			return nil, fmt.Errorf("more than %d values wait for an operator", maxStack)
		}
	}
	if len(stack) != 1 {
		return nil, fmt.Errorf("%d values are left at the end instead of one: an operator stands behind its two operands, as in 8,mul or in.last(),80,gt", len(stack))
	}
	p.kind = stack[0]
	return p, nil
}

func read(token string, resolve Resolve) (step, Kind, error) {
	token = strings.TrimSpace(token)
	if op := named(token); op != nil {
		return step{op: op, ref: -1}, op.gives, nil
	}
	if strings.EqualFold(token, "true") || strings.EqualFold(token, "false") {
		return step{ref: -1, just: Bool(token[0]|0x20 == 't')}, Truth, nil
	}
	if x, err := strconv.ParseFloat(token, 64); err == nil && strings.Trim(token, "+-.0123456789eE") == "" {
		return step{ref: -1, just: Num(x)}, Number, nil
	}
	ref, kind, err := resolve(token)
	return step{ref: ref}, kind, err
}

// errNotFinite is what a value gives that is no number any more.
var errNotFinite = errors.New("the result is no finite number")

// Eval gives the value for the values of the references, behind those that lie on the stack already. It allocates
// nothing. A reference without a value is NaN, and so an error.
func (p *Program) Eval(refs []Value, before ...Value) (Value, error) {
	var stack [maxStack + 1]Value
	n := copy(stack[:], before)
	for i := range p.steps {
		s := &p.steps[i]
		if s.op == nil {
			v := s.just
			if s.ref >= 0 {
				v = refs[s.ref]
			}
			stack[n] = v
			n++
			continue
		}
		v, err := s.op.apply(stack[n-2], stack[n-1])
		if err != nil {
			return Value{}, err
		}
		n--
		stack[n-1] = v
	}
	if x := stack[0].X; math.IsNaN(x) || math.IsInf(x, 0) {
		return Value{}, errNotFinite
	}
	return stack[0], nil
}
