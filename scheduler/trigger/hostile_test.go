package trigger_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/trigger"
)

// No script takes more than its steps or its memory, whatever it tries.
func TestHostileScriptsEndSoon(t *testing.T) {
	const steps, large = "more than 20000 steps", "more than"
	for name, tt := range map[string]struct{ script, want string }{
		"endless loop":           {"for i in range(100000):\n  for j in range(100000): pass", steps},
		"endless list":           {"a = [1]\nfor i in a: a.append(i)", "append"},
		"recursion":              {"def f(n): return f(n + 1)\nf(0)", "called recursively"},
		"recursion by two":       {"def f(n): return g(n)\ndef g(n): return f(n)\nf(0)", "called recursively"},
		"huge string":            {"x = 'a' * 1000000000", "100000 are enough"},
		"string by string":       {"x = 'aaaaaaaa' * 100000", "are enough"},
		"doubled string":         {"x = 'a'\nfor i in range(100): x = x + x", large},
		"doubled in place":       {"x = 'a'\nfor i in range(100): x += x", large},
		"huge list":              {"x = [0] * 1000000000", "100000 are enough"},
		"long list":              {"x = [0] * 100000", "are enough"},
		"doubled list":           {"x = [0]\nfor i in range(100): x += x", large},
		"endless range":          {"max(range(1000000000000))", "100000 are enough"},
		"list of a range":        {"for i in range(100): list(range(100000))", ""},
		"sorted again and again": {"a = list(range(5000))\nfor i in range(10000): sorted(a)", steps},
		"huge number":            {"x = 10\nfor i in range(100): x = x * x", "bits"},
		"shifted number":         {"x = 1\nfor i in range(100): x = x << 500", "bits"},
		"long number":            {"int('9' * 1000)", "digits"},
		"format":                 {"'%100000000d' % 1", "a width of more than"},
		"format by key":          {"x = 'a' * 60000\n('{0}' * 1000).format(x)", "are enough"},
		"join":                   {"x = 'a' * 60000\nx.join(['b'] * 1000)", "are enough"},
		"replace":                {"x = 'a' * 60000\nx.replace('', x)", "are enough"},
		"method as a value":      {"x = 'a' * 60000\nf = x.replace\nf('a', x)", "are enough"},
		"lists in lists":         {"a = [0] * 10\nfor i in range(40): a = [a] * 10\nx = str(a)", "are enough"},
		"equal lists in lists":   {"a = []\nb = []\nfor i in range(40):\n  a = [a, a]\n  b = [b, b]\nx = a == b", "parts"},
		"tuples in tuples":       {"t = (1, 2)\nfor i in range(40): t = (t, t)\nx = {t: 1}", "a tuple of"},
		"a list in itself":       {"a = []\na.append(a)\nx = a == [a]", "parts"},
		"slices":                 {"x = [0] * 10000\nfor i in range(10000): y = x[1:]", ""},
		"spread":                 {"def f(a): pass\nx = [0] * 10000\nfor i in range(10000): f(*x)", ""},
		"results for everybody":  {"for i in range(100000):\n  for o in get_objects('*/*'): ok(o, 'x')", steps},
		"long output":            {"x = 'a' * 60000\nself.output = x + x[:9000]", "are taken"},
		"memory":                 {"a = []\nfor i in range(10000): a.append('%s' % ('x' * 5000))", steps},
		"sets":                   {"a = set(range(4000))\nfor i in range(100000): a | a", steps},
		"sets in place":          {"a = set(range(4000))\nfor i in range(100000): a &= a", steps},
		"dictionaries":           {"d = {i: i for i in range(1000)}\nfor i in range(100000): d | d", large},
		"long lists of objects":  {"a = [self] * 5000\nfor i in range(100000): get_objects(a)", steps},
		"long lists of names":    {"a = ['srv-web-1/Http'] * 900\nfor i in range(100000): get_objects(a)", steps},
		"metrics of long lists":  {"a = [self] * 5000\nfor i in range(100000): perfs(a, 'load')", steps},
		"custom variables":       {"k = 'x' * 60000\nfor i in range(100000): get_custom(self, k)", steps},
		"outputs":                {"k = 'x' * 60000\nfor i in range(100000): self.output = k", steps},
		"metrics of its own":     {"self.perf_data = 'a=1 ' * 12000\nfor i in range(100000): perf(self, 'zz', 1)", steps},
		"patterns":               {"for i in range(10000): get_objects('a%d*' % i)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := result(t, tt.script)
			runtime.ReadMemStats(&after)
			if !strings.HasPrefix(got, "trigger t: t.star:") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want the line and %q", got, tt.want)
			}
			if made := after.TotalAlloc - before.TotalAlloc; made > 64<<20 {
				t.Errorf("%d MB were allocated", made>>20)
			}
		})
	}
}

func TestALogIsBounded(t *testing.T) {
	got := result(t, "for i in range(100): log('x' * 1000)")
	if n, most := len(got), 10*(512+6)+100; n > most {
		t.Errorf("%d bytes, want no more than %d", n, most)
	}
}

// A shard whose scripts never end goes on: they run so many times in a second, and their objects keep the error.
func TestScriptsThatNeverEndRest(t *testing.T) {
	c := site(t, "log('begun')\nn = 0\nfor i in range(100000): n += 1")
	said, begun := map[string]int{}, 0
	for range 200 {
		j, _ := c.Try(now, 4, monitor.Outcome{})
		said[j.Wrong]++
		begun += len(j.Said)
	}
	if len(said) != 1 || said[""] > 0 || begun != 20 {
		t.Errorf("it ran %d times, want 20; got %v, want one and the same error", begun, said)
	}
	if j, _ := c.Try(now.Add(time.Second), 4, monitor.Outcome{}); len(j.Said) != 1 {
		t.Error("it does not run in the next second")
	}
}

// BenchmarkExhausted is a run that uses up the steps that it has by default.
func BenchmarkExhausted(b *testing.B) {
	inv := *site(b, "n = 0\nfor i in range(100000): n += 1").Inventory()
	inv.Options.TriggerSteps = 0
	c, err := core.New(&inv, 1, core.Seed{Start: now, Triggers: trigger.Compile})
	if err != nil {
		b.Fatal(err)
	}
	at := now
	for b.Loop() {
		at = at.Add(time.Second)
		if j, _ := c.Try(at, 4, monitor.Outcome{}); j.Wrong == "" {
			b.Fatal("it ended")
		}
	}
}

// What was guarded means what it meant.
func TestOperatorsOfSetsAndDictionaries(t *testing.T) {
	const script = `a, b = set([1, 2]), set([2, 3])
d = {1: 1}
same = d
d |= {2: 2}
a |= b
self.output = "%s %s %s %s" % (sorted(a), sorted(a & b), sorted(a ^ b), sorted(a - b)) + " %s %d" % (same | {3: 3}, 7 - 9)
self.perf_data = "x=1"
x = perf(self, "x")
self.perf_data = "x=2"
self.output += " %d %d %d" % (x, perf(self, "x"), len(get_objects("*" * 100 + "b**1*/*t*p")))`
	j, _ := site(t, script).Try(now, 4, monitor.Outcome{})
	const want = "[1, 2, 3] [2, 3] [1] [1] {1: 1, 2: 2, 3: 3} -2 1 2 1"
	if j.Own.Output != want || j.Wrong != "" {
		t.Errorf("got %q %s, want %q", j.Own.Output, j.Wrong, want)
	}
}
