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
	numbers, err := c.numbers(name, of)
	if err != nil {
		return nil, err
	}
	for _, v := range numbers {
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
	numbers, err := c.numbers(name, of)
	if err != nil {
		return nil, err
	}
	if len(numbers) == 0 {
		return nil, errors.New("avg of no numbers: ask first whether there are some")
	}
	total := 0.0
	for _, v := range numbers {
		f, _ := starlark.AsFloat(v)
		total += f
	}
	return starlark.Float(total / float64(len(numbers))), nil
}

// numbers gives those of a list, which has nothing else in it.
func (c *court) numbers(name string, of starlark.Iterable) ([]starlark.Value, error) {
	n := max(starlark.Len(of), 0)
	if err := c.charge(n*perStep, 0); err != nil {
		return nil, err
	}
	all := elements(of)
	for _, v := range all {
		if _, ok := starlark.AsFloat(v); !ok {
			return nil, errors.New(name + " takes numbers, and one is a " + v.Type())
		}
	}
	return all, nil
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
