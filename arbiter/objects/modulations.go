package objects

import (
	"strconv"

	"github.com/onbu/onbu/monitor"
)

// loadModulations reads Shinken's modulations (shinken/objects, resultmodulation.py and its like).
func (l *loader) loadModulations() {
	for i, r := range l.objects[kResultmodulation] {
		l.config.ResultModulations = append(l.config.ResultModulations, l.resultModulation(l.look(r), l.names[kResultmodulation][i]))
	}
	for i, r := range l.objects[kCheckmodulation] {
		v := l.look(r)
		c := v.get(keyCheckCommand)
		if !c.given() || c.s == "" {
			l.errorAt(v.pos(), "checkmodulation %q has no check_command: add one", l.names[kCheckmodulation][i])
		}
		l.config.CheckModulations = append(l.config.CheckModulations, monitor.CheckModulation{
			Name: l.names[kCheckmodulation][i], Period: l.period(v, keyCheckPeriod), Check: l.callOf(c, "check_command"),
		})
	}
	for i, r := range l.objects[kMacromodulation] {
		v := l.look(r)
		l.config.MacroModulations = append(l.config.MacroModulations, monitor.MacroModulation{
			Name: l.names[kMacromodulation][i], Period: l.period(v, keyModulationPeriod), Vars: l.customVars(v),
		})
	}
	for i, r := range l.objects[kBusinessimpactmodulation] {
		l.config.ImpactModulations = append(l.config.ImpactModulations, l.impactModulation(l.look(r), l.names[kBusinessimpactmodulation][i]))
	}
}

// resultModulation reads which exit codes become which. Without a new one, or without any to replace, Shinken changes
// nothing, and neither does what comes out here: it turns one code into itself.
func (l *loader) resultModulation(v *view, name string) monitor.ResultModulation {
	m := monitor.ResultModulation{Name: name, Period: l.period(v, keyModulationPeriod), From: 1, To: monitor.OK}
	codes, to := v.get(keyExitCodesMatch), v.get(keyExitCode)
	if !codes.given() || codes.s == "" || !to.given() {
		l.warnAt(v.pos(), "resultmodulation %q changes nothing: give it exit_codes_match and exit_code_modulation", name)
		return m
	}
	from := uint8(0)
	for _, w := range words(codes.s) {
		if state, ok := l.exitCode(w, codes.pos, "exit_codes_match"); ok {
			from |= 1 << state
		}
	}
	if state, ok := l.exitCode(to.s, to.pos, "exit_code_modulation"); ok && from != 0 {
		m.From, m.To = from, state
	}
	return m
}

// exitCode reads the number with which a plugin ends.
func (l *loader) exitCode(text string, pos Pos, directive string) (monitor.State, bool) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > int(monitor.Unknown) {
		l.errorAt(pos, "%s has %q: exit codes are 0, 1, 2 and 3", directive, text)
		return 0, false
	}
	return monitor.State(n), true
}

func (l *loader) impactModulation(v *view, name string) monitor.ImpactModulation {
	if !v.get(keyBusinessImpact).given() {
		l.errorAt(v.pos(), "businessimpactmodulation %q has no business_impact: add one", name)
	}
	return monitor.ImpactModulation{
		Name: name, Period: l.period(v, keyModulationPeriod), Impact: l.impact(v, keyBusinessImpact, 0),
	}
}
