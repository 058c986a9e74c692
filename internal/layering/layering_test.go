package layering_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/onbu/onbu/"

// layer is a set of packages that may import the layers below it, and what else its rules say. A pattern ending in /...
// covers a folder with all below it; the first layer that fits a package is its layer.
type layer struct {
	name     string
	packages []string
	// apart: packages of this layer do not import each other.
	apart bool
	// pure: no third-party import and none of the standard packages that touch the world.
	pure bool
}

// layers go from the top down.
var layers = []layer{
	{name: "programs", packages: []string{"cmd/...", "bench/...", "internal/oracle", "internal/demo"}},
	{name: "the whole", packages: []string{"internal/app", "internal/console"}},
	{name: "list of modules", packages: []string{"modules/builtin"}},
	{name: "daemons", packages: []string{"arbiter", "scheduler", "poller", "reactionner", "receiver", "receiver/sites", "broker"}, apart: true},
	{name: "adapters", packages: []string{
		"modules/check/...", "modules/notify/...", "modules/listen/...", "modules/export/...",
		"internal/bus/dial", "internal/bus/link", "internal/bus/natsbus", "internal/bus/membus", "internal/bus/bustest", "internal/chronicle", "internal/nodes", "internal/courier", "internal/hosting", "broker/feed", "arbiter/compile", "arbiter/dynamic", "arbiter/objects/...",
		"scheduler/recall",
	}},
	{name: "protocols", packages: []string{
		"internal/adh", "internal/history", "internal/keys", "internal/probe/...", "internal/secret", "internal/serve/...", "internal/mcrypt", "internal/mmsg", "internal/wheel", "internal/recent", "internal/snmp/...", "internal/sshpool/...", "receiver/spool",
		"internal/boottime", "internal/lease", "internal/pulse", "internal/sdnotify", "internal/outbound", "internal/poison", "scheduler/trigger",
	}},
	{name: "contracts", packages: []string{"modules", "internal/bus"}, apart: true},
	{name: "cores", packages: []string{"scheduler/core", "scheduler/simulate", "broker/problems", "broker/outline", "broker/standing"}, pure: true},
	{name: "deciders", packages: []string{"scheduler/spread", "scheduler/timetable", "scheduler/verdict", "arbiter/split", "broker/tempo", "broker/view", "internal/nodes/cover", "modules/piggyback"}, apart: true, pure: true},
	{name: "codec", packages: []string{"internal/wire"}},
	{name: "graphs", packages: []string{"deptree/..."}, pure: true},
	{name: "nouns", packages: []string{"monitor/..."}, pure: true},
	{name: "tests", packages: []string{"internal/realpeer/...", "internal/logtest", "internal/layering"}},
}

// worldly are standard packages that a decider may not have.
var worldly = []string{"net", "os", "log", "sync", "syscall", "io/fs", "os/exec", "log/slog", "net/http", "sync/atomic"}

func TestImportsPointDownwards(t *testing.T) {
	for _, p := range packages(t) {
		from := layerOf(p.dir)
		if from < 0 {
			t.Errorf("%s belongs to no layer: add it to the table", p.dir)
			continue
		}
		for _, imported := range p.imports {
			if reason := forbidden(p.dir, from, imported); reason != "" {
				t.Errorf("%s imports %s: %s", p.dir, imported, reason)
			}
		}
	}
}

// forbidden says why a package may not import another one; empty if it may.
func forbidden(dir string, from int, imported string) string {
	l := layers[from]
	to, ours := strings.CutPrefix(imported, module)
	if !ours {
		thirdParty := strings.Contains(strings.Split(imported, "/")[0], ".")
		switch {
		case l.pure && thirdParty:
			return l.name + " import nothing from outside the standard library"
		case l.pure && slices.Contains(worldly, imported):
			return l.name + " do not touch the world"
		}
		return ""
	}
	switch below := layerOf(to); {
	case below < from:
		return l.name + " lie below " + layers[max(below, 0)].name
	case below == from && l.apart && to != dir:
		return l.name + " do not know each other"
	case l.name == "adapters" && below == from && family(dir) != family(to) && !(family(dir) == "internal/bus" && family(to) == "internal/bus"):
		return "adapters do not know each other"
	}
	return ""
}

// family is what adapters that are one thing share: the module, the bus, the configuration.
func family(dir string) string {
	parts := strings.Split(dir, "/")
	switch {
	case parts[0] == "modules":
		return path.Join(parts[:min(3, len(parts))]...)
	case parts[0] == "internal":
		return "internal/bus"
	}
	return parts[0]
}

func layerOf(dir string) int {
	return slices.IndexFunc(layers, func(l layer) bool {
		return slices.ContainsFunc(l.packages, func(pattern string) bool {
			prefix, all := strings.CutSuffix(pattern, "/...")
			return dir == prefix || all && strings.HasPrefix(dir, prefix+"/")
		})
	})
}

func TestDecidersReadNoClock(t *testing.T) {
	for _, p := range packages(t) {
		if from := layerOf(p.dir); from < 0 || !layers[from].pure {
			continue
		}
		for _, f := range p.files {
			ast.Inspect(f, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "Tick"}, sel.Sel.Name) {
						t.Errorf("%s calls time.%s: time is an argument there", p.dir, sel.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

func TestEveryPackageSaysWhatItKnows(t *testing.T) {
	for _, p := range packages(t) {
		docs := 0
		for _, f := range p.files {
			if f.Doc != nil {
				docs++
			}
		}
		if docs != 1 {
			t.Errorf("%s has %d package comments, want one", p.dir, docs)
		}
	}
}

func TestNoPackageRegistersItself(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.files {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s has an init function", p.dir)
				}
			}
		}
	}
}

// pkg is a package's code without its tests.
type pkg struct {
	dir     string
	files   []*ast.File
	imports []string
}

// packages reads the repository's packages.
func packages(t *testing.T) []pkg {
	t.Helper()
	const root = "../.."
	found := map[string]*pkg{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "tools" || name != root && strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		p := found[rel]
		if p == nil {
			p = &pkg{dir: filepath.ToSlash(rel)}
			found[rel] = p
		}
		p.files = append(p.files, f)
		for _, i := range f.Imports {
			p.imports = append(p.imports, strings.Trim(i.Path.Value, `"`))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("only %d packages found: the test looks in the wrong place", len(found))
	}
	all := make([]pkg, 0, len(found))
	for _, p := range found {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b pkg) int { return strings.Compare(a.dir, b.dir) })
	return all
}
