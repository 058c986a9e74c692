package objects

import "strings"

// grouping works out who is in groups of groups.
type grouping struct {
	l       *loader
	kind    kind
	parts   [][]uint32 // the groups in each group
	members [][]uint32 // sorted
	not     [][]uint32 // who stays out, whoever puts them in; sorted
	state   []uint8    // 0 not begun, 1 begun, 2 done
	open    []uint32
}

// nest adds to each group the members of the groups in it, and complains of circles.
func (g *grouping) nest() {
	g.state = make([]uint8, len(g.parts))
	for i := range g.parts {
		g.visit(uint32(i))
	}
}

func (g *grouping) visit(i uint32) {
	g.state[i] = 1
	g.open = append(g.open, i)
	for _, part := range g.parts[i] {
		switch g.state[part] {
		case 0:
			g.visit(part)
		case 1:
			g.circle(part)
		}
		g.members[i] = append(g.members[i], g.members[part]...)
	}
	g.members[i] = without(sorted(g.members[i]), g.not[i])
	g.state[i] = 2
	g.open = g.open[:len(g.open)-1]
}

func (g *grouping) circle(from uint32) {
	at := len(g.open) - 1
	for g.open[at] != from {
		at--
	}
	g.l.circle(g.kind, g.open[at:], "contain one another")
}

// circle complains of objects of a kind that form a circle, beginning with the one that is defined first.
func (l *loader) circle(k kind, circle []uint32, how string) {
	first := 0
	for i := range circle {
		if before(l.pos(l.objects[k][circle[i]]), l.pos(l.objects[k][circle[first]])) {
			first = i
		}
	}
	var path []string
	for i := range circle {
		path = append(path, l.names[k][circle[(first+i)%len(circle)]])
	}
	path = append(path, path[0])
	l.errorAt(l.pos(l.objects[k][circle[first]]), "%ss %s in a circle: %s: take one of the steps away", k, how,
		strings.Join(path, " -> "))
}

// groups reads the groups of a kind. inner is the directive with groups in it; join holds for each group those who named
// it themselves.
func (l *loader) groups(k, of kind, inner key, join [][]uint32) []Group {
	g := grouping{l: l, kind: k}
	list := make([]Group, len(l.objects[k]))
	for i, r := range l.objects[k] {
		v := l.look(r)
		list[i] = l.group(v)
		var members, not []uint32
		if m := v.get(keyMembers); m.given() && k != kServicegroup {
			members, not = l.pick(of, m, "members")
		} else if m.given() {
			members, not = l.serviceMembers(m)
		}
		g.members = append(g.members, append(members, join[i]...))
		g.not = append(g.not, not)
		parts, _ := l.pick(k, v.get(inner), known.names[inner])
		g.parts = append(g.parts, parts)
	}
	g.nest()
	for i := range list {
		list[i].Members = g.members[i]
	}
	return list
}

func (l *loader) group(v *view) Group {
	return Group{
		Name: v.str(v.class.id), Alias: v.str(keyAlias), Notes: v.str(keyNotes),
		NotesURL: v.str(keyNotesURL), ActionURL: v.str(keyActionURL), Pos: v.pos(),
	}
}
