package piggyback_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/piggyback"
)

func split(l piggyback.Limits, pieces ...string) *piggyback.Splitter {
	s := piggyback.NewSplitter(l)
	for _, p := range pieces {
		_, _ = s.Write([]byte(p))
	}
	s.Close()
	return s
}

// story tells what a splitter made of an output.
func story(s *piggyback.Splitter) string {
	var b strings.Builder
	fmt.Fprintf(&b, "own: %q\n", s.Own())
	for _, block := range s.Blocks() {
		fmt.Fprintf(&b, "%q: %q", block.Name, block.Data)
		if block.Cut {
			b.WriteString(" cut")
		}
		b.WriteByte('\n')
	}
	if d := s.Dropped(); d.Any() {
		fmt.Fprintf(&b, "dropped: %+v\n", d)
	}
	return b.String()
}

func TestSplitter(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		limits         piggyback.Limits
	}{
		{name: "no blocks", in: "<<<a>>>\n1\n\n<<<b:sep(0)>>>\n2", want: "own: \"<<<a>>>\\n1\\n\\n<<<b:sep(0)>>>\\n2\"\n"},
		{name: "one block", in: "<<<a>>>\n1\n<<<<vm17>>>>\n<<<local:sep(0)>>>\n0 x - y\n<<<<>>>>\n<<<b>>>\n2\n", want: `own: "<<<a>>>\n1\n<<<b>>>\n2\n"
"vm17": "<<<local:sep(0)>>>\n0 x - y\n"
`},
		{name: "the end of a block ends its section", in: "<<<a>>>\n1\n<<<<x>>>>\n<<<b>>>\n2\n<<<<>>>>\nnobody's\n<<<c>>>\n3\n", want: `own: "<<<a>>>\n1\n<<<c>>>\n3\n"
"x": "<<<b>>>\n2\n"
`},
		{name: "a header in a block changes the target", in: "<<<<x>>>>\n<<<b>>>\n2\n<<<<y>>>>\nnobody's\n<<<c>>>\n3\n<<<<x>>>>\n<<<d>>>\n4", want: `own: ""
"x": "<<<b>>>\n2\n<<<d>>>\n4"
"y": "<<<c>>>\n3\n"
`},
		{name: "CRLF and white space", in: "<<<a>>>\r\n1\r\n \t<<<<x>>>> \r\n<<<b>>>\r\n2\r\n<<<<>>>>\r\n", want: `own: "<<<a>>>\r\n1\r\n"
"x": "<<<b>>>\r\n2\r\n"
`},
		{name: "no header at all in a block", in: "<<<<x>>>>\n1\n2\n", want: "own: \"\"\n\"x\": \"\"\n"},
		{name: "a malformed section header stays", in: "<<<<x>>>>\n<<<b c:d>>>\n2\n", want: "own: \"\"\n\"x\": \"<<<b c:d>>>\\n2\\n\"\n"},
		{name: "names stay as they are", in: "<<<<../a*b>\x00\xff>>>>\n<<<b>>>\n<<<< >>>>\n<<<c>>>\n", want: "own: \"\"\n\"../a*b>\\x00\\xff\": \"<<<b>>>\\n\"\n\" \": \"<<<c>>>\\n\"\n"},
		{name: "what is almost a header", in: "<<<a>>>\n<<<<x>>>\n<<<<x\n<<x>>\n<<<\n<<<<<>>>>>\n", want: "own: \"<<<a>>>\\n<<<<x>>>\\n<<<<x\\n<<x>>\\n<<<\\n\"\n\"<>\": \"\"\n"},
		{name: "own bytes", limits: piggyback.Limits{Own: 12}, in: "<<<a>>>\n123\n4\n<<<<x>>>>\n<<<b>>>\n<<<<>>>>\n<<<c>>>\n", want: `own: "<<<a>>>\n123\n"
"x": "<<<b>>>\n"
dropped: {OwnBytes:10 Bytes:0 Blocks:0 Names:0 Sections:0 Lines:0}
`},
		{name: "bytes for a target", limits: piggyback.Limits{Target: 13}, in: "<<<<x>>>>\n<<<b>>>\n123\n45678\n9\n<<<<y>>>>\n<<<c>>>\n1234\n", want: `own: ""
"x": "<<<b>>>\n123\n" cut
"y": "<<<c>>>\n1234\n"
dropped: {OwnBytes:0 Bytes:8 Blocks:0 Names:0 Sections:0 Lines:0}
`},
		{name: "bytes for all", limits: piggyback.Limits{Total: 20}, in: "<<<<x>>>>\n<<<b>>>\n123\n<<<<y>>>>\n<<<c>>>\n1234\n<<<<x>>>>\n<<<d>>>\n", want: `own: ""
"x": "<<<b>>>\n123\n" cut
"y": "" cut
dropped: {OwnBytes:0 Bytes:21 Blocks:0 Names:0 Sections:0 Lines:0}
`},
		{name: "targets", limits: piggyback.Limits{Targets: 1}, in: "<<<<x>>>>\n<<<b>>>\n<<<<y>>>>\n<<<c>>>\n<<<<x>>>>\n<<<d>>>\n", want: `own: ""
"x": "<<<b>>>\n<<<d>>>\n"
dropped: {OwnBytes:0 Bytes:0 Blocks:1 Names:0 Sections:0 Lines:0}
`},
		{name: "own sections", limits: piggyback.Limits{Sections: 2}, in: "<<<a>>>\n1\n<<<<x>>>>\n<<<b>>>\n2\n<<<b>>>\n<<<<>>>>\n<<<c>>>\n3\n<<<d>>>\n4\n <<<e>>>\n5\n", want: `own: "<<<a>>>\n1\n<<<c>>>\n3\n"
"x": "<<<b>>>\n2\n<<<b>>>\n"
dropped: {OwnBytes:0 Bytes:0 Blocks:0 Names:0 Sections:2 Lines:0}
`},
		{name: "a long line", limits: piggyback.Limits{Line: 10}, in: "<<<a>>>\n1\n1234567890123\n2\n", want: `own: "<<<a>>>\n1\n2\n"
dropped: {OwnBytes:0 Bytes:0 Blocks:0 Names:0 Sections:0 Lines:1}
`},
		{name: "a name of 2 KiB", in: "<<<<" + strings.Repeat("x", 2<<10) + ">>>>\n<<<b>>>\n1\n<<<<>>>>\n<<<c>>>\n", want: `own: "<<<c>>>\n"
dropped: {OwnBytes:0 Bytes:0 Blocks:0 Names:1 Sections:0 Lines:0}
`},
		{name: "a name of 64 KiB", in: "<<<<" + strings.Repeat("x", 64<<10) + ">>>> \r\n<<<b>>>\n1\n<<<<>>>>\n<<<c>>>\n", want: `own: "<<<c>>>\n"
dropped: {OwnBytes:0 Bytes:0 Blocks:0 Names:1 Sections:0 Lines:0}
`},
		{name: "a section's header of 64 KiB", in: "<<<" + strings.Repeat("x", 64<<10) + ">>>\n1\n<<<c>>>\n", want: `own: "<<<c>>>\n"
dropped: {OwnBytes:0 Bytes:0 Blocks:0 Names:0 Sections:0 Lines:1}
`},
		{name: "a line of 64 KiB that begins like a header", in: "<<<a>>>\n<<<<" + strings.Repeat("x", 64<<10) + "\n1\n", want: `own: "<<<a>>>\n1\n"
dropped: {OwnBytes:0 Bytes:0 Blocks:0 Names:0 Sections:0 Lines:1}
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, story(split(c.limits, c.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSplitterDoesNotMindPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		in, limits := someOutput(r), someLimits(r)
		if diff := cmp.Diff(story(split(limits, in)), story(split(limits, pieces(r, in)...))); diff != "" {
			t.Fatalf("%q with %+v:\n%s", in, limits, diff)
		}
	}
}

// pieces cuts a text at random places.
func pieces(r *rand.Rand, text string) (all []string) {
	for len(text) > 0 {
		n := 1 + r.IntN(min(len(text), 1<<r.IntN(14)))
		all, text = append(all, text[:n]), text[n:]
	}
	return all
}

// someOutput gives lines as an agent may send them, and others.
func someOutput(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(40) {
		for range r.IntN(3) / 2 {
			b.WriteString(strings.Repeat(" ", 1<<r.IntN(13)))
		}
		switch r.IntN(12) {
		case 0, 1:
			fmt.Fprintf(&b, "<<<<h%d>>>>", r.IntN(6))
		case 2:
			b.WriteString("<<<<>>>>")
		case 3, 4, 5:
			fmt.Fprintf(&b, "<<<s%d:sep(0)>>>", r.IntN(3))
		case 6:
			b.WriteString(strings.Repeat("<", r.IntN(6)) + strings.Repeat("x", 1<<r.IntN(14)) + strings.Repeat(">", r.IntN(6)))
		case 7:
			b.WriteString(strings.Repeat("<", r.IntN(6)))
		default:
			b.WriteString(strings.Repeat("x", r.IntN(40)))
		}
		b.WriteString([]string{"\n", "\n", "\r\n", "", " \n"}[r.IntN(5)])
	}
	return b.String()
}

func someLimits(r *rand.Rand) (l piggyback.Limits) {
	for _, n := range []*int{&l.Own, &l.Target, &l.Targets, &l.Total, &l.Line, &l.Sections} {
		if r.IntN(3) == 0 {
			*n = 1 + r.IntN(1<<(1+r.IntN(13)))
		}
	}
	return l
}

func TestSplitterLosesAndMixesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		want := map[string]string{}
		var out strings.Builder
		for n := range r.IntN(200) {
			name := ""
			if r.IntN(3) > 0 {
				name = fmt.Sprint("host", r.IntN(20))
				want[name] += ""
			}
			lines := fmt.Sprintf("<<<s%d>>>\nof %q, line %d\n\n", n, name, n)
			out.WriteString("<<<<" + name + ">>>>\nnobody's\n" + lines)
			want[name] += lines
		}
		s := split(piggyback.Limits{}, pieces(r, out.String())...)
		got := map[string]string{}
		if own := s.Own(); len(own) > 0 {
			got[""] = string(own)
		}
		for _, b := range s.Blocks() {
			got[string(b.Name)] = string(b.Data)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestATextOfManyPiecesIsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var want strings.Builder
	want.WriteString("<<<a>>>\n")
	for want.Len() < 9<<20 {
		fmt.Fprintf(&want, "%d %s\n", want.Len(), strings.Repeat("x", r.IntN(1000)))
	}
	for _, rest := range []string{"", strings.Repeat("y", 3<<20), strings.Repeat("y", 5<<20)} {
		// The last line has no end: it is a whole one, unless it is too long. The other outputs are discarded.
		split(piggyback.Limits{}, pieces(r, strings.ToUpper(want.String()))...).Discard()
		got := split(piggyback.Limits{}, pieces(r, want.String()+rest)...)
		whole := want.String()
		if len(rest) <= 4<<20 {
			whole += rest
		}
		if kept := got.Kept(); kept != len(whole) || got.Held() < kept || got.Held() > kept+3<<20 {
			t.Errorf("%d bytes are kept and take %d, of %d", kept, got.Held(), len(whole))
		}
		if string(got.Own()) != whole {
			t.Errorf("%d bytes became %d others", len(whole), len(got.Own()))
		}
	}
}

func TestAMillionHeadersCostLittleMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := piggyback.NewSplitter(piggyback.Limits{})
	pad := strings.Repeat("x", 200)
	var piece bytes.Buffer
	for i := range 1000000 {
		fmt.Fprintf(&piece, "<<<<%s%d>>>>\n", pad, i)
		if i%100 == 0 {
			_, _ = s.Write(piece.Bytes())
			piece.Reset()
		}
	}
	s.Close()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 24<<20 {
		t.Errorf("the heap grew by %d bytes, want at most 24 MiB", grown)
	}
	if got, want := len(s.Blocks()), 12000; got != want {
		t.Errorf("%d blocks are kept, want %d", got, want)
	}
	if got, want := s.Dropped().Blocks, uint64(988000); got < want-100 || got > want {
		t.Errorf("%d blocks are counted as dropped, want %d", got, want)
	}
}

func FuzzSplitter(f *testing.F) {
	f.Add([]byte("<<<a>>>\n1\n<<<<x>>>>\n<<<b>>>\n2\n<<<<>>>>\n"), uint8(3), uint16(100))
	f.Add([]byte("<<<<x>>>>\r\n  <<<b>>>\r\n<<<<<<>>>>"), uint8(1), uint16(5))
	f.Fuzz(func(t *testing.T, in []byte, step uint8, bound uint16) {
		limits := piggyback.Limits{Own: int(bound), Target: int(bound) / 2, Targets: int(bound) / 8, Total: int(bound) * 2, Line: int(bound) / 3}
		var cut []string
		for part := range bytesIn(in, int(step)+1) {
			cut = append(cut, part)
		}
		if diff := cmp.Diff(story(split(limits, string(in))), story(split(limits, cut...))); diff != "" {
			t.Error(diff)
		}
	})
}

func bytesIn(in []byte, step int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for len(in) > 0 {
			n := min(step, len(in))
			if !yield(string(in[:n])) {
				return
			}
			in = in[n:]
		}
	}
}

func BenchmarkSplitter(b *testing.B) {
	var out bytes.Buffer
	for i := range 10000 {
		fmt.Fprintf(&out, "<<<<vm%d.example.com>>>>\n<<<esx_vsphere_vm>>>\n", i)
		for n := 0; n < 4000; n += 40 {
			fmt.Fprintf(&out, "config.hardware.memoryMB%04d 4096 words\n", n)
		}
	}
	out.WriteString("<<<<>>>>\n")
	b.SetBytes(int64(out.Len()))
	b.ReportAllocs()
	for b.Loop() {
		s := piggyback.NewSplitter(piggyback.Limits{})
		for p := out.Bytes(); len(p) > 0; {
			n := min(64<<10, len(p))
			_, _ = s.Write(p[:n])
			p = p[n:]
		}
		s.Close()
		if len(s.Blocks()) != 10000 {
			b.Fatal("blocks are missing")
		}
	}
}
