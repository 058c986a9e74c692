package objects

import (
	"fmt"
	"strings"
)

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
	if len(g.open) >= maxDepth && len(g.parts[i]) > 0 {
		g.l.errorAt(g.l.pos(g.l.objects[g.kind][i]), "more than %d %ss lie in one another: take some out", maxDepth, g.kind)
		g.state[i] = 2
		return
	}
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
	var list []string
	for i := range circle {
		list = append(list, l.names[k][circle[(first+i)%len(circle)]])
	}
	l.errorAt(l.pos(l.objects[k][circle[first]]), "%ss %s in a circle: %s: take one of the steps away", k, how, path(list))
}

// path writes a circle as a -> b -> a. Of a very long one it leaves the middle out.
func path(circle []string) string {
	const most = 20
	list := append(circle[:len(circle):len(circle)], circle[0])
	if len(list) > most {
		middle := fmt.Sprintf("(%d more)", len(list)-most)
		list = append(append(list[:most/2:most/2], middle), list[len(list)-most/2:]...)
	}
	return strings.Join(list, " -> ")
}

// join puts somebody into the groups that he names himself.
func (l *loader) join(k kind, groups value, directive string, member uint32) {
	if !groups.given() {
		return
	}
	if l.shinken {
		l.imply(k, groups)
	}
	in, out := l.pick(k, groups, directive)
	for _, g := range without(in, out) {
		for int(g) >= len(l.joined[k]) {
			l.joined[k] = append(l.joined[k], nil)
		}
		l.joined[k][g] = append(l.joined[k][g], member)
	}
}

// imply makes groups that are named but not defined, as Shinken does.
func (l *loader) imply(k kind, groups value) {
	for _, w := range words(groups.s) {
		if _, ok := l.index[k][w]; ok || w == "*" || w[0] == '!' {
			continue
		}
		l.index[k][w] = uint32(len(l.names[k]))
		l.names[k] = append(l.names[k], w)
		l.implied[k] = append(l.implied[k], groups.pos)
	}
}

// groups reads the groups of a kind. inner is the directive with groups in it. Those who joined a group are known.
func (l *loader) groups(k, of kind, inner key) []Group {
	g := grouping{l: l, kind: k}
	list := make([]Group, len(l.names[k]))
	join := append(l.joined[k], make([][]uint32, len(list)-len(l.joined[k]))...)
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
	for i, pos := range l.implied[k] {
		n := len(l.objects[k]) + i
		list[n] = Group{Name: l.names[k][n], Alias: l.names[k][n], Pos: pos}
		g.members, g.not, g.parts = append(g.members, join[n]), append(g.not, nil), append(g.parts, nil)
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
