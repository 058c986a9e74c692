package deploy_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// verb is a line of what the program says of its verbs.
type verb struct{ name, behind, does string }

// verbs asks a program.
func verbs(t *testing.T, binary string) (all []verb) {
	t.Helper()
	line := regexp.MustCompile(`(?m)^  onbu ([a-z]+) +(?:(\S+(?: \S+)*)  +)?(\S.*)$`)
	for _, found := range line.FindAllStringSubmatch(command(t, binary, "help"), -1) {
		all = append(all, verb{found[1], found[2], found[3]})
	}
	if len(all) < 20 {
		t.Fatalf("the program has %d verbs: %q", len(all), all)
	}
	return all
}

// theManualHasEveryVerb compares the manual in a package with what the program in it says, as it is written and as it is shown.
func theManualHasEveryVerb(t *testing.T, root string) {
	t.Helper()
	source, all := manual(t, root), verbs(t, filepath.Join(root, "usr/bin/onbu"))
	for _, v := range all {
		if entry := v.entry(); !strings.Contains(source, entry) {
			t.Errorf("the manual lacks %q", entry)
		}
	}
	shown := shown(t, source)
	for _, v := range all {
		if shown != "" && !v.in(shown) {
			t.Errorf("the manual does not show %q", v)
		}
	}
}

// entry is a verb as the manual has it.
func (v verb) entry() string {
	escape := strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`).Replace
	head := ".B " + v.name
	if v.behind != "" {
		head = ".BR " + v.name + ` " ` + escape(v.behind) + `"`
	}
	return "\n.TP\n" + head + "\n\\&" + escape(v.does) + "\n"
}

// in says whether a page has a verb at the beginning of a line, and what it does behind it, to the end of a line.
func (v verb) in(page string) bool {
	words := func(s string) string { return strings.Join(strings.Fields(regexp.QuoteMeta(s)), `\s+`) }
	return regexp.MustCompile(`(?m)^ +` + words(v.name+" "+v.behind) + `\s+` + words(v.does) + `$`).MatchString(page)
}

// shown gives the page as people see it; empty where nothing can show it.
func shown(t *testing.T, source string) string {
	t.Helper()
	groff, err := exec.LookPath("groff")
	if err != nil {
		return ""
	}
	show := exec.CommandContext(t.Context(), groff, "-K", "utf8", "-man", "-T", "utf8", "-P-cbou", "-ww", "-rLL=200n")
	var warned bytes.Buffer
	show.Stdin, show.Stderr = strings.NewReader(source), &warned
	page, err := show.Output()
	if err != nil || warned.Len() > 0 {
		t.Errorf("groff: %v, %s", err, &warned)
	}
	return string(page)
}

// manual gives the source of the manual in a package.
func manual(t *testing.T, root string) string {
	t.Helper()
	file, err := os.Open(filepath.Join(root, "usr/share/man/man8/onbu.8.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packed, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
