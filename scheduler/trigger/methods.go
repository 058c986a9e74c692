package trigger

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
)

// attr gives a method of a string, list, dictionary or set, which pays for what it does before it does it.
func (c *court) attr(_ string, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	name := string(args[1].(starlark.String))
	of, ok := args[0].(starlark.HasAttrs)
	if !ok {
		return nil, fmt.Errorf("%s has no .%s", args[0].Type(), name)
	}
	v, err := of.Attr(name)
	if err != nil || v == nil {
		return nil, errors.Join(err, noAttribute(of, name))
	}
	method, ok := v.(*starlark.Builtin)
	if !ok {
		return v, nil
	}
	return c.paid(name, args[0], method), nil
}

func noAttribute(of starlark.HasAttrs, name string) error {
	return fmt.Errorf("%s has no .%s: it has %v", of.Type(), name, of.AttrNames())
}

// paid makes a function that charges for its arguments and its result around one that does not. receiver is nil for what is no
// method.
func (c *court) paid(name string, receiver starlark.Value, fn *starlark.Builtin) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := c.inAdvance(name, receiver, args, kwargs); err != nil {
			return nil, err
		}
		v, err := starlark.Call(thread, fn, args, kwargs)
		if err != nil {
			return nil, unwrapped(err)
		}
		if v.Type() == "range" || cheap(starlark.Tuple{v}) {
			return v, nil
		}
		n, err := weigh(v)
		if err != nil {
			return nil, err
		}
		return v, c.charge(n, n)
	})
}

// unwrapped takes away what Call puts around an error, so that the place that is told is the script's.
func unwrapped(err error) error {
	if e, ok := errors.AsType[*starlark.EvalError](err); ok && e.Unwrap() != nil {
		return e.Unwrap()
	}
	return err
}

// inAdvance charges for what goes into a function, and for what comes out of those that make much of little.
func (c *court) inAdvance(name string, receiver starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) error {
	of, given := 1, 0
	var err error
	if receiver != nil {
		if of, err = weigh(receiver); err != nil {
			return err
		}
	}
	if given, err = weigh(args); err != nil {
		return err
	}
	for _, k := range kwargs {
		n, err := weigh(k[1])
		if err != nil {
			return err
		}
		given += n
	}
	if err = bounded(name, args, given); err != nil {
		return err
	}
	made := makes(name, receiver, args, of, given)
	if err := sized(made); err != nil {
		return err
	}
	return c.charge(of+given+made, made)
}

// makes gives how much a function makes at most, of those that make much of little.
func makes(name string, receiver starlark.Value, args starlark.Tuple, of, given int) int {
	text, _ := starlark.AsString(receiver)
	switch name {
	case "join":
		return given + of*parts(args)
	case "format":
		return of + given*strings.Count(text, "{")
	case "replace":
		if len(args) < 2 {
			return 0 // the method itself says so
		}
		old, _ := starlark.AsString(args[0])
		with, _ := starlark.AsString(args[1])
		return of + strings.Count(text, old)*len(with)
	}
	return 0
}

// bounded refuses what nobody could go through.
func bounded(name string, args starlark.Tuple, given int) error {
	switch {
	case name == "range":
		return boundedRange(args)
	case name == "int" && given > longestNumber:
		return fmt.Errorf("a number of more than %d digits", longestNumber)
	}
	return nil
}

// longestNumber is how many digits int takes.
const longestNumber = 600

func parts(args starlark.Tuple) int {
	if len(args) == 0 {
		return 0
	}
	return max(starlark.Len(args[0]), 0)
}

func boundedRange(args starlark.Tuple) error {
	for _, a := range args {
		n, ok := a.(starlark.Int)
		if !ok {
			return nil // range itself says so
		}
		if i, ok := n.Int64(); !ok || i > largest || i < -largest {
			return fmt.Errorf("a range to %s: from -%d to %d are enough", n, largest, largest)
		}
	}
	return nil
}

// builtins are Starlark's own functions that pay.
func (c *court) builtins() starlark.StringDict {
	env := starlark.StringDict{}
	for _, name := range paying {
		env[name] = c.paid(name, nil, starlark.Universe[name].(*starlark.Builtin))
	}
	return env
}

// paying are the functions of Starlark's whose cost is not that of a step.
var paying = []string{
	"any", "all", "dict", "enumerate", "fail", "float", "hash", "int", "list", "max", "min", "range", "repr", "reversed", "set", "sorted",
	"str", "tuple", "zip", "print",
}
