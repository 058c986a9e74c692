package trigger

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// function is what scripts can call.
type function func(c *court, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

// functions are those of Shinken's triggers, and a few of Python's that Starlark leaves out.
var functions = map[string]function{
	"perf": (*court).perf, "perfs": (*court).perfs,
	"get_object": (*court).getObject, "get_objects": (*court).getObjects, "get_custom": (*court).getCustom,
	"set_value": (*court).setValue, "log": (*court).log, "now": (*court).now,
	"ok": verdict(monitor.OK), "warning": verdict(monitor.Warning), "critical": verdict(monitor.Critical), "unknown": verdict(monitor.Unknown),
	"up": verdict(monitor.OK), "down": verdict(monitor.Critical),
	"sum": (*court).sum, "avg": (*court).avg, "round": (*court).round,
}

var constants = map[string]monitor.State{"OK": monitor.OK, "WARNING": monitor.Warning, "CRITICAL": monitor.Critical, "UNKNOWN": monitor.Unknown}

func isPredeclared(name string) bool {
	_, fn := functions[name]
	_, constant := constants[name]
	return fn || constant || name == "self" || isGuard(name) || slices.Contains(paying, name)
}

// isGuard says whether a name is one that rewrite makes: no script can write such.
func isGuard(name string) bool {
	return strings.ContainsRune("+*%<>=!.[,|&^-", rune(name[0])) || name == "in" || name == "not in"
}

// environment is everything that scripts know besides Starlark's own.
func (c *court) environment() starlark.StringDict {
	env := c.builtins()
	for name, state := range constants {
		env[name] = starlark.MakeInt(int(state))
	}
	all := c.guards()
	maps.Copy(all, functions)
	for name, fn := range all {
		env[name] = starlark.NewBuiltin(name, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return fn(c, name, args, kwargs)
		})
	}
	return env
}

// perf gives the value of a metric of an object; without such a metric the default, if one is given.
func (c *court) perf(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of, otherwise starlark.Value
	var metric string
	if err := starlark.UnpackArgs(name, args, kwargs, "object", &of, "metric", &metric, "default?", &otherwise); err != nil {
		return nil, err
	}
	o, err := c.one(of)
	if err != nil {
		return nil, err
	}
	v, ok, err := c.metricOf(o, metric)
	if err != nil {
		return nil, err
	}
	if ok {
		return starlark.Float(v), nil
	}
	if otherwise != nil {
		return otherwise, nil
	}
	return nil, o.without(metric)
}

// without says that an object does not have a metric, and which it has.
func (o *object) without(metric string) error {
	const shown = 8
	var have []string
	for m, err := range perfdata.All(o.perfdata) {
		if len(have) == shown {
			break
		}
		if err == nil {
			have = append(have, m.Label)
		}
	}
	if len(have) == 0 {
		return fmt.Errorf("%s has no metric %q: its last result has no performance data", o, metric)
	}
	return fmt.Errorf("%s has no metric %q: it has %s", o, metric, strings.Join(have, ", "))
}

// perfs gives the values of a metric of all objects that a pattern means; those that do not have it are left out.
func (c *court) perfs(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of starlark.Value
	var metric string
	if err := starlark.UnpackArgs(name, args, kwargs, "objects", &of, "metric", &metric); err != nil {
		return nil, err
	}
	all, err := c.some(of)
	if err != nil {
		return nil, err
	}
	var values []starlark.Value
	for _, o := range all {
		if err := c.charge(parsing*len(o.perfdata), perStep); err != nil {
			return nil, err
		}
		if v, ok := o.metric(metric); ok {
			values = append(values, starlark.Float(v))
		}
	}
	return starlark.NewList(values), nil
}

// getObject gives a host or service, or None if the shard has none of that name.
func (c *court) getObject(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of starlark.Value
	if err := starlark.UnpackArgs(name, args, kwargs, "name", &of); err != nil {
		return nil, err
	}
	if text, ok := of.(starlark.String); ok {
		if err := c.charge(perStep+len(text), 0); err != nil {
			return nil, err
		}
		if id, ok := c.sight.Find(refOf(string(text))); ok {
			return c.object(id), nil
		}
		return starlark.None, nil
	}
	return c.one(of)
}

// getObjects gives the hosts or services that a pattern means.
func (c *court) getObjects(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of starlark.Value
	if err := starlark.UnpackArgs(name, args, kwargs, "pattern", &of); err != nil {
		return nil, err
	}
	all, err := c.some(of)
	if err != nil {
		return nil, err
	}
	values := make([]starlark.Value, len(all))
	for i, o := range all {
		values[i] = o
	}
	return starlark.NewList(values), nil
}

// getCustom gives a custom variable, or the default.
func (c *court) getCustom(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of, otherwise starlark.Value = nil, starlark.None
	var variable string
	if err := starlark.UnpackArgs(name, args, kwargs, "object", &of, "name", &variable, "default?", &otherwise); err != nil {
		return nil, err
	}
	o, err := c.one(of)
	if err != nil {
		return nil, err
	}
	vars := o.vars()
	if err := c.charge(2*len(variable)+perStep*len(vars), len(variable)); err != nil {
		return nil, err
	}
	variable = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(variable)), "_")
	for _, v := range vars {
		if v.Name == variable {
			return starlark.String(v.Value), nil
		}
	}
	return otherwise, nil
}

// setValue makes a result for an object; what is left out stays as it is.
func (c *court) setValue(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of, output, metrics, code starlark.Value = nil, starlark.None, starlark.None, starlark.None
	if err := starlark.UnpackArgs(name, args, kwargs, "object", &of, "output?", &output, "perfdata?", &metrics, "return_code?", &code); err != nil {
		return nil, err
	}
	o, err := c.one(of)
	if err != nil {
		return nil, err
	}
	if output != starlark.None {
		err = o.write(&o.output, output)
	}
	if err == nil && metrics != starlark.None {
		err = o.write(&o.perfdata, metrics)
	}
	if err == nil && code != starlark.None {
		err = o.setState(code)
	}
	return starlark.None, err
}

// verdict makes a function that sets a state and an output.
func verdict(state monitor.State) function {
	return func(c *court, name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var of, output, metrics starlark.Value = nil, starlark.None, starlark.None
		if err := starlark.UnpackArgs(name, args, kwargs, "object", &of, "output?", &output, "perfdata?", &metrics); err != nil {
			return nil, err
		}
		o, err := c.one(of)
		if err == nil && output != starlark.None {
			err = o.write(&o.output, output)
		}
		if err == nil && metrics != starlark.None {
			err = o.write(&o.perfdata, metrics)
		}
		if err == nil {
			err = o.decide(state)
		}
		return starlark.None, err
	}
}

func (c *court) log(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	if err := starlark.UnpackArgs(name, args, kwargs, "text", &text); err != nil {
		return nil, err
	}
	c.say(text)
	return starlark.None, nil
}

// now gives the time of the result in seconds since 1970.
func (c *court) now(name string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if err := starlark.UnpackArgs(name, args, kwargs); err != nil {
		return nil, err
	}
	return starlark.MakeInt64(int64(c.sight.Now().Unix())), nil
}
