package ini_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/check/booster/ini"
)

// show prints a tree, names replaced.
func show(s *ini.Section, indent string) string {
	var b strings.Builder
	for _, key := range s.Keys() {
		v, _, err := s.Value(key)
		if err != nil {
			fmt.Fprintf(&b, "%s%s: error: %v\n", indent, key, err)
			continue
		}
		fmt.Fprintf(&b, "%s%s = %q\n", indent, key, v.Items)
	}
	for _, in := range s.Sections() {
		fmt.Fprintf(&b, "%s[%s]\n%s", indent, in.Name, show(in, indent+"  "))
	}
	return b.String()
}

func read(texts ...string) (tree string, mistakes []string) {
	root := ini.Empty()
	for i, text := range texts {
		for _, m := range root.Read(fmt.Sprintf("f%d", i+1), text) {
			mistakes = append(mistakes, m.String())
		}
	}
	return show(root, ""), mistakes
}

func TestValuesAreReadAsConfigObjDoes(t *testing.T) {
	for value, want := range map[string]string{
		"plain":                               `["plain"]`,
		"two words # and a note":              `["two words"]`,
		"a#b":                                 `["a"]`,
		"":                                    `[""]`,
		"# nothing":                           `[""]`,
		"a, b ,c":                             `["a" "b" "c"]`,
		"a,":                                  `["a"]`,
		`"a, b"`:                              `["a, b"]`,
		`'#', "it's", c  # note`:              `["#" "it's" "c"]`,
		`""`:                                  `[""]`,
		`a, "", b`:                            `["a" "" "b"]`,
		`it's`:                                `["it's"]`,
		`"""x # y, z"""`:                      `["x # y, z"]`,
		`"""x` + "\n # y\n z''' \"\"\" # end": `["x\n # y\n z''' "]`,
		"8,mul":                               `["8" "mul"]`,
		"a=b":                                 `["a=b"]`,
		"$x.%(instance)s":                     `[".1.3.%(instance)s"]`,
		"${x}y":                               `[".1.3y"]`,
		"$$x $ ${ $1 ${x":                     `["$x $ ${ $1 ${x"]`,
	} {
		got, mistakes := read("x = .1.3\nkey = " + value)
		want = "x = [\".1.3\"]\nkey = " + want + "\n"
		if got != want || mistakes != nil {
			t.Errorf("%s:\n got %swant %s%q", value, got, want, mistakes)
		}
	}
}

func TestSectionsNestAndLaterFilesWin(t *testing.T) {
	got, mistakes := read("\ufeff[A]\r\n  base = .1.3\r\n  [[ one ]] # note\r\n oid = $base.7\r\n\t[[ \"two]\" ]]\r\n 'odd = key' = 1\r\n[B]\r\nx=1",
		"[A]\nbase = .1.4\n[[three]]\nv = $base, $deep\n[[[DEFAULT]]]\ndeep = yes\n[B]\nx = 2\ny = $base")
	want := `[A]
  base = [".1.4"]
  [one]
    oid = [".1.4.7"]
  [two]]
    odd = key = ["1"]
  [three]
    v = [".1.4" "yes"]
    [DEFAULT]
      deep = ["yes"]
[B]
  x = ["2"]
  y: error: $base is not defined: write a line base = … in the same section or in one around it
`
	if diff := cmp.Diff(want, got); diff != "" || mistakes != nil {
		t.Errorf("want (-), got (+):\n%s%q", diff, mistakes)
	}
}

func TestAllMistakesAreSaidWithTheirLines(t *testing.T) {
	_, got := read(strings.Join([]string{
		"[[deep]]", "[open", "[]", "[A]]", "[A] x", "no equals sign", "[A]", "x = 1", "x = 2", `y = "open`, `z = "a" b`, "c = a,,b", "= 3",
		"'k = 1", "[A]", `t = """never`, "u = 1", "[ 'v ]",
	}, "\n"))
	want := []string{
		"f1:1: [deep] has 2 brackets, and there is no section with 1 around it",
		"f1:2: [open is no section: write [NAME], or [[name]] for one inside, with as many brackets behind as in front",
		"f1:3: [] is no section: write [NAME], or [[name]] for one inside, with as many brackets behind as in front",
		"f1:4: [A]] is no section: write [NAME], or [[name]] for one inside, with as many brackets behind as in front",
		`f1:5: "x" stands behind section A: write it in a line of its own`,
		`f1:6: "no equals sign" is neither a section nor a value: write [NAME] or name = value, and # in front of a comment`,
		"f1:9: x is set twice in this section: leave one out",
		"f1:10: y: a quote is never closed",
		`f1:11: z: "b" stands behind the closing quote: put a comma between`,
		"f1:12: c: a comma with nothing in front of it",
		`f1:13: "= 3" is neither a section nor a value: write [NAME] or name = value, and # in front of a comment`,
		"f1:14: the quote around the name is never closed",
		"f1:15: section A is in this file twice: put its lines together",
		`f1:16: t: """ is never closed`,
		"f1:18: the quote in [ 'v ] is never closed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestNamesInACircleAndBombsEnd(t *testing.T) {
	bomb := "a0 = " + strings.Repeat("x", 1000)
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("\na%d = %s", i, strings.Repeat(fmt.Sprintf("$a%d", i-1), 10))
	}
	got, _ := read("a = $b\nb = $a\nl = 1, 2\nm = $l")
	for _, want := range []string{"a: error: $ names a value that names itself", "m: error: $l names a list (f1:3)"} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in:\n%s", want, got)
		}
	}
	if got, _ = read(bomb); !strings.Contains(got, "a8: error: it grows beyond all bounds") || len(got) > 1<<20 {
		t.Errorf("%d bytes: %s", len(got), got[len(got)-200:])
	}
}

func FuzzRead(f *testing.F) {
	f.Add("[A]\nx = 1\n[[b]]\ny = $x, \"c\" # d\nz = '''\n'''")
	f.Add("[[[[\n]]]]\n= \"\"\"\n${")
	f.Fuzz(func(t *testing.T, text string) {
		root := ini.Empty()
		for _, m := range append(root.Read("f", text), root.Read("g", text)...) {
			if m.Line < 1 || m.Line > 1+strings.Count(text, "\n") || m.Text == "" {
				t.Errorf("mistake %q at line %d", m.Text, m.Line)
			}
		}
		show(root, "")
	})
}
