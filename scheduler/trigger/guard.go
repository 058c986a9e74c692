package trigger

import (
	"errors"
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Bounds of a run. What is made in it is charged to one account and never paid back, so that it bounds memory whatever the script
// keeps.
const (
	// mostMade is how many bytes a run may make.
	mostMade = 8 << 20
	// longest is how long a string may be, largest how many values one may be made of, all within each other counted.
	longest = 64 << 10
	largest = 100_000
	// mostBits is how many bits a whole number may have.
	mostBits = 2048
	// deepest is how far values may lie within each other.
	deepest = 50
	// perStep is how many bytes or values are worth a step.
	perStep = 16
)

// guards are the operations that rewrite made calls.
func (c *court) guards() map[string]function {
	all := map[string]function{guardAttr: (*court).attr, guardCopy: (*court).pay, guardTuple: (*court).tuple}
	for op := range guarded {
		all[op.String()] = operation(op)
	}
	for _, op := range inPlace {
		all[op.String()+"="] = operation(op)
	}
	all["+="], all["|="] = (*court).add, (*court).join
	return all
}

// charge takes so many steps and bytes from what a run has.
func (c *court) charge(work, bytes int) error {
	c.thread.Steps += uint64(work / perStep)
	if c.made += bytes; c.made > mostMade {
		return fmt.Errorf("it makes more than %d MB of values", mostMade>>20)
	}
	if c.thread.Steps > c.steps {
		return errSteps
	}
	return nil
}

var errSteps = errors.New("too many steps")

// weigh counts what a value is made of, all within each other, strings by their length. It stops at largest.
func weigh(v starlark.Value) (int, error) {
	n := 0
	if !add(v, &n, deepest) {
		return 0, fmt.Errorf("a value of more than %d parts", largest)
	}
	return n, nil
}

func add(v starlark.Value, n *int, depth int) bool {
	if *n++; *n > (largest+1)*perStep || depth == 0 {
		return false
	}
	switch v := v.(type) {
	case starlark.String:
		*n += len(v)
		return true
	case starlark.Int:
		*n += bits(v) / 64
		return true
	case *starlark.Dict:
		for key, value := range v.Entries() {
			if !addPart(key, n, depth) || !addPart(value, n, depth) {
				return false
			}
		}
		return true
	case starlark.Sequence:
		if v.Type() == "range" { // whose parts are numbers that nobody keeps
			*n += v.Len() * (perStep - 1)
			return true
		}
		for part := range starlark.Elements(v) {
			if !addPart(part, n, depth) {
				return false
			}
		}
	}
	return true
}

func addPart(v starlark.Value, n *int, depth int) bool {
	*n += perStep - 1
	return add(v, n, depth-1)
}

func bits(i starlark.Int) int {
	if small, ok := i.Int64(); ok && small == int64(int32(small)) {
		return 32
	}
	return i.BigInt().BitLen()
}

// cheap says whether values are numbers or the like, on which every operation costs a step.
func cheap(args starlark.Tuple) bool {
	for _, a := range args {
		switch a.(type) {
		case starlark.Float, starlark.Bool, starlark.NoneType, *object:
		default:
			return false
		}
	}
	return true
}

// operation makes the guard of an operator.
func operation(op syntax.Token) function {
	return func(c *court, _ string, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		x, y := args[0], args[1]
		if !cheap(args) {
			if err := c.afford(op, x, y); err != nil {
				return nil, err
			}
		}
		switch op {
		case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE:
			yes, err := starlark.Compare(op, x, y)
			return starlark.Bool(yes), err
		case syntax.PERCENT:
			if format, ok := x.(starlark.String); ok {
				return c.format(string(format), y)
			}
		}
		return starlark.Binary(op, x, y)
	}
}

// afford charges for an operation, before it is made.
func (c *court) afford(op syntax.Token, x, y starlark.Value) error {
	wx, err := weigh(x)
	if err != nil {
		return err
	}
	wy, err := weigh(y)
	if err != nil {
		return err
	}
	made := 0
	switch op {
	case syntax.PIPE, syntax.AMP, syntax.CIRCUMFLEX:
		made = wx + wy
	case syntax.MINUS:
		made, err = wx, small(bitsOf(x)+1, bitsOf(y)+1)
	case syntax.PLUS:
		made, err = wx+wy, small(bitsOf(x)+1, bitsOf(y)+1)
	case syntax.LTLT:
		made, err = wx, small(bitsOf(x)+shift(y), 0)
	case syntax.STAR:
		if made, err = wx+wy, small(bitsOf(x)+bitsOf(y), 0); err == nil {
			made, err = repeated(x, y, wx, wy)
		}
	}
	if err != nil {
		return err
	}
	if err := sized(made); err != nil {
		return err
	}
	return c.charge(wx+wy+made, made)
}

func sized(made int) error {
	if made > longest*4 {
		return fmt.Errorf("a value of %d kB: %d are enough", made>>10, longest>>10*4)
	}
	return nil
}

func bitsOf(v starlark.Value) int {
	if i, ok := v.(starlark.Int); ok {
		return bits(i)
	}
	return 0
}

func shift(v starlark.Value) int {
	if n, err := starlark.AsInt32(v); err == nil && n > 0 {
		return n
	}
	return 0
}

func small(a, b int) error {
	if max(a, b) > mostBits {
		return fmt.Errorf("a whole number of more than %d bits", mostBits)
	}
	return nil
}

// repeated gives how much "x" * 10 and the like make.
func repeated(x, y starlark.Value, wx, wy int) (int, error) {
	times, isTimes := y.(starlark.Int)
	what, weight := x, wx
	if _, ok := x.(starlark.Int); ok {
		times, isTimes, what, weight = x.(starlark.Int), true, y, wy
	}
	if _, number := what.(starlark.Int); !isTimes || number {
		return wx + wy, nil
	}
	if _, number := what.(starlark.Float); number {
		return wx + wy, nil
	}
	n, ok := times.Int64()
	if !ok || n > largest {
		return 0, fmt.Errorf("so many times as %s: %d are enough", times, largest)
	}
	return int(max(n, 0)) * weight, nil
}

// add is +=, which lengthens a list in place.
func (c *court) add(_ string, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	list, ok := args[0].(*starlark.List)
	more, iterable := args[1].(starlark.Iterable)
	if !ok || !iterable {
		return operation(syntax.PLUS)(c, "+", args, nil)
	}
	if err := c.afford(syntax.PLUS, starlark.None, args[1]); err != nil {
		return nil, err
	}
	for _, v := range elements(more) {
		if err := list.Append(v); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// join is |=, which adds to a dictionary in place.
func (c *court) join(_ string, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	d, ok := args[0].(*starlark.Dict)
	more, isDict := args[1].(*starlark.Dict)
	if !ok || !isDict {
		return operation(syntax.PIPE)(c, "|", args, nil)
	}
	if err := c.afford(syntax.PIPE, starlark.None, more); err != nil {
		return nil, err
	}
	for _, item := range more.Items() {
		if err := d.SetKey(item[0], item[1]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// elements gives the parts of a value as they are now: it may be the one that they are added to.
func elements(of starlark.Iterable) []starlark.Value {
	var all []starlark.Value
	for v := range starlark.Elements(of) {
		all = append(all, v)
	}
	return all
}

// pay charges for a copy of a value.
func (c *court) pay(_ string, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	n := starlark.Len(args[0])
	if n < 0 {
		return args[0], nil
	}
	return args[0], c.charge(n, n*perStep)
}

// tuple makes a tuple.
func (c *court) tuple(_ string, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if !cheap(args) {
		n, err := weigh(args)
		if err != nil {
			return nil, err
		}
		if n > longest {
			return nil, fmt.Errorf("a tuple of %d kB: %d are enough", n>>10, longest>>10)
		}
		if err := c.charge(n, len(args)*perStep); err != nil {
			return nil, err
		}
	}
	return append(starlark.Tuple(nil), args...), nil
}
