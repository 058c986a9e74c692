package bus_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// carriers may turn what arrives from NATS into a bus.Subject.
var carriers = []string{"internal/bus/natsbus", "bench/faults"}

// literal is a string that looks like one of our subjects: a constant needs no conversion to become a bus.Subject.
var literal = regexp.MustCompile(`^(want|job|refuse|res|pas|cmd|own|ev|perf|done|ask|alive|verdict|trace|log)\.[0-9*>]`)

// TestSubjectsAreBuiltInOnePlace holds the rule of subject.go for the whole repository: a name that came from outside and
// was put into a subject by hand could hold a dot, a wildcard or a line feed.
func TestSubjectsAreBuiltInOnePlace(t *testing.T) {
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != root):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files++
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for _, finding := range lint(t, path, filepath.ToSlash(rel)) {
			t.Error(finding)
		}
		return nil
	})
	if err != nil || files < 10 {
		t.Errorf("read %d files, %v", files, err)
	}
}

func TestTheLintFindsWhatItShould(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.go")
	source := `package x
import "github.com/onbu/onbu/internal/bus"
var a = bus.Subject("x." + name)
var b bus.Subject = "res.1"
var c = "ev.*.action"
var fine, fine2 = "result.x", "done. Now what?" + "ev."
`
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := lint(t, path, "x/x.go"); len(got) != 3 {
		t.Errorf("got %q", got)
	}
}

// lint returns what a file does wrong; rel is its path in the repository.
func lint(t *testing.T, path, rel string) (findings []string) {
	t.Helper()
	dir := rel[:max(strings.LastIndexByte(rel, '/'), 0)]
	if dir == "internal/bus" || slices.Contains(carriers, dir) {
		return nil
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil // the compiler says it better
	}
	found := func(n ast.Node, what string) {
		findings = append(findings, fmt.Sprintf("%s:%d: %s: add a function to internal/bus/subject.go", rel, set.Position(n.Pos()).Line, what))
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Subject" {
				if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "bus" {
					found(n, "builds a bus.Subject")
				}
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && literal.MatchString(text) {
				found(n, "spells a subject "+n.Value)
			}
		}
		return true
	})
	return findings
}
