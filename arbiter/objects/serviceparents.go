package objects

import "strings"

// parented is a service that names services it lies behind. Onbu does not act on that yet; it only looks whether they
// are there.
type parented struct {
	host        uint32
	description string
	parents     value
}

// checkServiceParents looks at "parents" of services: one name is a service of the same host, otherwise they are pairs
// host,service,host,service.
func (l *loader) checkServiceParents() {
	for _, p := range l.parented {
		own := l.config.Hosts[p.host].Name
		if !strings.Contains(p.parents.s, ",") {
			l.checkServiceParent(p, own, trim(p.parents.s))
			continue
		}
		w := words(p.parents.s)
		for i := 0; i+1 < len(w); i += 2 {
			l.checkServiceParent(p, w[i], w[i+1])
		}
	}
}

func (l *loader) checkServiceParent(p parented, host, description string) {
	i, ok := l.one(kHost, host, p.parents.pos, "parents")
	if !ok {
		return
	}
	if i == p.host && description == p.description {
		l.errorAt(p.parents.pos, "service %q on host %q is its own parent: take it out of parents", description, host)
		return
	}
	part := p.parents
	part.s = description
	l.servicesOn(i, part, "parents")
}
