package trigger

import (
	"strings"

	"go.starlark.net/syntax"
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
