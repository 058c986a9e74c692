package section_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/check/agent/section"
)

// parse gives what an output says, section by section.
func parse(output string, o section.Options) map[string][]section.Part {
	var set section.Set
	section.Parse([]byte(output), &set, o)
	all := map[string][]section.Part{}
	for _, name := range set.Names() {
		all[name] = set.Get(name).Parts
	}
	return all
}

func part(lines ...string) section.Part { return section.Part{Separator: section.White, Lines: lines} }

func TestOutputIsReadAsCheckmkReadsIt(t *testing.T) {
	cached := part("x")
	cached.At, cached.Valid = time.Unix(1700000000, 0), 2*time.Minute
	kept := part("x")
	kept.Until = time.Unix(1700009999, 0)
	for _, c := range []struct {
		about, output string
		want          map[string][]section.Part
	}{
		{"lines belong to the header above", "<<<a>>>\n1 2\n3\n<<<b>>>\n4\n", map[string][]section.Part{"a": {part("1 2", "3")}, "b": {part("4")}}},
		{"CRLF, blank lines and white space at the ends do not count", "<<<a>>>\r\n  1\t\r\n\r\n \n2\r\n", map[string][]section.Part{"a": {part("1", "2")}}},
		{"a last line without an end counts", "<<<a>>>\n1", map[string][]section.Part{"a": {part("1")}}},
		{"what stands before the first header does not", "hello\n<<<a>>>\n1\n", map[string][]section.Part{"a": {part("1")}}},
		{"a section without lines is there", "<<<a>>>\n", map[string][]section.Part{"a": {part()}}},
		{"the same header again goes on", "<<<a>>>\n1\n<<<b>>>\n<<<a>>>\n2\n", map[string][]section.Part{"a": {part("1"), part("2")}, "b": {part()}}},
		{"an empty header ends a section", "<<<a>>>\n1\n<<<>>>\n2\n", map[string][]section.Part{"a": {part("1")}}},
		{"so does one with options only", "<<<a>>>\n1\n<<<:sep(0)>>>\n2\n", map[string][]section.Part{"a": {part("1")}}},
		{"so does one with a name that is none", "<<<a>>>\n1\n<<<b/c>>>\n2\n<<<../x>>>\n3\n<<<" + strings.Repeat("y", 70_000) + ">>>\n4\n", map[string][]section.Part{"a": {part("1")}}},
		{"what looks like a header but ends otherwise is a line", "<<<a>>>\n<<<b\n<<b>>\n", map[string][]section.Part{"a": {part("<<<b", "<<b>>")}}},
		{"separators are character codes", "<<<a:sep(124)>>>\nx|y\n<<<b:sep(0)>>>\nx y\n", map[string][]section.Part{
			"a": {{Separator: '|', Lines: []string{"x|y"}}}, "b": {{Separator: section.Whole, Lines: []string{"x y"}}},
		}},
		{"options that are wrong or unknown are none", "<<<a:sep(x):what:cached(1):cached(,):persist():sep(99999999):(:)>>>\n1\n", map[string][]section.Part{"a": {part("1")}}},
		{"cached", "<<<a:cached(1700000000,120)>>>\nx\n", map[string][]section.Part{"a": {cached}}},
		{"persist", "<<<a:persist(1700009999)>>>\nx\n", map[string][]section.Part{"a": {kept}}},
		{"nostrip keeps white space but not the end of the line", "<<<a:nostrip()>>>\n  x \r\n \r\n", map[string][]section.Part{"a": {part("  x ")}}},
		{"lines that are no UTF-8 are Latin-1", "<<<a>>>\n\xc3\xbc\n\xfc\n", map[string][]section.Part{"a": {part("ü", "ü")}}},
		{"unless their encoding is said", "<<<a:encoding(latin-1)>>>\n\xc3\xbc\n<<<b>>>\n\xc3\xbc\n", map[string][]section.Part{"a": {part("Ã¼")}, "b": {part("ü")}}},
		{"what is for other hosts is not ours", "<<<a>>>\n1\n<<<<vm>>>>\n<<<a>>>\n2\n<<<<>>>>\n3\n<<<b>>>\n4\n", map[string][]section.Part{"a": {part("1")}, "b": {part("4")}}},
	} {
		if diff := cmp.Diff(c.want, parse(c.output, section.Options{}), cmp.Transformer("lines", func(l []string) string { return strings.Join(l, "\n") })); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", c.about, diff)
		}
	}
}

func TestPartsKnowTheirSourceAndAreNotOfTheFuture(t *testing.T) {
	now := time.Unix(1700000000, 0)
	got := parse("<<<a:cached(1900000000,60)>>>\nx\n", section.Options{Source: "esx1", Now: now})["a"][0]
	if got.Source != "esx1" || !got.At.Equal(now) {
		t.Errorf("source %q, made at %v, want esx1 and %v", got.Source, got.At, now)
	}
}

func TestEndlessOutputIsCut(t *testing.T) {
	headers := make([]byte, 0, 12<<20)
	for i := range 400_000 {
		headers = fmt.Appendf(headers, "<<<s%d>>>\nx\n", i)
	}
	for about, output := range map[string]string{
		"lines":    "<<<a>>>\n" + strings.Repeat("x\n", 3_000_000),
		"sections": string(headers),
		"parts":    strings.Repeat("<<<a>>>\n", 1_000_000),
	} {
		var set section.Set
		if section.ParseText(output, &set, section.Options{}) {
			t.Errorf("%s: all of it was taken", about)
		}
		lines, parts := 0, 0
		for _, name := range set.Names() {
			for _, p := range set.Get(name).Parts {
				parts, lines = parts+1, lines+len(p.Lines)
			}
		}
		if lines > 1<<19 || parts > 50_000 || len(set.Names()) > 10_000 {
			t.Errorf("%s: %d lines in %d parts of %d sections are too many", about, lines, parts, len(set.Names()))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("<<<a:sep(124):cached(1,2)>>>\nx|y\n<<<<h>>>>\n<<<b>>>\n1\n<<<<>>>>\n<<<c:encoding(latin-1):nostrip()>>>\n \xff \n"))
	f.Add([]byte("<<<<<>>>>>\n<<<>>>\n<<<:>>>\n<<<>>>>\n<<>>>>"))
	f.Fuzz(func(t *testing.T, output []byte) {
		var set section.Set
		section.Parse(output, &set, section.Options{Now: time.Unix(1700000000, 0)})
		for _, name := range set.Names() {
			for p, columns := range set.Get(name).Rows() {
				if p.Separator != section.White && p.Separator != section.Whole && len(columns) == 0 {
					t.Errorf("a line of %s has no columns", name)
				}
			}
			for _, p := range set.Get(name).Parts {
				for _, line := range p.Lines {
					if strings.ContainsAny(line, "\n") || strings.TrimSpace(strings.ToValidUTF8(line, "x")) == "" && strings.Trim(line, " \t\r\v\f") == "" || !utf8.ValidString(line) {
						t.Errorf("%q is no line", line)
					}
				}
			}
		}
	})
}

// typical is an output of the size that agents have: 100 sections of 20 lines.
func typical() []byte {
	var b []byte
	for i := range 100 {
		b = fmt.Appendf(b, "<<<section_%d:sep(124)>>>\n", i)
		for j := range 20 {
			b = fmt.Appendf(b, "/dev/mapper/vg0-data%d      ext4  41152736 20576368 18455636  53%% /srv/data/%d\n", j, j)
		}
	}
	return b
}

func BenchmarkParse(b *testing.B) {
	output := typical()
	b.SetBytes(int64(len(output)))
	b.ReportAllocs()
	for b.Loop() {
		var set section.Set
		section.Parse(output, &set, section.Options{})
	}
}
