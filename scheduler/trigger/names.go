package trigger

import (
	"strings"

	"go.starlark.net/syntax"

	"github.com/onbu/onbu/monitor"
)

// asking are the functions whose first argument is an object.
var asking = map[string]bool{
	"perf": true, "perfs": true, "get_object": true, "get_objects": true, "get_custom": true, "set_value": true,
	"ok": true, "warning": true, "critical": true, "unknown": true, "up": true, "down": true,
}

// namesIn gives the strings that may name objects: what stands as first argument of a function that asks for an object, and all
// that have a slash in them. Names with * mean what the shard has, and are not among them.
func namesIn(f *syntax.File) []Name {
	asked := map[*syntax.Literal]bool{}
	var names []Name
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if fn, ok := n.Fn.(*syntax.Ident); ok && asking[fn.Name] && len(n.Args) > 0 {
				if text, ok := n.Args[0].(*syntax.Literal); ok {
					asked[text] = true
				}
			}
		case *syntax.Literal:
			text, ok := n.Value.(string)
			if ok && text != "" && !strings.Contains(text, "*") && (asked[n] || strings.Contains(text, "/")) {
				names = append(names, Name{Text: text, Line: uint32(n.TokenPos.Line), Asked: asked[n]})
			}
		}
		return true
	})
	return names
}

// Pattern is a string in a script that names objects by *, as first argument of perfs or get_objects. They are those of the shard.
type Pattern struct {
	Text          string
	Line          uint32
	host, service glob
	services      bool
}

// Patterns gives those of a script; none of one with mistakes.
func Patterns(t *monitor.Trigger) []Pattern {
	f, err := parse(t)
	if err != nil {
		return nil
	}
	var all []Pattern
	syntax.Walk(f, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true
		}
		fn, _ := call.Fn.(*syntax.Ident)
		literal, _ := call.Args[0].(*syntax.Literal)
		if fn == nil || literal == nil || fn.Name != "perfs" && fn.Name != "get_objects" {
			return true
		}
		if text, _ := literal.Value.(string); strings.Contains(text, "*") {
			p := Pattern{Text: text, Line: uint32(literal.TokenPos.Line)}
			p.host, p.service, p.services = globsOf(text)
			all = append(all, p)
		}
		return true
	})
	return all
}

// Host says whether hosts of that name, or their services, can fit; Service, whether services of that description do. OfHosts
// says that the hosts themselves are meant.
func (p *Pattern) Host(name string) bool           { return p.host.fits(name) }
func (p *Pattern) Service(description string) bool { return p.service.fits(description) }
func (p *Pattern) OfHosts() bool                   { return !p.services }
