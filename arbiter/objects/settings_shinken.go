package objects

import "github.com/onbu/onbu/monitor"

// pullShinken is what Shinken's services take from their hosts besides (shinken/objects/service.py,
// apply_implicit_inheritance).
func (l *loader) pullShinken(v *view, s *Settings, host *Settings) {
	if !v.get(keyCheckPeriod).set {
		s.CheckPeriod = host.CheckPeriod
	}
	if !v.get(keyPollerTag).set {
		s.Pool = host.Pool
	}
	if !v.get(keyReactionnerTag).set {
		s.ReactionPool = host.ReactionPool
	}
	if !v.get(keyBusinessImpact).set {
		s.BusinessImpact = host.BusinessImpact
	}
	if !v.get(keyMaintenancePeriod).set {
		s.MaintenancePeriod = host.MaintenancePeriod
	}
	if !v.get(keyResultmodulations).set {
		s.ResultModulations = host.ResultModulations
	}
	if !v.get(keyImpactModulations).set {
		s.ImpactModulations = host.ImpactModulations
	}
	if !v.get(keyEscalations).set {
		s.Escalations = host.Escalations
	}
}

// shinkenSettings reads what only Shinken knows of hosts and services.
func (l *loader) shinkenSettings(v *view, s *Settings) {
	s.MaintenancePeriod = l.period(v, keyMaintenancePeriod)
	s.Snapshot, s.SnapshotPeriod = noCall, l.period(v, keySnapshotPeriod)
	if command := l.callOf(v.get(keySnapshotCommand), "snapshot_command"); l.on(v, keySnapshotEnabled, false) {
		if s.Snapshot = command; !v.get(keySnapshotCommand).given() {
			l.warnAt(v.get(keySnapshotEnabled).pos, "snapshot_enabled is set, but there is no snapshot_command: add one")
		}
	}
	s.SnapshotOptions = l.optionsOf(v, keySnapshotCriteria, snapshotCriteria(v.kind))
	s.SnapshotInterval = l.units(v, keySnapshotInterval, 5)
	s.ResultModulations = l.inOrder(v, keyResultmodulations)
	s.CheckModulations = l.inOrder(v, keyCheckmodulations)
	s.MacroModulations = l.inOrder(v, keyMacromodulations)
	s.ImpactModulations = l.inOrder(v, keyImpactModulations)
	s.Escalations = l.inOrder(v, keyEscalations)
	s.Labels = words(v.str(keyLabels))
	s.Triggers = l.triggersOf(v)
	s.NoHostDependency = v.kind == kService && !l.on(v, keyHostDependency, true)
	if s.Snapshot == noCall {
		// Without a command the rest says nothing: objects that differ in it alone share their Settings.
		s.SnapshotOptions, s.SnapshotPeriod, s.SnapshotInterval = 0, monitor.None, 0
	}
}

func snapshotCriteria(k kind) string {
	if k == kHost {
		return "d,u"
	}
	return "w,c,u"
}

// inOrder gives the objects that a list names, in its order: of modulations the first that holds wins.
func (l *loader) inOrder(v *view, k key) []uint32 {
	list := v.get(k)
	if !list.given() {
		return nil
	}
	var out []uint32
	for _, w := range words(list.s) {
		if i, ok := l.one(v.class.row[k].ref, w, list.pos, known.names[k]); ok {
			out = append(out, i)
		}
	}
	return out
}
