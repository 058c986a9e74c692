package cmdline_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// fill puts value where line has an @, quoted for the place.
func fill(line, value string) string {
	var at cmdline.Context
	var dst []byte
	for i, text := range strings.Split(line, "@") {
		if i > 0 {
			begin := len(dst)
			dst = at.Quote(append(dst, value...), begin)
		}
		at.Scan(text)
		dst = append(dst, text...)
	}
	return string(dst)
}

func TestValuesAreQuotedForTheirPlace(t *testing.T) {
	const value = `a'b"c$d\e;`
	for line, want := range map[string]string{
		`x @`:            `x 'a'\''b"c$d\e;'`,
		`x y@z`:          `x y'a'\''b"c$d\e;'z`,
		`x '@'`:          `x 'a'\''b"c$d\e;'`,
		`x "@"`:          `x "a'b\"c\$d\\e;"`,
		`x "$(y "@" @)"`: `x "$(y "a'b\"c\$d\\e;" 'a'\''b"c$d\e;')"`,
		`x $(y '@')@`:    `x $(y 'a'\''b"c$d\e;')'a'\''b"c$d\e;'`,
		`x \@`:           `x \a''\''b"c$d\e;'`,
		`x $@`:           `x $\a''\''b"c$d\e;'`,
		`x "$@"`:         `x "$""a'b\"c\$d\\e;"`,
		`x "$HO@"`:       `x "$HO""a'b\"c\$d\\e;"`,
		`x "\@"`:         `x "\\a'b\"c\$d\\e;"`,
		`x ${HOME}@`:     `x ${HOME}'a'\''b"c$d\e;'`,
		`x $$@`:          `x $$'a'\''b"c$d\e;'`,
		// Places that cannot be followed: nothing is left that could mean something.
		"x `y @` @":                   "x `y abcde` abcde",
		`x ${Y:-@} @`:                 `x ${Y:-abcde} abcde`,
		`x $((1+@)) @`:                `x $((1+abcde)) abcde`,
		`x $'@'`:                      `x $'abcde'`,
		"x <<E\n@":                    "x <<E\nabcde",
		`x # @`:                       `x # abcde`,
		`[[ @ -gt 1 ]]`:               `[[ abcde -gt 1 ]]`,
		`x "$(case y in y) z @;;esac`: `x "$(case y in y) z abcde;;esac`,
		`case y in y) z @;;esac`:      `case y in y) z abcde;;esac`,
		`x ${@}`:                      `x ${}`,
	} {
		if got := fill(line, value); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
	for line, want := range map[string]string{`x @ y@`: `x '' y`, `x "@"`: `x ""`, `x $@y`: `x $y`, `x \@y`: `x \y`} {
		if got := fill(line, ""); got != want {
			t.Errorf("%s with nothing: got %s, want %s", line, got, want)
		}
	}
	for _, plain := range []string{"10.0.0.1", "web-1.example.org", "80%", "a@b", "caf\u00e9"} {
		if got := fill(`x @ "@" '@'`, plain); got != fmt.Sprintf(`x %[1]s "%[1]s" '%[1]s'`, plain) {
			t.Errorf("%s, which is plain, became %s", plain, got)
		}
	}
}

// hostile are pieces of values that shells would act on.
var hostile = []string{
	"'", `"`, `\`, "`", "$", "$(", ")", "${", "}", "(", ";", "&", "|", "<", ">", " ", "\t", "\n", "*", "?", "[", "]", "~", "#", "!", "=",
	"a", "b", "-", "7", "é", "\xff", ",", "{a,b}", "..", "$HOME", "$(:>CANARY)", "`:>CANARY`", "\n:>CANARY\n", ";:>CANARY;", "'\n:>CANARY\n'",
	"\"\n:>CANARY\n\"", "\\", "|:>CANARY&",
}

func randomOf(r *rand.Rand, most int, pieces ...string) string {
	var b strings.Builder
	for range r.IntN(most + 1) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// run has a shell run a script in a folder of its own, and says what it printed, whether a file came to be there, and
// whether the shell was content.
func run(t testing.TB, shell []string, script string) (out string, canary bool, err error) {
	dir := t.TempDir()
	cmd := exec.Command(shell[0], shell[1:]...)
	cmd.Stdin = strings.NewReader(script)
	cmd.Env, cmd.Dir = []string{"HOME=/home/of/mine", "PATH=/nowhere", "LC_ALL=C"}, dir
	text, err := cmd.Output()
	_, missing := os.Stat(filepath.Join(dir, "CANARY"))
	return string(text), missing == nil, err
}

// A word is put together from parts in all quotes, values among them: the shell and Words give back what was meant.
func TestRandomValuesComeBackAsTheyWere(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	forms := []struct{ before, after string }{{"", ""}, {"'", "'"}, {`"`, `"`}, {`x"y `, ` z"`}, {"x'y ", " z'"}, {"--opt=", ""}, {`\a`, "b"}}
	var script strings.Builder
	var want []string
	for n := range 2000 {
		value := randomOf(r, 6, hostile...)
		f := forms[r.IntN(len(forms))]
		line := fill(f.before+"@"+f.after+" "+f.before+"@@"+f.after, value)
		plain := strings.NewReplacer(`"`, "", "'", "", `\`, "")
		meant := []string{
			plain.Replace(f.before) + value + plain.Replace(f.after), plain.Replace(f.before) + value + value + plain.Replace(f.after),
		}
		got, err := cmdline.Words("check " + line)
		if err != nil || !slices.Equal(got[1:], meant) {
			t.Errorf("%q in %q: Words gives %q, %v", value, line, got, err)
		}
		want = append(want, meant...)
		fmt.Fprintf(&script, "printf '%%s\\0' %s\n", line)
		if n%10 > 0 {
			continue
		}
		nested := fill(`"$(printf %s "@" '@' @)" $(printf '%s\0' "$(printf %s "@")" >&2)`, value)
		fmt.Fprintf(&script, "printf '%%s\\0' %s\n", nested)
		want = append(want, strings.TrimRight(strings.Repeat(value, 3), "\n"))
	}
	for _, shell := range shells(t) {
		out, canary, err := run(t, shell, "exec 2>/dev/null\n"+script.String())
		if err != nil || canary {
			t.Fatalf("%v: %v; executed: %t", shell, err, canary)
		}
		if diff := cmp.Diff(want, strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")); diff != "" {
			t.Errorf("%v (-want +got):\n%.2000s", shell, diff)
		}
	}
}

// syntax is what random lines around values are made of.
var syntax = []string{
	"'", `"`, `\`, "`", "$", "$(", ")", "${", "}", "(", "((", "))", ";", "&", "|", "<", "<<", ">", " ", " ", "\n", "*", "[", "[[", "]]", "]", "~",
	"#", "!", "=", "a", "b", "$a", "{", ",", "case a in ", "esac", ";;", "if", "then", "fi", "-gt", "@", "@", "@", "@", "echo ", ": ", "$'", `$"`, "$((",
	"<<a\n", "\na\n", "$[", "$0", "$#", "$$", "${a}", "${a:-", "\\\n", "function", "a()", "for a in ", "do ", "done",
}

// Whatever the author wrote around it, right or wrong: nothing of a value is executed.
func TestNothingOfAValueIsExecutedAnywhere(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	shells := shells(t)
	for n := range 300 {
		line := fill(randomOf(r, 12, syntax...), randomOf(r, 5, hostile...))
		shell := shells[n%len(shells)]
		if _, canary, _ := run(t, shell, line); canary {
			t.Errorf("%v executes a part of the value in %q", shell, line)
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add(`a "b $(c '@')" @`, "$(:>CANARY)")
	f.Add("x `@` ${a:-@}", "`:>CANARY`")
	f.Add("x <<a\n@\na\n@ $'@'", "\n:>CANARY\n")
	shells := shells(f)
	f.Fuzz(func(t *testing.T, line, value string) {
		for _, word := range []string{"CANARY", "eval", ".", "let", "read", "test", "exec", "declare"} {
			if strings.Contains(line, word) {
				return
			}
		}
		if len(line) > 100 || len(value) > 100 || strings.ContainsAny(line+value, "\x00") {
			return
		}
		line = fill(line, value+"$(:>CANARY)`:>CANARY`\n:>CANARY\n")
		for _, shell := range shells {
			if _, canary, _ := run(t, shell, line); canary {
				t.Errorf("%v executes a part of the value in %q", shell, line)
			}
		}
	})
}

func TestLinesThatAreReadAgainAreKnown(t *testing.T) {
	for line, want := range map[string]bool{
		`/bin/sh -c "x @"`:                         true,
		`sudo -u x bash -lc 'x @'`:                 true,
		`ssh host x @`:                             true,
		`x | python3 -c "print('@')"`:              true,
		`eval x @`:                                 true,
		`perl -ne 'x @'`:                           true,
		`/usr/lib/check_by_ssh -C "@"`:             true,
		`bash /opt/notify.sh "@"`:                  false,
		`python3 /opt/notify.py --service @`:       false,
		`/usr/bin/printf "%b" "@" | mail -s "@" x`: false,
		`check_tcp -p 22 -s ssh.example.org`:       false,
	} {
		if got := cmdline.Rereads(line); got != want {
			t.Errorf("%s: got %t, want %t", line, got, want)
		}
	}
	if got := string(cmdline.Defuse([]byte("x $(id) `a`;'b'\n\"c\" <d>"), 2)); got != "x id ab c d" {
		t.Errorf("got %q", got)
	}
}
