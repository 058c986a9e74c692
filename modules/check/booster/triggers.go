package booster

import (
	"fmt"
	"math"

	"github.com/onbu/onbu/modules/check/booster/datasource"
	"github.com/onbu/onbu/modules/check/booster/rpn"
	"github.com/onbu/onbu/monitor"
)

// state gives the state that the triggers say: the first that is true, of all critical ones, then of all warning ones, then
// of all unknown ones. A trigger that cannot be evaluated hides none that is true; only if none is does its default
// status count, the first one's, and wrong says why.
func (r *reading) state() (state monitor.State, wrong string) {
	if r.plan.group == nil {
		return monitor.OK, ""
	}
	triggers := r.plan.group.Triggers
	refs := make([][]rpn.Value, len(triggers))
	for i, t := range triggers {
		refs[i] = r.refs(t, r.plan.refs[i])
	}
	for _, level := range []struct {
		state monitor.State
		of    func(*datasource.Trigger) *rpn.Program
	}{
		{monitor.Critical, func(t *datasource.Trigger) *rpn.Program { return t.Critical }},
		{monitor.Warning, func(t *datasource.Trigger) *rpn.Program { return t.Warning }},
		{monitor.Unknown, func(t *datasource.Trigger) *rpn.Program { return t.Unknown }},
	} {
		for i, t := range triggers {
			p := level.of(t)
			if p == nil {
				continue
			}
			v, err := p.Eval(refs[i])
			if err == nil && v == rpn.Bool(true) {
				return level.state, ""
			}
			if err != nil && wrong == "" {
				state, wrong = monitor.State(t.Default), r.because(t, r.plan.refs[i], err)
			}
		}
	}
	for _, t := range triggers {
		if t.Wrong != "" && wrong == "" {
			state, wrong = monitor.State(t.Default), t.Wrong
		}
	}
	return state, wrong
}

// refs gives the values that a trigger refers to; NaN where there is none.
func (r *reading) refs(t *datasource.Trigger, items []int) []rpn.Value {
	list := make([]rpn.Value, len(items))
	for i, at := range items {
		list[i] = rpn.Num(math.NaN())
		if at < 0 {
			continue
		}
		if x, ok := r.ref(t.Refs[i].Function, at); ok {
			list[i] = x
		}
	}
	return list
}

func (r *reading) ref(f datasource.Function, at int) (rpn.Value, bool) {
	v := &r.values[at]
	x := v.x
	if v.no != "" {
		return rpn.Value{}, false
	}
	if v.textual { // a text may be a number all the same
		var ok bool
		if x, ok = number(&r.bindings[r.plan.items[at].value]); !ok {
			return rpn.Value{}, false
		}
	}
	switch f {
	case datasource.Percent:
		return rpn.Num(x * 100 / v.max.x), v.max.known && v.max.x != 0
	case datasource.Diff:
		last, ok := r.before.last(r.plan, at)
		return rpn.Bool(x == last), ok
	}
	return rpn.Num(x), true
}

// because says why a trigger could not be evaluated: the first of its references that has no value, or the error.
func (r *reading) because(t *datasource.Trigger, items []int, err error) string {
	for i, at := range items {
		ref := t.Refs[i]
		if at < 0 {
			return fmt.Sprintf("DS %s not found to compute the trigger %s: template %s does not have it", ref.Source.Name, t.Name, r.plan.template.Name)
		}
		if _, ok := r.ref(ref.Function, at); ok {
			continue
		}
		switch v := &r.values[at]; {
		case v.no != "":
			return fmt.Sprintf("No data found for DS: '%s'", ref.Source.Name)
		case ref.Function == datasource.Percent:
			return fmt.Sprintf("Cannot calculate prct, max value for the datasource '%s' is missing", ref.Source.Name)
		case ref.Function == datasource.Diff:
			return fmt.Sprintf("No value of the check before for DS: '%s'", ref.Source.Name)
		}
	}
	return fmt.Sprintf("RPN calculation Error: %s: %v", t.Name, err)
}
