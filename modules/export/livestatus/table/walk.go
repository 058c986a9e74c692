package table

import (
	"strings"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// eachHost hands on a row for each host that the query may see, in the order of names. Objects are those of the
// configuration: of what the view does not know yet a row shows that it was never checked.
func (r *Row) eachHost(n Narrow, g *guard, yield func() bool) {
	r.walkHosts(n, func() bool { return !g.host(&r.host) || yield() })
}

// eachService hands on a row for each service that the query may see, in the order of hosts and descriptions.
func (r *Row) eachService(n Narrow, g *guard, yield func() bool) {
	if n.Host != "" && n.Service != "" {
		if p, ok := r.x.Find(monitor.Ref{Host: n.Host, Service: n.Service}); ok && g.place(p) {
			r.placeService(p)
			yield()
		}
		return
	}
	r.walkHosts(n, func() bool { return r.servicesOfHost(g, yield) })
}

// servicesOfHost hands on a row for each service of the row's host.
func (r *Row) servicesOfHost(g *guard, yield func() bool) bool {
	whole, from, more := g.whole(&r.host), 0, true
	r.beginServices()
	r.x.Descriptions(r.host.place, func(id monitor.ID, name string) bool {
		from = r.nextService(id, name, from)
		more = !whole && !g.object(&r.service) || yield()
		return more
	})
	return more
}

// walkHosts makes each host that of the row; at most one if the query asks for one.
func (r *Row) walkHosts(n Narrow, yield func() bool) {
	if n.Host != "" {
		if p, ok := r.x.Find(monitor.Ref{Host: n.Host}); ok {
			r.placeHost(p)
			yield()
		}
		return
	}
	v, i := r.World.View, 0
	for _, p := range r.x.Hosts {
		name := r.x.Host(p).Name
		for i < v.Hosts() && v.Host(i).Name() < name {
			i++
		}
		if known := i < v.Hosts() && v.Host(i).Name() == name; known {
			r.setHost(p, v.Host(i), true)
		} else {
			r.setHost(p, view.Host{}, false)
		}
		if !yield() {
			return
		}
	}
}

// placeHost makes a host that of the row.
func (r *Row) placeHost(p catalog.Place) {
	i, ok := r.World.View.Find(r.x.Host(p).Name)
	if !ok {
		r.setHost(p, view.Host{}, false)
		return
	}
	r.setHost(p, r.World.View.Host(i), true)
}

// placeService makes a service that of the row, and its host too.
func (r *Row) placeService(p catalog.Place) {
	r.placeHost(catalog.Place{Shard: p.Shard, ID: r.x.Inventory(p).HostOf(p.ID)})
	r.pickService(p.ID)
}

// pickService makes a service of the row's host that of the row.
func (r *Row) pickService(id monitor.ID) {
	r.beginServices()
	name, from := r.host.inv.Service(id).Description, 0
	if r.host.hasHost {
		from, _ = r.host.view.Find(name)
	}
	r.nextService(id, name, from)
}

// find makes an object that of the row: HOST, HOST;SERVICE or HOST SERVICE.
func (r *Row) find(object string, service bool) bool {
	ref := monitor.Ref{Host: object}
	if service {
		i := strings.IndexByte(object, ';')
		if i < 0 {
			i = strings.IndexByte(object, ' ')
		}
		if i < 0 {
			return false
		}
		ref.Host, ref.Service = object[:i], object[i+1:]
	}
	p, ok := r.x.Find(ref)
	switch {
	case !ok || !r.sees(p):
		return false
	case service:
		r.placeService(p)
	default:
		r.placeHost(p)
	}
	return ok
}
