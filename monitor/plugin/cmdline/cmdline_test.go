package cmdline_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

func TestLinesFallIntoWords(t *testing.T) {
	for line, want := range map[string][]string{
		"/usr/lib/nagios/plugins/check_ping -H 127.0.0.1 -w 100,20% -c 500,60%": {
			"/usr/lib/nagios/plugins/check_ping", "-H", "127.0.0.1", "-w", "100,20%", "-c", "500,60%",
		},
		"  check\t-a  b ":                    {"check", "-a", "b"},
		`check 'a b' "c d" e\ f`:             {"check", "a b", "c d", "e f"},
		`check '' ""`:                        {"check", "", ""},
		`check a'b'"c"\d`:                    {"check", "abcd"},
		`check "a\"b\\c\d\$e"`:               {"check", `a"b\c\d$e`},
		`check 'a\b$c*' '"'`:                 {"check", `a\b$c*`, `"`},
		`check \$HOME \* \; \'`:              {"check", "$HOME", "*", ";", "'"},
		`check -w ~:10 -c @5:6`:              {"check", "-w", "~:10", "-c", "@5:6"},
		`check a#b a=b 10% ^x,y! a~ @:+-_]}`: {"check", "a#b", "a=b", "10%", "^x,y!", "a~", "@:+-_]}"},
		`"A"=b check`:                        {"A=b", "check"},
		`A\=b check`:                         {"A=b", "check"},
		`check A=b`:                          {"check", "A=b"},
		`1A=b`:                               {"1A=b"},
		`"cd" x`:                             {"cd", "x"},
		"check caf\xe9 \u2713":               {"check", "caf\xe9", "\u2713"},
	} {
		got, err := cmdline.Words(line)
		if err != nil {
			t.Errorf("Words(%q): %v", line, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Words(%q) (-want +got):\n%s", line, diff)
		}
	}
}

func TestWhatNeedsAShellIsNamed(t *testing.T) {
	for line, want := range map[string]string{
		"":               "the command line is empty",
		" \t":            "the command line is empty",
		"a | b":          "unquoted | at byte 3",
		"a && b":         "unquoted & at byte 3",
		"a; b":           "unquoted ; at byte 2",
		"a >b":           "unquoted > at byte 3",
		"a <b":           "unquoted < at byte 3",
		"(a)":            "unquoted ( at byte 1",
		"a $b":           "unquoted $ at byte 3",
		"a `b`":          "unquoted ` at byte 3",
		"a *":            "unquoted * at byte 3",
		"a b?":           "unquoted ? at byte 4",
		"a [b]":          "unquoted [ at byte 3",
		"a {b,c}":        "unquoted { at byte 3",
		"a 'b'$c":        "unquoted $ at byte 6",
		`a "$b"`:         "'$' in double quotes at byte 4",
		"a \"`b`\"":      "'`' in double quotes at byte 4",
		"a ~/b":          "~ stands for a home directory",
		"a ~root":        "~ stands for a home directory",
		"a #b":           "# begins a comment",
		"a\nb":           "a line feed ends a command",
		"a\\\nb":         `a backslash before '\n'`,
		"a\x00":          "it holds a NUL byte",
		`a 'b`:           "a single quote is never closed",
		`a "b`:           "a double quote is never closed",
		`a b\`:           "it ends with a backslash",
		"LC_ALL=C check": "LC_ALL= sets a variable",
		"A='b c' check":  "A= sets a variable",
		"A+=b check":     "A+= sets a variable",
		"cd /tmp":        `"cd" is a word of the shell's`,
		"exec check":     `"exec" is a word of the shell's`,
		"! check":        `"!" is a word of the shell's`,
		"if a":           `"if" is a word of the shell's`,
	} {
		got, err := cmdline.Words(line)
		if err == nil || err.Error() != want+": only a shell can run this" || !errors.Is(err, cmdline.ErrShell) {
			t.Errorf("Words(%q) = %q, %v; want %s", line, got, err, want)
		}
	}
}

// shells are what /bin/sh is: dash on Debian, bash on others. Those that are not installed are left out.
func shells(t testing.TB) [][]string {
	var found [][]string
	for _, shell := range [][]string{{"/bin/sh"}, {"dash"}, {"bash", "--posix"}, {"busybox", "sh"}} {
		if path, err := exec.LookPath(shell[0]); err == nil {
			found = append(found, append([]string{path}, shell[1:]...))
		}
	}
	if len(found) == 0 {
		t.Fatal("no shell to compare with; install dash or bash")
	}
	return found
}

// asShell has a shell divide a line, which comes after a command, into words.
func asShell(t testing.TB, shell []string, line string) []string {
	const count = `printf '%s\0' `
	cmd := exec.Command(shell[0], append(slices.Clone(shell[1:]), "-c", count+line)...)
	cmd.Env = []string{"HOME=/home/of/mine", "LC_ALL=C"}
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%v refuses %q, which Words divides: %v", shell, line, err)
	}
	words := strings.Split(string(out), "\x00")
	return words[:len(words)-1]
}

func compareWithShells(t *testing.T, shells [][]string, line string) {
	want, err := cmdline.Words("check " + line)
	if err != nil || len(want) == 1 {
		return
	}
	for _, shell := range shells {
		if strings.HasSuffix(shell[0], "bash") && strings.Contains(line, "~:") {
			continue // takes ~: for a home directory, where POSIX does not
		}
		if diff := cmp.Diff(want[1:], asShell(t, shell, line)); diff != "" {
			t.Errorf("%v divides %q in another way (-ours +shell's):\n%s", shell, line, diff)
		}
	}
}

func TestWordsAreThoseOfTheShell(t *testing.T) {
	shells := shells(t)
	for _, line := range []string{
		`a 'b c' "d e" f\ g '' "" h'i'"j"\k`, `"a\"b\\c\d\$e\` + "`" + `" '\'`, "-w ~:10 -c ~:", "a#b a=b 10% ^x,y! a~ @:+-_]}",
		"\"a\\\nb\"", `"a b"'c d'e\\f`, "x~ =~ a:~ !", "\r\v\f", `'a'"'"'b'`, "caf\xe9",
	} {
		compareWithShells(t, shells, line)
	}
}

// Lines made of what matters to shells, many in one script.
func TestWordsOfRandomLinesAreThoseOfTheShell(t *testing.T) {
	const alphabet = `''""\\\\    aab~#=!%^]}:$@-,/.` + "`*?\t\n\r\xff"
	random := rand.New(rand.NewPCG(1, 2))
	var want []string
	var script strings.Builder
	for n := 0; n < 20_000; {
		line := make([]byte, 1+random.IntN(14))
		for i := range line {
			line[i] = alphabet[random.IntN(len(alphabet))]
		}
		words, err := cmdline.Words("check " + string(line))
		if err != nil || len(words) == 1 || bytes.Contains(line, []byte("~:")) { // see compareWithShells
			continue
		}
		n++
		want = append(want, words[1:]...)
		fmt.Fprintf(&script, "printf '%%s\\0' %s\n", line)
	}
	for _, shell := range shells(t) {
		cmd := exec.Command(shell[0], shell[1:]...)
		cmd.Stdin = strings.NewReader(script.String())
		cmd.Env = []string{"HOME=/home/of/mine", "LC_ALL=C"}
		cmd.Dir = t.TempDir()
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v", shell, err)
		}
		got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v divides lines in another way (-ours +shell's):\n%.2000s", shell, diff)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, line := range []string{`a 'b c' "d e" f\ g`, `"\"\\\d\$"`, "~:10 ~", "a#b #", `'`, "a=b {c} !", "]}^%@"} {
		f.Add(line)
	}
	shells := shells(f)
	f.Fuzz(func(t *testing.T, line string) {
		if len(line) < 200 {
			compareWithShells(t, shells, line)
		}
	})
}

func BenchmarkWords(b *testing.B) {
	const line = `/usr/lib/nagios/plugins/check_nrpe -H 10.1.2.3 -c check_load -t 10 -a '5,4,3' "10,8,6"`
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cmdline.Words(line); err != nil {
			b.Fatal(err)
		}
	}
}
