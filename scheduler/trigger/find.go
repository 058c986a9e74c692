package trigger

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"github.com/onbu/onbu/monitor"
)

// refOf reads "HOST" or "HOST/SERVICE".
func refOf(name string) monitor.Ref {
	host, service, _ := strings.Cut(name, "/")
	return monitor.Ref{Host: host, Service: service}
}

// one gives the object that a value means: itself, or the one of that name.
func (c *court) one(v starlark.Value) (*object, error) {
	switch v := v.(type) {
	case *object:
		return v, nil
	case starlark.String:
		if err := c.charge(len(v), 0); err != nil {
			return nil, err
		}
		if id, ok := c.sight.Find(refOf(string(v))); ok {
			return c.object(id), nil
		}
		return nil, fmt.Errorf("there is no %q in this shard: write a name in quotes into the script, so that it is kept in the same one", string(v))
	}
	return nil, fmt.Errorf("an object is self, what get_object gave, or a name, not %s", v.Type())
}

// some gives the objects that a value means: those of a list, or those whose names fit a pattern.
func (c *court) some(v starlark.Value) ([]*object, error) {
	if text, ok := v.(starlark.String); ok {
		ids, err := c.match(string(text))
		if err != nil {
			return nil, err
		}
		var all []*object
		for _, id := range ids {
			all = append(all, c.object(id))
		}
		return all, nil
	}
	list, ok := v.(starlark.Iterable)
	if !ok {
		o, err := c.one(v)
		return []*object{o}, err
	}
	var all []*object
	for v := range starlark.Elements(list) {
		if err := c.charge(perStep, perStep); err != nil {
			return nil, err
		}
		o, err := c.one(v)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// objectSize is about how many bytes an object takes in a run.
const objectSize = 200

// mostPatterns is how many patterns are remembered, of so many bytes at most, and mostFitting how many objects they all mean:
// scripts may put patterns together.
const (
	mostPatterns   = 1000
	longestPattern = 512
	mostFitting    = 1 << 20
)

// match gives the objects of the shard whose names fit "HOST" or "HOST/SERVICE", where * is anything.
func (c *court) match(pattern string) ([]monitor.ID, error) {
	ids, known := c.patterns[pattern]
	if !known {
		if err := c.charge(c.inv.Objects()+len(pattern), len(pattern)); err != nil {
			return nil, err
		}
		ids = c.search(pattern)
		if len(c.patterns) < mostPatterns && len(pattern) <= longestPattern && c.fitting+len(ids) <= mostFitting {
			c.patterns[strings.Clone(pattern)] = ids
			c.fitting += len(ids)
		}
	}
	return ids, c.charge(len(ids)*perStep, len(ids)*objectSize)
}

func (c *court) search(pattern string) []monitor.ID {
	if !strings.Contains(pattern, "*") {
		if id, ok := c.sight.Find(refOf(pattern)); ok {
			return []monitor.ID{id}
		}
		return nil
	}
	host, service, services := globsOf(pattern)
	var ids []monitor.ID
	for h := range c.inv.Hosts {
		if !host.fits(c.inv.Hosts[h].Name) {
			continue
		}
		if !services {
			ids = append(ids, monitor.ID(h))
			continue
		}
		first, last := c.sight.Services(monitor.ID(h))
		for id := first; id < last; id++ {
			if service.fits(c.inv.Service(id).Description) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// glob is a pattern in which * is any text, parted there: first is what a name begins with, last what it ends with.
type glob struct {
	first, last string
	between     []string // none of which is empty
	exact       bool     // there is no * in it
	least       int      // how long a name is at least
}

func globOf(pattern string) glob {
	parts := strings.Split(pattern, "*")
	g := glob{first: parts[0], exact: len(parts) == 1, least: len(pattern) - len(parts) + 1}
	if g.exact {
		return g
	}
	g.last = parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		if part != "" {
			g.between = append(g.between, part)
		}
	}
	return g
}

// fits says whether a name is what the pattern means. It costs what the name is long, not the pattern.
func (g *glob) fits(name string) bool {
	if g.exact {
		return g.first == name
	}
	rest, ok := strings.CutPrefix(name, g.first)
	if !ok || len(name) < g.least {
		return false
	}
	for _, part := range g.between {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, g.last)
}

// globsOf reads "HOST" or "HOST/SERVICE".
func globsOf(pattern string) (host, service glob, services bool) {
	hostText, serviceText, services := strings.Cut(pattern, "/")
	return globOf(hostText), globOf(serviceText), services
}
