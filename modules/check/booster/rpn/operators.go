package rpn

import (
	"errors"
	"fmt"
	"math"
)

// operator takes two values and gives one.
type operator struct {
	name, sign string
	gives      Kind
	truths     bool // both operands have to be true or false
	do         func(a, b float64) float64
}

// named gives an operator by its name in Python's module operator, or by its sign: people write both, though
// snmp_booster knew only names. It is nil if there is none.
func named(token string) *operator {
	for i := range operators {
		if o := &operators[i]; token == o.name || token == o.sign && token != "" {
			return o
		}
	}
	return nil
}

// operators are those of Python that take two operands and make sense here. Numbers are never whole ones in its sense, so
// that div divides.
var operators = [...]operator{
	{name: "add", sign: "+", do: func(a, b float64) float64 { return a + b }},
	{name: "sub", sign: "-", do: func(a, b float64) float64 { return a - b }},
	{name: "mul", sign: "*", do: func(a, b float64) float64 { return a * b }},
	{name: "div", sign: "/", do: quotient},
	{name: "truediv", do: quotient},
	{name: "floordiv", sign: "//", do: func(a, b float64) float64 { return math.Floor(quotient(a, b)) }},
	{name: "mod", sign: "%", do: modulo},
	{name: "pow", sign: "**", do: math.Pow},
	{name: "eq", sign: "==", gives: Truth, do: func(a, b float64) float64 { return Bool(a == b).X }},
	{name: "ne", sign: "!=", gives: Truth, do: func(a, b float64) float64 { return Bool(a != b).X }},
	{name: "lt", sign: "<", gives: Truth, do: func(a, b float64) float64 { return Bool(a < b).X }},
	{name: "le", sign: "<=", gives: Truth, do: func(a, b float64) float64 { return Bool(a <= b).X }},
	{name: "gt", sign: ">", gives: Truth, do: func(a, b float64) float64 { return Bool(a > b).X }},
	{name: "ge", sign: ">=", gives: Truth, do: func(a, b float64) float64 { return Bool(a >= b).X }},
	{name: "and_", sign: "&", gives: Truth, truths: true, do: func(a, b float64) float64 { return a * b }},
	{name: "or_", sign: "|", gives: Truth, truths: true, do: func(a, b float64) float64 { return max(a, b) }},
	{name: "xor", sign: "^", gives: Truth, truths: true, do: func(a, b float64) float64 { return Bool(a != b).X }},
}

func quotient(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

// modulo has the sign of the divisor, as in Python.
func modulo(a, b float64) float64 {
	m := math.Mod(a, b)
	if m != 0 && (m < 0) != (b < 0) {
		m += b
	}
	return m
}

// reduce takes the operator's operands off a stack of kinds and puts on what it gives.
func (o *operator) reduce(stack []Kind) ([]Kind, error) {
	n := len(stack)
	if n < 2 {
		return nil, fmt.Errorf("%s has no two values in front of it", o.name)
	}
	if o.truths && (stack[n-2] != Truth || stack[n-1] != Truth) {
		return nil, fmt.Errorf("%s joins comparisons, and one side of it is a plain number: compare it first, as in 1,eq", o.name)
	}
	stack[n-2] = o.gives
	return stack[:n-1], nil
}

var (
	errZero    = errors.New("division by zero")
	errMissing = errors.New("a value is missing")
)

func (o *operator) apply(a, b Value) (Value, error) {
	if math.IsNaN(a.X) || math.IsNaN(b.X) {
		return Value{}, errMissing
	}
	x := o.do(a.X, b.X)
	switch {
	case math.IsNaN(x) && b.X == 0:
		return Value{}, errZero
	case math.IsNaN(x):
		return Value{}, errNotFinite
	}
	return Value{o.gives, x}, nil
}
