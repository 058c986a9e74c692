package objects

import "github.com/onbu/onbu/monitor"

// maxPairs bounds how many pairs one dependency may stand for.
const maxPairs = 10_000_000

// loadDependencies reads host and service dependencies.
func (l *loader) loadDependencies() {
	for _, r := range l.defs[kHostdependency] {
		if v := l.look(r); v.registered(l) {
			l.hostDependency(v)
		}
	}
	for _, r := range l.defs[kServicedependency] {
		if v := l.look(r); v.registered(l) {
			l.serviceDependency(v)
		}
	}
	l.easyDependencies()
}

// dependency reads what all the pairs of a definition have in common. It is false where nothing would depend on
// anything: Nagios leaves that out with a warning.
func (l *loader) dependency(v *view) (Dependency, bool) {
	d := Dependency{
		InheritsParent: l.on(v, keyInheritsParent, false),
		Execution:      l.optionsOf(v, keyExecutionFailure, "n"),
		Notification:   l.optionsOf(v, keyNotificationFailure, "n"),
		Period:         l.period(v, keyDependencyPeriod), Pos: v.pos(),
	}
	if d.Execution|d.Notification == 0 {
		l.warnAt(v.pos(), "this %s has no effect: give it execution_failure_criteria or notification_failure_criteria", v.kind)
		return d, false
	}
	return d, true
}

func (l *loader) hostDependency(v *view) {
	d, ok := l.dependency(v)
	before := l.mistakes.said
	masters := l.hostsOf(v, keyHostName, keyHostgroupName)
	dependents := l.hostsOf(v, keyDependentHostName, keyDependentHostgroupName)
	if l.halves(v, len(masters), len(dependents), before) && ok {
		for _, m := range masters {
			for _, h := range dependents {
				d.Master, d.Dependent = Target{m, monitor.None}, Target{h, monitor.None}
				l.config.Dependencies = append(l.config.Dependencies, d)
			}
		}
	}
}

// halves complains where one side of a dependency is empty: to Nagios that is a matter of allow_empty_hostgroup_assignment.
func (l *loader) halves(v *view, masters, dependents, before int) bool {
	severity := Warning
	if !l.config.Options.AllowEmptyHostgroups {
		severity = Error
	}
	switch {
	case masters*dependents > maxPairs:
		l.errorAt(v.pos(), "this %s stands for %d pairs, which cannot be meant: name fewer", v.kind, masters*dependents)
		return false
	case masters > 0 && dependents > 0:
		return true
	case l.mistakes.said > before:
	case masters == 0:
		l.mistakes.add(v.pos(), severity, "this %s has nothing to depend on: host_name, hostgroup_name or servicegroup_name stand for nothing", v.kind)
	default:
		l.mistakes.add(v.pos(), severity, "this %s has nobody that depends: the dependent_ directives stand for nothing", v.kind)
	}
	return false
}

func (l *loader) serviceDependency(v *view) {
	d, ok := l.dependency(v)
	before := l.mistakes.said
	masters, same := l.masters(v)
	if same {
		l.sameHost(v, d, ok, masters)
		return
	}
	dependents := l.servicesOf(v, dependentKeys)
	if !l.halves(v, len(masters), len(dependents), before) || !ok {
		return
	}
	for _, m := range masters {
		for _, s := range dependents {
			l.addServiceDependency(d, m, s)
		}
	}
}

// masters gives the services that others depend on. same says that no host is named for those others: each depends on
// the one on its own host.
func (l *loader) masters(v *view) (list []uint32, same bool) {
	for _, k := range []key{keyDependentHostName, keyDependentHostgroupName, keyDependentServicegroupName} {
		if v.get(k).given() {
			return l.servicesOf(v, masterKeys), false
		}
	}
	return l.servicesOf(v, masterKeys), true
}

// sameHost makes the services named in dependent_service_description depend on the masters of their host.
func (l *loader) sameHost(v *view, d Dependency, ok bool, masters []uint32) {
	description := v.get(keyDependentServiceDescription)
	if !description.given() {
		l.errorAt(v.pos(), "this servicedependency has nobody that depends: add dependent_service_description")
		return
	}
	for _, m := range masters {
		in, out := l.servicesOn(l.config.Services[m].Host, description, "dependent_service_description")
		for _, s := range without(sorted(in), sorted(out)) {
			if ok {
				l.addServiceDependency(d, m, s)
			}
		}
	}
}

func (l *loader) addServiceDependency(d Dependency, master, dependent uint32) {
	s := l.config.Services
	d.Master = Target{s[master].Host, int32(master)}
	d.Dependent = Target{s[dependent].Host, int32(dependent)}
	l.config.Dependencies = append(l.config.Dependencies, d)
}
