package simulate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/monitor/plugin"
)

// verb is a thing that can happen. read gives how long it lasts; 0 for good, or for what has no length.
type verb struct {
	usage string
	read  func(r *reader, w *words, e *event) (time.Duration, error)
}

// verbs are all of them. The table is never changed.
var verbs = map[string]verb{
	"host":     {"HOST down|up|unreachable [for TIME]", readHost},
	"service":  {"HOST/SERVICE OK|WARNING|CRITICAL|UNKNOWN [for TIME] [\"TEXT | PERFDATA\"]", readService},
	"result":   {"HOST[/SERVICE] STATE [\"TEXT | PERFDATA\"]", readResult},
	"passive":  {"HOST[/SERVICE] STATE [\"TEXT | PERFDATA\"]", readPassive},
	"command":  {"NAME;ARGUMENT;…", readCommand},
	"ack":      {"HOST[/SERVICE] [\"COMMENT\"]", readAck},
	"downtime": {"HOST[/SERVICE] for TIME [\"COMMENT\"]", readDowntime},
}

func readHost(r *reader, w *words, e *event) (time.Duration, error) {
	var err error
	if e.id, err = r.names.host(w); err != nil {
		return 0, err
	}
	state, _, err := w.next()
	if err != nil {
		return 0, err
	}
	switch strings.ToLower(state) {
	case "down", "unreachable":
		e.down = true
	case "up":
	default:
		return 0, fmt.Errorf("%q: a host is down, up or unreachable", state)
	}
	lasts, err := w.lasts()
	switch {
	case err != nil:
		return 0, err
	case lasts > 0 && !e.down:
		return 0, errors.New(`"for" goes with "down": a host that is up stays so`)
	}
	return lasts, w.end()
}

func readService(r *reader, w *words, e *event) (time.Duration, error) {
	e.do = saying
	var err error
	if e.id, err = r.names.service(w); err != nil {
		return 0, err
	}
	if asked := monitor.ActiveChecks | monitor.FreshnessChecks; r.Inventory.Policy(e.id).Switches&asked == 0 || r.Inventory.Check(e.id).Command == monitor.None {
		return 0, fmt.Errorf(`%s has neither active checks nor freshness checks, so nobody ever asks it: hand a result in with "passive"`, r.Inventory.Ref(e.id))
	}
	state, err := r.state(w, e)
	if err != nil {
		return 0, err
	}
	lasts, err := w.lasts()
	if err != nil {
		return 0, err
	}
	e.outcome, err = w.outcome(state)
	return lasts, err
}

func readResult(r *reader, w *words, e *event) (time.Duration, error) {
	e.do = telling
	return 0, readStated(r, w, e)
}

func readPassive(r *reader, w *words, e *event) (time.Duration, error) {
	e.do = passing
	return 0, readStated(r, w, e)
}

// readStated reads a result: of what, the state, and what it says.
func readStated(r *reader, w *words, e *event) error {
	var err error
	if e.id, err = r.names.either(w); err != nil {
		return err
	}
	state, err := r.state(w, e)
	if err != nil {
		return err
	}
	e.outcome, err = w.outcome(state)
	return err
}

// state reads the state of an object as results of its kind have it: a plugin says 2 of a host that is DOWN, whoever hands
// in a passive result 1.
func (r *reader) state(w *words, e *event) (monitor.State, error) {
	word, _, err := w.next()
	if err != nil {
		return 0, err
	}
	states, all := serviceStates, "a service is OK, WARNING, CRITICAL or UNKNOWN"
	if r.Inventory.IsHost(e.id) {
		states, all = hostStates, "a host is UP, DOWN or UNREACHABLE"
	}
	state := slices.Index(states, strings.ToUpper(word))
	switch {
	case state < 0:
		return 0, fmt.Errorf("%q: %s", word, all)
	case r.Inventory.IsHost(e.id) && e.do != passing && state != 0:
		return monitor.Critical, nil
	}
	return monitor.State(state), nil
}

// The states by their numbers.
var (
	hostStates    = []string{"UP", "DOWN", "UNREACHABLE"}
	serviceStates = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}
)

func readCommand(r *reader, w *words, e *event) (time.Duration, error) {
	return 0, r.command(strings.TrimSpace(w.rest()), e)
}

// command reads an external command in which @10m stands for ten minutes after the beginning.
func (r *reader) command(line string, e *event) error {
	e.do = obeying
	fields := strings.Split(line, ";")
	for i, f := range fields[1:] {
		if after, is := strings.CutPrefix(strings.TrimSpace(f), "@"); is {
			if t, err := r.time(after); err == nil {
				fields[i+1] = fmt.Sprint(int64(t) / 1e9)
			}
		}
	}
	var err error
	if e.request, err = command.Parse(strings.Join(fields, ";"), e.at); err != nil {
		return unfit(err.Error())
	}
	if e.request.Scope() == command.ScopeEngine {
		return unfitf("%s is for the engine as a whole: there is none here, only its core", e.request.Name)
	}
	if s, ok := e.request.Submission(); ok {
		e.do, e.outcome = passing, &s.Outcome
	}
	if ref := e.request.Ref; ref.Host != "" {
		e.id, err = r.names.ref(ref)
	}
	return err
}

func readAck(r *reader, w *words, e *event) (time.Duration, error) {
	id, err := r.names.either(w)
	if err != nil {
		return 0, err
	}
	comment, err := w.message("acknowledged in a simulation")
	if err != nil {
		return 0, err
	}
	name, ref := "ACKNOWLEDGE_HOST_PROBLEM;", r.Inventory.Ref(id)
	object := ref.Host
	if !ref.IsHost() {
		name, object = "ACKNOWLEDGE_SVC_PROBLEM;", ref.Host+";"+ref.Service
	}
	return 0, r.command(name+object+";1;1;0;simulate;"+comment, e)
}

func readDowntime(r *reader, w *words, e *event) (time.Duration, error) {
	id, err := r.names.either(w)
	if err != nil {
		return 0, err
	}
	lasts, err := w.lasts()
	if err == nil && lasts == 0 {
		err = errors.New(`how long it lasts is missing: "for 2h"`)
	}
	if err != nil {
		return 0, err
	}
	comment, err := w.message("downtime in a simulation")
	if err != nil {
		return 0, err
	}
	name, ref := "SCHEDULE_HOST_DOWNTIME;", r.Inventory.Ref(id)
	object := ref.Host
	if !ref.IsHost() {
		name, object = "SCHEDULE_SVC_DOWNTIME;", ref.Host+";"+ref.Service
	}
	from, to := int64(e.at)/1e9, int64(e.at.Add(lasts))/1e9
	r.last = max(r.last, e.at.Add(lasts))
	return 0, r.command(fmt.Sprintf("%s%s;%d;%d;1;0;0;simulate;%s", name, object, from, to, comment), e)
}

// outcome reads what a check says, to the end of the line, in quotes or without.
func (w *words) outcome(state monitor.State) (*monitor.Outcome, error) {
	text, err := w.message("")
	switch {
	case err != nil:
		return nil, err
	case text == "" && state == monitor.OK:
		return &fine, nil
	case text == "":
		text = "simulated"
	}
	o := &monitor.Outcome{State: state}
	o.Output, o.LongOutput, o.Perfdata = plugin.Output([]byte(plugin.Unescape(text)), 0)
	return o, nil
}
