package trigger

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// object is a host or service as scripts see it. What they write into it becomes a result.
type object struct {
	court *court
	id    monitor.ID
	seen  core.Seen
	// state is a plugin's code.
	state                  monitor.State
	output, long, perfdata string
	// decided says that a script set the state, changed that it set anything.
	decided, changed bool
	// metrics are those of perfdata, once it is parsed.
	metrics []metric
	parsed  bool
}

// object gives the value of an object, the same each time within a run.
func (c *court) object(id monitor.ID) *object {
	if o := c.objects[id]; o != nil {
		return o
	}
	o := &object{court: c, id: id, seen: c.sight.See(id)}
	o.output, o.long, o.perfdata = o.seen.Output, o.seen.LongOutput, o.seen.Perfdata
	o.state = o.seen.State
	if o.state == monitor.Pending {
		o.state = monitor.OK
	}
	if o.isHost() && o.state != monitor.Up {
		o.state = monitor.Critical
	}
	c.objects[id] = o
	return o
}

// hear puts a result in the place of the last one.
func (o *object) hear(r monitor.Outcome) {
	o.state, o.output, o.long, o.perfdata = r.State, r.Output, r.LongOutput, r.Perfdata
	o.parsed = false
	o.seen.Check = o.court.sight.Now()
}

func (o *object) outcome() monitor.Outcome {
	return monitor.Outcome{State: o.state, Output: o.output, LongOutput: o.long, Perfdata: o.perfdata}
}

func (o *object) isHost() bool     { return o.court.inv.IsHost(o.id) }
func (o *object) ref() monitor.Ref { return o.court.inv.Ref(o.id) }

// change notes that a result is made for the object.
func (o *object) change() error {
	c := o.court
	if o.changed || o.id == c.sight.Object {
		return nil
	}
	if len(c.others) == mostOthers {
		return fmt.Errorf("results for more than %d other objects", mostOthers)
	}
	o.changed = true
	c.others = append(c.others, o)
	return nil
}

// decide sets the state.
func (o *object) decide(state monitor.State) error {
	o.state, o.decided = state, true
	return o.change()
}

// String implements starlark.Value, as the methods below do.
func (o *object) String() string        { return o.ref().String() }
func (o *object) Freeze()               {}
func (o *object) Truth() starlark.Bool  { return true }
func (o *object) Hash() (uint32, error) { return uint32(o.id), nil }

// Type is what type() says.
func (o *object) Type() string {
	if o.isHost() {
		return "host"
	}
	return "service"
}

// Attr implements starlark.HasAttrs.
func (o *object) Attr(name string) (starlark.Value, error) {
	a, ok := attributes[name]
	if !ok {
		return nil, nil
	}
	return a.get(o), nil
}

// AttrNames implements starlark.HasAttrs.
func (o *object) AttrNames() []string { return attributeNames }

// SetField implements starlark.HasSetField.
func (o *object) SetField(name string, v starlark.Value) error {
	a, ok := attributes[name]
	if !ok {
		return starlark.NoSuchAttrError(fmt.Sprintf("%s has no .%s to set", o.Type(), name))
	}
	if a.set == nil {
		return fmt.Errorf("%s cannot be set: a script sets state, state_id, output, long_output and perf_data", name)
	}
	return a.set(o, v)
}

// attribute is what scripts read of an object, and may write.
type attribute struct {
	get func(*object) starlark.Value
	set func(*object, starlark.Value) error
}

var (
	attributes     = objectAttributes()
	attributeNames = sortedNames(attributes)
)

func sortedNames(of map[string]attribute) []string {
	var names []string
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func objectAttributes() map[string]attribute {
	text := func(get func(*object) string) attribute {
		return attribute{get: func(o *object) starlark.Value { return starlark.String(get(o)) }}
	}
	number := func(get func(*object) int64) attribute {
		return attribute{get: func(o *object) starlark.Value { return starlark.MakeInt64(get(o)) }}
	}
	moment := func(get func(*object) monitor.Time) attribute {
		return number(func(o *object) int64 { return int64(get(o).Unix()) })
	}
	truth := func(get func(*object) bool) attribute {
		return attribute{get: func(o *object) starlark.Value { return starlark.Bool(get(o)) }}
	}
	writable := func(field func(*object) *string) attribute {
		a := text(func(o *object) string { return *field(o) })
		a.set = func(o *object, v starlark.Value) error { return o.write(field(o), v) }
		return a
	}
	state := text((*object).stateName)
	state.set = (*object).setStateName
	code := number(func(o *object) int64 { return int64(o.state) })
	code.set = (*object).setState
	check := moment(func(o *object) monitor.Time { return o.seen.Check })
	perfdata := writable(func(o *object) *string { return &o.perfdata })
	return map[string]attribute{
		"host_name":           text(func(o *object) string { return o.ref().Host }),
		"service_description": text(func(o *object) string { return o.ref().Service }),
		"address":             text(func(o *object) string { return o.host().Address }),
		"alias":               text(func(o *object) string { return o.host().Alias }),
		"state":               state, "state_id": code,
		"state_type":   text(func(o *object) string { return o.seen.Type.String() }),
		"last_hard_id": number(func(o *object) int64 { return int64(o.seen.LastHard) }),
		"attempt":      number(func(o *object) int64 { return int64(o.seen.Attempt) }),
		"output":       writable(func(o *object) *string { return &o.output }),
		"long_output":  writable(func(o *object) *string { return &o.long }),
		"perf_data":    perfdata, "perfdata": perfdata,
		"last_chk": check, "last_check": check,
		"last_state_change":             moment(func(o *object) monitor.Time { return o.seen.Change }),
		"last_hard_state_change":        moment(func(o *object) monitor.Time { return o.seen.HardChange }),
		"problem_has_been_acknowledged": truth(func(o *object) bool { return o.seen.Acknowledged }),
		"in_scheduled_downtime":         truth(func(o *object) bool { return o.seen.InDowntime }),
		"customs":                       {get: (*object).customs},
		"host":                          {get: func(o *object) starlark.Value { return o.court.object(o.court.inv.HostOf(o.id)) }},
		"get_name":                      {get: method("get_name", (*object).name)},
		"get_full_name":                 {get: method("get_full_name", (*object).String)},
	}
}

func (o *object) host() *monitor.Host { return &o.court.inv.Hosts[o.court.inv.HostOf(o.id)] }

func (o *object) name() string {
	if ref := o.ref(); !ref.IsHost() {
		return ref.Service
	}
	return o.ref().Host
}

func method(name string, get func(*object) string) func(*object) starlark.Value {
	return func(o *object) starlark.Value {
		return starlark.NewBuiltin(name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			if err := starlark.UnpackArgs(name, args, kwargs); err != nil {
				return nil, err
			}
			return starlark.String(get(o)), nil
		})
	}
}

// longestText is how much of an output or of performance data a script may set.
const longestText = 64 << 10

func (o *object) write(field *string, v starlark.Value) error {
	text, ok := starlark.AsString(v)
	if !ok {
		return fmt.Errorf("a text is a string, not %s: write str(…)", v.Type())
	}
	if len(text) > longestText {
		return fmt.Errorf("a text of %d bytes: %d are taken", len(text), longestText)
	}
	if err := o.court.charge(parsing*len(text), len(text)); err != nil {
		return err
	}
	*field = strings.ToValidUTF8(text, "?")
	switch field {
	case &o.output:
		if first, rest, more := strings.Cut(*field, "\n"); more {
			o.output, o.long = first, rest
		}
	case &o.perfdata:
		o.parsed = false
		o.perfdata = strings.ReplaceAll(o.perfdata, "\n", " ")
	}
	return o.change()
}

// stateName gives the state as it is shown.
func (o *object) stateName() string {
	switch {
	case !o.isHost():
		return o.state.ServiceName()
	case o.state == monitor.OK:
		return "UP"
	}
	return "DOWN"
}

var stateNames = map[string]monitor.State{
	"OK": monitor.OK, "WARNING": monitor.Warning, "CRITICAL": monitor.Critical, "UNKNOWN": monitor.Unknown,
	"UP": monitor.OK, "DOWN": monitor.Critical,
}

func (o *object) setStateName(v starlark.Value) error {
	text, _ := starlark.AsString(v)
	state, ok := stateNames[text]
	if !ok {
		return errors.New("state is one of OK, WARNING, CRITICAL, UNKNOWN, UP and DOWN")
	}
	if o.stateName() == text && o.decided {
		return nil // Shinken's scripts set state_id and state
	}
	return o.decide(state)
}

func (o *object) setState(v starlark.Value) error {
	n, err := starlark.AsInt32(v)
	if err != nil || n < 0 || n > int(monitor.Unknown) {
		return fmt.Errorf("a state is 0, 1, 2 or 3, not %s", v)
	}
	return o.decide(monitor.State(n))
}

// customs gives the custom variables, with the underscore before their names.
func (o *object) customs() starlark.Value {
	vars := o.vars()
	d := starlark.NewDict(len(vars))
	for _, v := range vars {
		_ = d.SetKey(starlark.String("_"+v.Name), starlark.String(v.Value)) // a new dictionary takes every string
	}
	return d
}

func (o *object) vars() []monitor.Var {
	if o.isHost() {
		return o.court.inv.Hosts[o.id].Vars
	}
	return o.court.inv.Service(o.id).More().Vars
}
