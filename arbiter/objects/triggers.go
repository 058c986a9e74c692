package objects

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// Bounds of what triggers may be.
const (
	maxScript       = 256 << 10
	maxTriggers     = 10_000
	mostTriggerStep = 100_000_000
)

// Trigger is a script that works a state out of what was measured.
type Trigger struct {
	monitor.Trigger
	Pos Pos
}

// Triggered is an object with triggers, as indexes into the Config's Triggers. Ties are the hosts that they name: what a
// trigger reads must lie in the shard of its object.
type Triggered struct {
	Target
	Triggers []uint32
	Ties     []uint32
}

// addTriggers takes every *.star and *.trig file below a folder, in the order of names.
func (l *loader) addTriggers(p param, pos Pos) {
	if !l.replays() {
		l.walkTriggers(l.relative(strings.TrimSuffix(p.value, "/")), pos)
	}
}

func (l *loader) walkTriggers(dir string, pos Pos) {
	if !l.first("triggers in " + dir) {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.errorAt(pos, "reading the triggers in %s: %v", dir, reason(err))
		return
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case err == nil && info.IsDir():
			l.walkTriggers(path, pos)
		case scriptName(path) != "" && l.first(path):
			l.queue = append(l.queue, wanted{path: path, from: pos, script: true})
		}
	}
}

// scriptName gives the name of the trigger that a file holds; empty if it holds none.
func scriptName(path string) string {
	base, ext := filepath.Base(path), filepath.Ext(path)
	if ext != ".star" && ext != ".trig" {
		return ""
	}
	return strings.TrimSuffix(base, ext)
}

// triggerSteps reads trigger_max_steps.
func (l *loader) triggerSteps(p param, pos Pos) {
	n, ok := l.number(p.value, pos, p.name)
	if ok && (n < 100 || n > mostTriggerStep) {
		l.errorAt(pos, "trigger_max_steps is %s: it must be from 100 to %d", p.value, mostTriggerStep)
		return
	}
	l.config.Options.TriggerSteps = uint32(n)
}

// loadTriggers reads the triggers that have names: those of the files, and those that are defined.
func (l *loader) loadTriggers() {
	l.triggers, l.inline = map[string]uint32{}, map[string]uint32{}
	for n, s := range l.sources {
		if s.script {
			name := scriptName(s.path)
			l.nameTrigger(name, monitor.Trigger{Name: name, Source: s.text, File: s.path}, Pos{uint32(n), 0})
		}
	}
	for i, r := range l.objects[kTrigger] {
		v, name := l.look(r), l.names[kTrigger][i]
		code := v.get(keyCodeSrc)
		if !code.given() || code.s == "" {
			l.errorAt(v.pos(), "trigger %q has no code_src: add one, or write the script into a file %s.star in triggers_dir", name, name)
			continue
		}
		l.nameTrigger(name, l.written(name, code), code.pos)
	}
}

// written gives the trigger whose text stands in a directive: \n and \t stand there for ends of lines and tabulators.
func (l *loader) written(name string, code value) monitor.Trigger {
	text := strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(code.s)
	return monitor.Trigger{Name: name, Source: text + "\n", File: l.config.Files[code.pos.File], Line: code.pos.Line}
}

func (l *loader) nameTrigger(name string, t monitor.Trigger, pos Pos) {
	if old, ok := l.triggers[name]; ok {
		l.errorAt(pos, "trigger %q is already defined at %s: remove one of them", name, l.config.Where(l.config.Triggers[old].Pos))
		return
	}
	l.triggers[name] = l.addTrigger(t, pos)
}

// addTrigger compiles a trigger and gives its number. One that has mistakes has a number too.
func (l *loader) addTrigger(t monitor.Trigger, pos Pos) uint32 {
	n := uint32(len(l.config.Triggers))
	script := Script{}
	switch {
	case len(t.Source) > maxScript:
		l.errorAt(pos, "trigger %q has %d bytes, more than the %d that are taken", t.Name, len(t.Source), maxScript)
	case n >= maxTriggers:
		l.errorAt(pos, "there are more than %d triggers, which cannot be meant", maxTriggers)
	case l.opts.CheckScript != nil:
		script = l.opts.CheckScript(t)
	}
	for _, m := range script.Wrong {
		if t.Line == 0 {
			l.errorAt(Pos{pos.File, m.Line}, "trigger %q, column %d: %s", t.Name, m.Column, m.Text)
		} else {
			l.errorAt(pos, "trigger %q, line %d of the script, column %d: %s", t.Name, m.Line, m.Column, m.Text)
		}
	}
	l.config.Triggers = append(l.config.Triggers, Trigger{Trigger: t, Pos: pos})
	l.scripts = append(l.scripts, script)
	return n
}

// triggersOf gives the triggers of the host or service in view: first the one that is written there, then those it names.
func (l *loader) triggersOf(v *view) []uint32 {
	var list []uint32
	if code := v.get(keyTrigger); code.given() && code.s != "" {
		n, known := l.inline[code.s]
		if !known {
			n = l.addTrigger(l.written("inline", code), code.pos)
			l.inline[code.s] = n
		}
		list = append(list, n)
	}
	named := v.get(keyTriggerName)
	if !named.given() {
		return list
	}
	for _, name := range words(named.s) {
		if n, ok := l.triggers[name]; !ok {
			l.errorAt(named.pos, "trigger_name names trigger %q, which is neither defined nor a file in triggers_dir%s", name, l.hint(name, l.triggerNames))
		} else if !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

func (l *loader) triggerNames() []string {
	var list []string
	for name := range l.triggers {
		list = append(list, name)
	}
	return list
}

// tieTriggers lists the objects that have triggers, with the hosts that those name.
func (l *loader) tieTriggers() {
	if len(l.config.Triggers) == 0 {
		return
	}
	named := make([][]uint32, len(l.scripts))
	for n := range l.scripts {
		named[n] = l.namedHosts(uint32(n))
	}
	add := func(t Target, settings uint32) {
		list := l.config.Settings[settings].Triggers
		if len(list) == 0 {
			return
		}
		one := Triggered{Target: t, Triggers: list}
		for _, n := range list {
			one.Ties = append(one.Ties, named[n]...)
		}
		l.config.Triggered = append(l.config.Triggered, one)
	}
	for i := range l.config.Hosts {
		add(Target{uint32(i), monitor.None}, l.config.Hosts[i].Settings)
	}
	for i := range l.config.Services {
		s := &l.config.Services[i]
		add(Target{s.Host, int32(i)}, s.Settings)
	}
}

// namedHosts gives the hosts that a trigger names, and warns of names that it asks for and that nothing has.
func (l *loader) namedHosts(n uint32) []uint32 {
	t := &l.config.Triggers[n]
	var hosts []uint32
	for _, name := range l.scripts[n].Names {
		host, service, _ := strings.Cut(name.Name, "/")
		h, ok := l.index[kHost][host]
		known := ok && service == ""
		if ok && service != "" {
			_, known = l.serviceNamed(&l.config.Hosts[h], service)
		}
		if known {
			hosts = append(hosts, h)
		} else if name.Asked {
			l.doubtName(t, name, l.nearName(ok, h, host, service))
		}
	}
	return sorted(hosts)
}

func (l *loader) nearName(hasHost bool, h uint32, host, service string) hint {
	if hasHost {
		return l.hint(service, func() []string { return l.descriptions(&l.config.Hosts[h]) })
	}
	return l.hint(host, func() []string { return l.names[kHost] })
}

func (l *loader) doubtName(t *Trigger, name ScriptName, near hint) {
	pos := t.Pos
	if t.Line == 0 {
		pos.Line = name.Line
	}
	l.warnAt(pos, "trigger %q asks for %q, which is not defined%s", t.Name, name.Name, near)
}
