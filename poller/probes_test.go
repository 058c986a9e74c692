package poller

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// native is a module of some programs; parse says what it makes of a line.
type native struct {
	name     string
	programs []string
	parse    func(argv []string) error
	parsed   *int
}

func (n native) Name() string       { return n.name }
func (n native) Programs() []string { return n.programs }

func (n native) Parse(argv []string) (modules.Probe, error) {
	if n.parsed != nil {
		*n.parsed++
	}
	if n.parse != nil {
		if err := n.parse(argv); err != nil {
			return nil, err
		}
	}
	return said(strings.Join(argv, " ")), nil
}

// said is a probe that says what it is.
type said string

func (s said) Run(context.Context) (monitor.Outcome, error) {
	return monitor.Outcome{Output: string(s)}, nil
}

// fork takes every line but "nothing".
type fork struct{}

func (fork) Name() string { return "exec" }

func (fork) PrepareEnv(line string, env []string) (modules.Probe, error) {
	if line == "nothing" {
		return nil, errors.New("no such thing")
	}
	return said("forked " + line + strings.Join(env, " ")), nil
}

func outputOf(t *testing.T, p modules.Probe) string {
	t.Helper()
	o, err := p.Run(t.Context())
	if err != nil {
		return "error: " + err.Error()
	}
	return o.Output
}

// owner is a module whose lines no shell reads.
type owner struct{ native }

func (owner) Own(line string) modules.Probe {
	if strings.HasSuffix(line, "!") {
		panic("a bug")
	}
	return said("own " + line)
}

func TestNoShellReadsTheLinesOfAnOwner(t *testing.T) {
	modules := []modules.Check{owner{native{name: "owner", programs: []string{"check_o"}, parse: func([]string) error { return errors.New("Parse was called") }}}}
	p := NewProbes(modules, fork{})
	for line, want := range map[string]string{
		" /x/check_o -i map(a,b) $c$ | d": "own  /x/check_o -i map(a,b) $c$ | d",
		"check_o":                         "own check_o",
		"check_o !":                       "error: module owner has a bug, please report it with this command line: a bug",
		"check_p -i map(a,b)":             "forked check_p -i map(a,b)",
	} {
		if got := outputOf(t, p.Prepare(line).Probe); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
	if got := NewProbes(modules, fork{}, "check_o").Prepare("check_o (").Module; got != "exec" {
		t.Errorf("what is to be forked is run by %s", got)
	}
}

func TestTheFirstModuleThatUnderstandsTheLineRunsIt(t *testing.T) {
	refuses := func(words string) func([]string) error { return func([]string) error { return errors.New(words) } }
	p := NewProbes([]modules.Check{
		native{name: "picky", programs: []string{"check_a", "check_b"}, parse: refuses("option -Z is not supported")},
		native{name: "eager", programs: []string{"check_a"}},
		native{name: "shy", programs: []string{"check_c"}, parse: func([]string) error { return fmt.Errorf("shy: %w", modules.ErrNotMine) }},
		native{name: "broken", programs: []string{"check_d"}, parse: func(argv []string) error { _ = argv[99]; return nil }},
	}, fork{})
	for _, c := range []struct{ line, module, why, output string }{
		{"/usr/lib/check_a 'x y'", "eager", "", "/usr/lib/check_a x y"},
		{"check_b -Z", "exec", "option -Z is not supported", "forked check_b -Z"},
		{"check_c", "exec", "no native module takes this form of check_c", "forked check_c"},
		{"/opt/check_e -H x", "exec", "no native module for check_e", "forked /opt/check_e -H x"},
		{"check_a | grep x", "exec", "shell", "forked check_a | grep x"},
		{"check_d", "exec", "module broken has a bug", "forked check_d"},
		{"nothing", "exec", "no native module for nothing", "error: no such thing"},
		{"", "exec", "empty", "forked "},
	} {
		got := p.Prepare(c.line)
		if found := p.find([]byte(c.line)); found.module != got.Module || found.forked != (got.Why != "") {
			t.Errorf("%q: found as %+v, prepared as %+v", c.line, found, got)
		}
		if got.Module != c.module || (got.Why == "") != (c.why == "") || !strings.Contains(got.Why, c.why) {
			t.Errorf("%q: module %q because %q, want %q because %q", c.line, got.Module, got.Why, c.module, c.why)
		}
		if output := outputOf(t, got.Probe); output != c.output {
			t.Errorf("%q gives %q, want %q", c.line, output, c.output)
		}
	}
}

func TestLinesAreParsedOnceAndTheUnusedForgotten(t *testing.T) {
	parsed := 0
	p := NewProbes([]modules.Check{native{name: "n", programs: []string{"n"}, parsed: &parsed}}, fork{})
	p.lines = newLines(10)
	line := func(i int) []byte { return fmt.Appendf(nil, "n %d", i) }
	for range 3 {
		for i := range 10 {
			p.find(line(i))
		}
	}
	if parsed != 10 || p.Len() != 10 {
		t.Errorf("%d parsed and %d kept of 10", parsed, p.Len())
	}
	for i := 10; i < 1000; i++ {
		if got := outputOf(t, p.find(line(i)).probe); got != string(line(i)) {
			t.Fatalf("%s gives %q", line(i), got)
		}
		p.find(line(0)) // used all the time
		if p.Len() > 10 {
			t.Fatalf("%d lines kept, more than 10", p.Len())
		}
	}
	if parsed > 1001 { // the hand's first round may hit any
		t.Errorf("%d parsed of 1000: what is in use was forgotten", parsed)
	}
	before := parsed
	p.find(line(1))
	if parsed != before+1 {
		t.Error("what nobody used was kept")
	}
}

func TestManyMayFindAtOnce(t *testing.T) {
	parsed := 0 // Parse is called under the table's lock
	p := NewProbes([]modules.Check{native{name: "n", programs: []string{"n"}, parsed: &parsed}}, fork{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 500 {
				line := fmt.Sprint("n ", i)
				if got := outputOf(t, p.find([]byte(line)).probe); got != line {
					t.Errorf("%s gives %q", line, got)
				}
			}
		})
	}
	wg.Wait()
	if parsed != 500 || p.Len() != 500 {
		t.Errorf("%d parsed and %d kept of 500", parsed, p.Len())
	}
}

func TestAKnownLineCostsNoAllocation(t *testing.T) {
	p := NewProbes([]modules.Check{native{name: "n", programs: []string{"n"}}}, fork{})
	line := []byte("n -H 127.0.0.1 -w 100,20% -c 200,40% and more than fits on a stack buffer")
	p.find(line)
	if n := testing.AllocsPerRun(100, func() { p.find(line) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	copied := string(line)
	clear(line) // Find must not have kept it
	if got := outputOf(t, p.find([]byte(copied)).probe); got != copied {
		t.Errorf("after its buffer was used again: %q", got)
	}
}

func TestTheTableOfLinesIsAMap(t *testing.T) {
	const limit = 200
	s, want := newLines(limit), map[lineKey]string{}
	keep := func(key lineKey, text string) {
		for k := range want { // whatever was forgotten
			if s.find(k) == nil {
				delete(want, k)
			}
		}
		want[key] = text
	}
	for i := range 5000 {
		text := fmt.Sprint(i * i % 997)
		key := s.key([]byte(text))
		key.a &= 7 // all want to be at the same few places
		l := s.find(key)
		if known, ok := want[key]; ok != (l != nil) || ok && outputOf(t, l.probe) != known {
			t.Fatalf("step %d: found %v, want %q", i, l, known)
		}
		if l == nil {
			s.add(key, Prepared{Module: "m", Probe: said(text)})
			keep(key, text)
		}
		if s.count != len(want) || s.count > limit {
			t.Fatalf("step %d: %d lines, want %d", i, s.count, len(want))
		}
	}
}

// someLine is the i-th of very many different command lines.
func someLine(i int) []byte {
	if i%2 == 0 {
		return fmt.Appendf(nil, "/usr/lib/nagios/plugins/check_icmp -H 10.%d.%d.%d -w 100,20%% -c 500,60%% -n 5", i>>16, i>>8&255, i&255)
	}
	return fmt.Appendf(nil, "/usr/lib/nagios/plugins/check_snmp -H 10.%d.%d.%d -C public -P 2c -o 1.3.6.1.2.1.2.2.1.8.%d", i>>16, i>>8&255, i&255, i)
}

// flat is a module that makes the same probe of every line.
type flat struct{}

func (flat) Name() string       { return "flat" }
func (flat) Programs() []string { return []string{"check_icmp", "check_snmp"} }

func (flat) Parse([]string) (modules.Probe, error) { return said(""), nil }

func manyLines(n int) *Probes {
	p := NewProbes([]modules.Check{flat{}}, fork{})
	for i := range n {
		p.find(someLine(i))
	}
	return p
}

func TestALineCostsLessThan100Bytes(t *testing.T) {
	const n = 200_000
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	p := manyLines(n)
	each := float64(heap()-before) / n
	t.Logf("%.1f bytes a line", each)
	if p.Len() != n || each > 100 {
		t.Errorf("%d lines of %.1f bytes each", p.Len(), each)
	}
	runtime.KeepAlive(p)
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := manyLines(n)
			text := make([][]byte, 1<<15) // of all over the table
			for i := range text {
				text[i] = someLine(i * 7919 % n)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p.find(text[i%len(text)])
			}
		})
	}
}

func TestProgramsThatAreToBeForkedAre(t *testing.T) {
	p := NewProbes([]modules.Check{native{name: "n", programs: []string{"check_fake"}}}, fork{}, "check_fake")
	if got := p.Prepare("/opt/ours/check_fake x"); got.Module != "exec" || !strings.Contains(got.Why, "--fork") {
		t.Errorf("run by %s because %q", got.Module, got.Why)
	}
}

func TestAnEnvironmentReachesOnlyWhatIsForked(t *testing.T) {
	p := NewProbes([]modules.Check{native{name: "eager", programs: []string{"check_a"}}}, fork{})
	for _, tt := range []struct{ line, want string }{{"other ", "forked other A=b"}, {"check_a x", "check_a x"}} {
		job := monitor.Job{Line: []byte(tt.line), Env: []string{"A=b"}}
		for range 2 { // a remembered line too
			if got := outputOf(t, p.of(&job).probe); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.line, got, tt.want)
			}
		}
	}
	if got := outputOf(t, p.of(&monitor.Job{Line: []byte("other")}).probe); got != "forked other" {
		t.Errorf("without an environment: got %q", got)
	}
	if _, err := p.of(&monitor.Job{Line: []byte("nothing"), Env: []string{"A=b"}}).probe.Run(t.Context()); err == nil {
		t.Error("a line that cannot be run: no error")
	}
}
