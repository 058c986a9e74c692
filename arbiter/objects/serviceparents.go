package objects

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// parented is a service that names services it lies behind (parents) or depends on (service_dependencies).
type parented struct {
	host        uint32
	description string
	// def is where the service is defined: of two definitions of one service only one counts.
	def                   Pos
	parents, dependencies value
}

// rememberParents keeps what a service says of others until all are known.
func (l *loader) rememberParents(v *view, p place, description string) {
	parents, dependencies := v.get(keyParents), v.get(keyServiceDependencies)
	if parents.given() || dependencies.given() {
		l.parented = append(l.parented, parented{p.host, description, v.pos(), parents, dependencies})
	}
}

// child gives the service itself, if this definition of it is the one that counts.
func (l *loader) child(p *parented) (uint32, bool) {
	i, ok := l.serviceNamed(&l.config.Hosts[p.host], p.description)
	return i, ok && l.config.Services[i].Pos == p.def
}

// loadServiceParents reads the "parents" of services: one name is a service of the same host, otherwise they are pairs
// host,service,host,service.
func (l *loader) loadServiceParents() {
	for i := range l.parented {
		p := &l.parented[i]
		child, ok := l.child(p)
		if !ok || !p.parents.given() {
			continue
		}
		for _, parent := range l.serviceParents(p) {
			l.config.ServiceParents = append(l.config.ServiceParents, ServiceParent{child, parent, p.parents.pos})
		}
	}
	slices.SortStableFunc(l.config.ServiceParents, func(a, b ServiceParent) int { return cmp.Compare(a.Child, b.Child) })
}

func (l *loader) serviceParents(p *parented) []uint32 {
	if !strings.Contains(p.parents.s, ",") {
		return l.serviceParent(p, l.config.Hosts[p.host].Name, trim(p.parents.s))
	}
	var list []uint32
	w := words(p.parents.s)
	for i := 0; i+1 < len(w); i += 2 {
		list = append(list, l.serviceParent(p, w[i], w[i+1])...)
	}
	return sorted(list)
}

func (l *loader) serviceParent(p *parented, host, description string) []uint32 {
	i, ok := l.one(kHost, host, p.parents.pos, "parents")
	if !ok {
		return nil
	}
	if i == p.host && description == p.description {
		l.errorAt(p.parents.pos, "service %q on host %q is its own parent: take it out of parents", description, host)
		return nil
	}
	part := p.parents
	part.s = description
	in, _ := l.servicesOn(i, part, "parents")
	return in
}

// easyDependencies reads Shinken's service_dependencies: pairs host,service,host,service, no host meaning the service's
// own. They hold notifications back, and ask the dependencies of the masters too (shinken/objects/servicedependency.py).
func (l *loader) easyDependencies() {
	for i := range l.parented {
		p := &l.parented[i]
		dependent, ok := l.child(p)
		if !ok || !p.dependencies.given() {
			continue
		}
		w := strings.Split(p.dependencies.s, ",")
		if len(w)%2 != 0 {
			l.errorAt(p.dependencies.pos, "service_dependencies are pairs, host,service,host,service, but one half is missing after %q", trim(w[len(w)-1]))
		}
		for i := 0; i+1 < len(w); i += 2 {
			l.easyDependency(p, dependent, trim(w[i]), trim(w[i+1]))
		}
	}
}

func (l *loader) easyDependency(p *parented, dependent uint32, host, description string) {
	h, ok := p.host, true
	if host != "" {
		h, ok = l.one(kHost, host, p.dependencies.pos, "service_dependencies")
	}
	if !ok {
		return
	}
	part := p.dependencies
	part.s = description
	masters, _ := l.servicesOn(h, part, "service_dependencies")
	for _, m := range masters {
		l.addServiceDependency(Dependency{
			InheritsParent: true, Notification: monitor.OnUnknown | monitor.OnCritical | monitor.OnWarning,
			Period: monitor.None, Pos: p.dependencies.pos,
		}, m, dependent)
	}
}
