package core

import (
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/onbu/onbu/monitor"
)

const (
	// mostSources is how many sources of one host are remembered: the newest.
	mostSources = 64
	// linkAge is how long a source is remembered that does not speak for a host any more.
	linkAge = 7 * 24 * time.Hour
)

// link says that a source spoke for a host.
type link struct {
	target monitor.ID
	source uint32
	next   uint32       // one more than the place of the target's next link; 0 for none
	seq    uint64       // of the newest payload
	at     monitor.Time // when that was fetched
	// circle says that the source stands on the target itself, so that it is no parent of it.
	circle bool
}

// source is a host whose agent's output held payloads for hosts of this shard, or for hosts that another shard asked about.
type source struct {
	name   string
	host   monitor.ID   // monitor.NoID if it lives in another shard or site
	agents []monitor.ID // the services of its agents, which say whether those answer
	// mute says that it has none, and that agents are all services that evaluate what its agent says instead.
	mute  bool
	links []uint32 // to its targets; some may be another source's since
	plight
	elsewhere
	asked []asker // shards that want to know of it; only for one that lives here
}

// link gives the place of the link between a host and a source, which may be new.
func (c *Core) link(host monitor.ID, name string) uint32 {
	p := &c.post
	if p.boxes == nil {
		p.boxes = make([]mailbox, len(c.inv.Hosts))
	}
	from := c.source(name)
	box := &p.boxes[host]
	count, oldest := 0, uint32(0)
	for at := box.links; at != 0; at = p.links[at-1].next {
		if p.links[at-1].source == from {
			return at - 1
		}
		if count++; count == 1 || p.links[at-1].at < p.links[oldest].at {
			oldest = at - 1
		}
	}
	l := link{target: host, source: from, next: box.links, circle: c.standsOn(p.sources[from].host, host)}
	at := uint32(len(p.links))
	if count < mostSources {
		p.links = append(p.links, l)
		box.links = at + 1
	} else {
		at, l.next = oldest, p.links[oldest].next
		p.links[at] = l
	}
	p.sources[from].links = append(p.sources[from].links, at)
	if p.sources[from].host == monitor.NoID {
		c.askAround()
	}
	return at
}

// source gives the place of a source, which may be new.
func (c *Core) source(name string) uint32 {
	p := &c.post
	if int(p.last) < len(p.sources) && p.sources[p.last].name == name {
		return p.last
	}
	n, ok := p.byName[name]
	if !ok {
		n = c.newSource(strings.Clone(name))
	}
	p.last = n
	return n
}

func (c *Core) newSource(name string) uint32 {
	p, n := &c.post, uint32(len(c.post.sources))
	if p.byName == nil {
		p.byName, p.at = make(map[string]uint32), make(map[monitor.ID]uint32)
	}
	s := source{name: name, host: monitor.NoID}
	if host, ok := c.hosts[name]; ok {
		s.host = host
		p.at[host] = n
		s.agents = c.queries(host, owns|fetches)
		if s.agents == nil {
			s.agents = c.queries(host, fetches)
			s.mute = s.agents != nil
		}
		for _, id := range s.agents {
			p.at[id] = n
		}
	}
	p.byName[name] = n
	p.sources = append(p.sources, s)
	c.revisit(n)
	return n
}

// queries gives the services of a host that are checked and whose checks ask its agent.
func (c *Core) queries(host monitor.ID, how reading) (ids []monitor.ID) {
	first, last := c.services(host)
	for id := first; id < last; id++ {
		if c.reading != nil && c.reading[id].has(how) && (how.has(owns) || c.inv.Policy(id).Switches&monitor.ActiveChecks != 0) {
			ids = append(ids, id)
		}
	}
	return ids
}

// standsOn says whether a host is behind another one, by the parents of hosts.
func (c *Core) standsOn(host, on monitor.ID) bool {
	if host == monitor.NoID || len(c.graph.Children(on)) == 0 {
		return host == on
	}
	chain := []monitor.ID{host}
	for i := 0; i < len(chain); i++ {
		if chain[i] == on {
			return true
		}
		for _, p := range c.graph.Parents(chain[i]) {
			if !slices.Contains(chain, p) {
				chain = append(chain, p)
			}
		}
	}
	return false
}

// sourcesOf hands on the links of a host until one says to stop.
func (c *Core) sourcesOf(host monitor.ID, each func(*link) bool) {
	if c.post.boxes == nil {
		return
	}
	for at := c.post.boxes[host].links; at != 0; at = c.post.links[at-1].next {
		if !each(&c.post.links[at-1]) {
			return
		}
	}
}

// leanersOn appends the objects that lean on a source and are, or were, in trouble.
func (c *Core) leanersOn(ids []monitor.ID, n uint32) []monitor.ID {
	if c.leaning == nil {
		return ids
	}
	for _, at := range c.post.sources[n].links {
		if l := &c.post.links[at]; l.source == n {
			ids = c.leaners(ids, l.target)
		}
	}
	return ids
}

// leaners appends those of one host.
func (c *Core) leaners(ids []monitor.ID, host monitor.ID) []monitor.ID {
	if !c.leaning[host] {
		return ids
	}
	if c.leans(host) && (c.isProblem(host) || c.standing[host].marks != 0) {
		ids = append(ids, host)
	}
	first, last := c.services(host)
	for id := first; id < last; id++ {
		if c.leans(id) && (c.isProblem(id) || c.standing[id].marks != 0) {
			ids = append(ids, id)
		}
	}
	return ids
}

// bytes gives roughly how much memory is taken for what is known of payloads.
func (p *post) bytes() int {
	return cap(p.boxes)*int(unsafe.Sizeof(mailbox{})) + cap(p.links)*int(unsafe.Sizeof(link{})+4) + cap(p.sources)*int(unsafe.Sizeof(source{}))
}

// Link is what is remembered of the payloads of one source for one host.
type Link struct {
	Host, Source string
	At           monitor.Time // when the newest was fetched
	Arrived      monitor.Time // when the core heard of it, or of another one for the host
}

// allLinks gives the links, those of a host behind each other.
func (c *Core) allLinks() (all []Link) {
	for host := range c.post.boxes {
		c.sourcesOf(monitor.ID(host), func(l *link) bool {
			if l.at.Add(linkAge) > c.now {
				all = append(all, Link{
					Host: c.inv.Hosts[host].Name, Source: c.post.sources[l.source].name,
					At: l.at, Arrived: c.post.boxes[host].arrived,
				})
			}
			return true
		})
	}
	return all
}

// loadLinks takes over what was remembered.
func (c *Core) loadLinks(links []Link) {
	for i := range links {
		host, ok := c.hosts[links[i].Host]
		if !ok {
			continue
		}
		l := &c.post.links[c.link(host, links[i].Source)]
		l.at = max(l.at, links[i].At)
		box := &c.post.boxes[host]
		box.arrived = max(box.arrived, links[i].Arrived)
	}
}

// movePost takes over what an older core knew of payloads and sources, by name.
func (c *Core) movePost(old *Core) {
	for i := range old.post.links {
		l := &old.post.links[i]
		host, ok := c.hosts[old.inv.Hosts[l.target].Name]
		if !ok {
			continue
		}
		n := c.link(host, old.post.sources[l.source].name)
		c.post.links[n].seq, c.post.links[n].at = l.seq, l.at
		was, is := &old.post.boxes[l.target], &c.post.boxes[host]
		is.seq, is.arrived, is.freed = was.seq, was.arrived, was.freed
	}
	for id, at := range old.post.counted {
		if is, ok := c.find(old.inv.Ref(id)); ok {
			c.post.noteCounted(is, at)
		}
	}
	for i := range old.post.sources {
		was := &old.post.sources[i]
		if len(was.asked) > 0 {
			c.source(was.name)
		}
		if n, ok := c.post.byName[was.name]; ok {
			c.post.sources[n].resume(was)
		}
	}
}
