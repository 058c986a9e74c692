package trigger

import (
	"errors"
	"math"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// sum adds numbers up, as Python's.
func (c *court) sum(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of starlark.Iterable
	var total starlark.Value = starlark.MakeInt(0)
	if err := starlark.UnpackArgs(name, args, kwargs, "numbers", &of, "start?", &total); err != nil {
		return nil, err
	}
	var err error
	for v := range starlark.Elements(of) {
		if total, err = starlark.Binary(syntax.PLUS, total, v); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// avg gives the mean of numbers.
func (c *court) avg(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of starlark.Iterable
	if err := starlark.UnpackArgs(name, args, kwargs, "numbers", &of); err != nil {
		return nil, err
	}
	n, total := 0, 0.0
	for v := range starlark.Elements(of) {
		f, ok := starlark.AsFloat(v)
		if !ok {
			return nil, errors.New("avg takes numbers, and one is a " + v.Type())
		}
		n, total = n+1, total+f
	}
	if n == 0 {
		return nil, errors.New("avg of no numbers: ask first whether there are some")
	}
	return starlark.Float(total / float64(n)), nil
}

// round rounds a number to so many digits behind the point, halves away from zero.
func (c *court) round(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var x starlark.Value
	digits := 0
	if err := starlark.UnpackArgs(name, args, kwargs, "number", &x, "digits?", &digits); err != nil {
		return nil, err
	}
	f, ok := starlark.AsFloat(x)
	if !ok || digits < -300 || digits > 300 {
		return nil, errors.New("round takes a number, and how many digits are to stay")
	}
	scale := math.Pow(10, float64(digits))
	rounded := math.Round(f*scale) / scale
	if digits == 0 {
		return starlark.NumberToInt(starlark.Float(rounded))
	}
	return starlark.Float(rounded), nil
}
