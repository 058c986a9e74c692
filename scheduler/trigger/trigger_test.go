package trigger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/trigger"
)

const now = monitor.Time(1_700_000_000e9)

// site is a shard: srv-web-1 to -3 with a service Http each, whose time is 1, 2 and 3 seconds, and the service all of host
// cluster, which has the trigger.
func site(tb testing.TB, script string) *core.Core {
	tb.Helper()
	inv := &monitor.Inventory{
		Options: monitor.Options{Program: monitor.Program{HostSwitches: monitor.PassiveChecks, ServiceSwitches: monitor.PassiveChecks}, TriggerSteps: 20_000},
		Policies: []monitor.Policy{{
			MaxAttempts: 1, CheckInterval: time.Minute, CheckPeriod: monitor.None, NotificationPeriod: monitor.None, MaintenancePeriod: monitor.None,
			SnapshotPeriod: monitor.None, Switches: monitor.PassiveChecks, InitialState: monitor.Pending,
			EventHandler: monitor.Call{Command: monitor.None}, Snapshot: monitor.Call{Command: monitor.None},
		}},
		Hosts: []monitor.Host{
			{Name: "cluster", Address: "10.0.0.1", Check: monitor.Call{Command: monitor.None}, Vars: []monitor.Var{{Name: "LIMIT", Value: "80"}}},
			{Name: "srv-web-1"},
			{Name: "srv-web-2"},
			{Name: "srv-web-3"},
		},
		Services: []monitor.Service{{Host: 0, Description: "all"}, {Host: 1, Description: "Http"}, {Host: 2, Description: "Http"}, {Host: 3, Description: "Http"}},
		Triggers: []monitor.Trigger{{Name: "t", File: "triggers.d/t.star", Source: script}},
		// The host cluster and its service all.
		Triggered: []monitor.Triggered{{Object: 0, Triggers: []uint32{0}}, {Object: 4, Triggers: []uint32{0}}},
	}
	for i := range inv.Hosts {
		inv.Hosts[i].Check = monitor.Call{Command: monitor.None}
	}
	for i := range inv.Services {
		inv.Services[i].Check = monitor.Call{Command: monitor.None}
	}
	inv.Options.GlobalHostHandler, inv.Options.GlobalServiceHandler = monitor.None, monitor.None
	c, err := core.New(inv, 1, core.Seed{Start: now, Triggers: trigger.Compile})
	if err != nil {
		tb.Fatal(err)
	}
	var d core.Decisions
	c.Begin(now)
	c.Submit(now, []monitor.Submission{
		passive("srv-web-1/Http", monitor.OK, "fine | time=1s"), passive("srv-web-2/Http", monitor.Critical, "slow | time=2s size=5B"),
		passive("srv-web-3/Http", monitor.OK, "fine | time=3s"),
	}, &d)
	return c
}

func passive(name string, state monitor.State, text string) monitor.Submission {
	host, service, _ := strings.Cut(name, "/")
	output, metrics, _ := strings.Cut(text, " | ")
	return monitor.Submission{
		Ref:     monitor.Ref{Host: host, Service: service},
		Outcome: monitor.Outcome{State: state, Output: output, Perfdata: metrics},
	}
}

// result gives what a script makes of the result "it said | load=7 free=50%" of cluster/all, which is WARNING: "STATE output | perfdata",
// with a line for each other object and each line for the log; or what is wrong.
func result(tb testing.TB, script string) string {
	tb.Helper()
	c := site(tb, script)
	j, ok := c.Try(now, 4, passive("", monitor.Warning, "it said | load=7 free=50%").Outcome)
	if !ok {
		tb.Fatal("the service has no trigger")
	}
	if j.Wrong != "" {
		return j.Wrong
	}
	text := j.Own.State.ServiceName() + " " + j.Own.Output + " | " + j.Own.Perfdata
	if !j.Decided {
		text = "undecided: " + text
	}
	for _, o := range j.Others {
		text += "\n" + c.Inventory().Ref(o.Object).String() + " " + o.State.ServiceName() + " " + o.Output + " | " + o.Perfdata
	}
	for _, line := range j.Said {
		text += "\nlog: " + line
	}
	return text
}

const unchanged = "undecided: WARNING it said | load=7 free=50%"

func TestWhatScriptsMakeOfAResult(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"nothing":               {"x = 1", unchanged},
		"ok":                    {"ok(self, 'all fine')", "OK all fine | load=7 free=50%"},
		"critical":              {"critical(self, 'load is %d' % perf(self, 'load'))", "CRITICAL load is 7 | load=7 free=50%"},
		"by name":               {"unknown('cluster/all', 'hm', 'a=1')", "UNKNOWN hm | a=1"},
		"keeps the output":      {"warning(self)", "WARNING it said | load=7 free=50%"},
		"control flow":          {"if perf(self, 'load') > 5:\n  critical(self, 'high')\nelif perf(self, 'load') > 3:\n  warning(self, 'so so')\nelse:\n  ok(self, 'low')", "CRITICAL high | load=7 free=50%"},
		"attributes":            {"self.state_id = 0\nself.state = 'OK'\nself.output = 'a' + 'b'\nself.perf_data = 'x=1'", "OK ab | x=1"},
		"two lines":             {"self.output = 'a\\nb'", "undecided: WARNING a | load=7 free=50%"},
		"no broken letters":     {"self.output = 'é'[:1] + '|'\nself.perf_data = 'a=1\\nb=2'", "undecided: WARNING ?| | a=1 b=2"},
		"the state that came":   {"ok(self, self.state + ' %d' % self.state_id)", "OK WARNING 1 | load=7 free=50%"},
		"another object":        {"ok(self, get_object('srv-web-2/Http').state)", "OK CRITICAL | load=7 free=50%"},
		"host of a service":     {"ok(self, self.host.address + ' ' + self.host.state)", "OK 10.0.0.1 UP | load=7 free=50%"},
		"never checked":         {"ok(self, str(get_object('srv-web-1').last_check))", "OK 0 | load=7 free=50%"},
		"when":                  {"ok(self, '%s %s' % (now(), get_object('srv-web-1/Http').last_chk))", "OK 1700000000 1700000000 | load=7 free=50%"},
		"no such object":        {"ok(self, str(get_object('srv-web-9')))", "OK None | load=7 free=50%"},
		"custom":                {"ok(self, get_custom(self.host, '_limit') + get_custom(self, 'x', '!') + self.host.customs['_LIMIT'])", "OK 80!80 | load=7 free=50%"},
		"default of perf":       {"ok(self, str(perf(self, 'none', 3)))", "OK 3 | load=7 free=50%"},
		"wildcards":             {"p = perfs('srv-web-*/Http', 'time')\nok(self, '%s %.1f %s' % (len(p), avg(p), max(p)))", "OK 3 2.0 3.0 | load=7 free=50%"},
		"only who has it":       {"ok(self, str(perfs('*/*', 'size')))", "OK [5.0] | load=7 free=50%"},
		"hosts by wildcard":     {"ok(self, ','.join([h.get_name() for h in get_objects('srv-*')]))", "OK srv-web-1,srv-web-2,srv-web-3 | load=7 free=50%"},
		"wildcards of nothing":  {"ok(self, str(perfs('nothing*', 'x')))", "OK [] | load=7 free=50%"},
		"sets others":           {"critical('srv-web-1', 'no power')\nset_value('srv-web-1/Http', output='as its host', return_code=2)", unchanged + "\nsrv-web-1 CRITICAL no power | \nsrv-web-1/Http CRITICAL as its host | time=1s"},
		"log":                   {"log('one')\nprint('two', 2)", unchanged + "\nlog: one\nlog: two 2"},
		"functions":             {"def limit(x, by = 2):\n  return x * by\nok(self, str(limit(4)))", "OK 8 | load=7 free=50%"},
		"loops":                 {"n = 0\nfor i in range(10):\n  if i == 5: continue\n  n += i\nok(self, str(n))", "OK 40 | load=7 free=50%"},
		"lists in place":        {"a = [1]\nb = a\na += [2]\na *= 2\nok(self, '%s %s' % (a, b))", "OK [1, 2, 1, 2] [1, 2] | load=7 free=50%"},
		"dictionaries in place": {"d = {'a': 1}\nd['a'] += 2\nok(self, str(d))", "OK {\"a\": 3} | load=7 free=50%"},
		"attributes in place":   {"self.output += '!'\nok(self)", "OK it said! | load=7 free=50%"},
		"unpacking":             {"a, b = (1, 2)\n(c, [d, e]) = (3, (4, 5))\nok(self, '%d%d%d%d%d' % (a, b, c, d, e))", "OK 12345 | load=7 free=50%"},
		"slices":                {"ok(self, 'abcdef'[1:4] + str([1, 2, 3][::-1]))", "OK bcd[3, 2, 1] | load=7 free=50%"},
		"lambda and sort":       {"ok(self, str(sorted(['bb', 'a'], key = lambda s: len(s))))", "OK [\"a\", \"bb\"] | load=7 free=50%"},
		"star arguments":        {"def f(a, b): return a - b\nok(self, str(f(*[5, 3])) + str(f(**{'a': 1, 'b': 1})))", "OK 20 | load=7 free=50%"},
		"methods":               {"ok(self, ' A,b '.strip().lower().replace(',', '.') + '{} {x}'.format(1, x = 2))", "OK a.b1 2 | load=7 free=50%"},
		"comparisons":           {"ok(self, str([1 == 1.0, 'a' != 'b', 1 in [1], 'x' not in 'abc', [1, 2] < [1, 3], self == get_object('cluster/all')]))", "OK [True, True, True, True, True, True] | load=7 free=50%"},
		"formats":               {"ok(self, '%5.2f|%-4d|%04d|%+d|%x|%s|%r|%g|%e|%%|%(a)s' % {'a': 1} if False else '%5.2f|%-4d|%04d|%+d|%x|%s|%r|%g|%%' % (3.14159, 7, 7, 7, 255, 'a', 'b', 0.5))", "OK  3.14|7   |0007|+7|ff|a|\"b\"|0.5|% | load=7 free=50%"},
		"formats by name":       {"ok(self, '%(load).1f of %(of)s' % {'load': 7, 'of': 'x'})", "OK 7.0 of x | load=7 free=50%"},
		"round and sum":         {"ok(self, '%s %s %s %s' % (round(2.5), round(3.14159, 2), sum([1, 2.5]), sum([], 0.0)))", "OK 3 3.14 3.5 0.0 | load=7 free=50%"},
		"set":                   {"ok(self, str(len(set([1, 1, 2]))))", "OK 2 | load=7 free=50%"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, result(t, tt.script)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// Shinken's sample trigger avg_http, and collectd_disk of its pack, in our words.
func TestShinkensOwnTriggers(t *testing.T) {
	const average = `print("I look at", self.get_full_name())
names = ["srv-web-%d/Http" % i for i in range(1, 4)]
srvs = [get_object(name) for name in names]
perfs = [perf(srv, "time") for srv in srvs]
value = sum(perfs, 0.0) / len(perfs)
self.output = "Trigger launch OK"
self.perf_data = "HttpAverage=%.3f" % value
`
	if got, want := result(t, average), "undecided: WARNING Trigger launch OK | HttpAverage=2.000\nlog: I look at cluster/all"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	const disk = `load1 = perf(self, 'load')
free = perf(self, 'free')
self.state_id = 0
self.state = 'OK'
self.output = 'disk_time=%s:%s' % (load1, free)
`
	if got, want := result(t, disk), "OK disk_time=7.0:50.0 | load=7 free=50%"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatGoesWrongIsSaidWithItsLine(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"no such metric":      {"\n\nperf(self, 'lod')", `trigger t: t.star:3: cluster/all has no metric "lod": it has load, free`},
		"no metrics":          {"perf('srv-web-1', 'x')", `trigger t: t.star:1: srv-web-1 has no metric "x": its last result has no performance data`},
		"in a function":       {"def f():\n  return 1 / 0\nf()", "trigger t: t.star:2: floating-point division by zero"},
		"no such object":      {"perf('web9/x', 'y')", `trigger t: t.star:1: there is no "web9/x" in this shard: write a name in quotes into the script, so that it is kept in the same one`},
		"None":                {"if get_object('web9') > 3: pass", "trigger t: t.star:1: NoneType > int not implemented"},
		"a type":              {"ok(5, 'x')", "trigger t: t.star:1: an object is self, what get_object gave, or a name, not int"},
		"fail":                {"x = 1\nfail('because')", "trigger t: t.star:2: fail: because"},
		"output":              {"self.output = 5", "trigger t: t.star:1: a text is a string, not int: write str(…)"},
		"state":               {"self.state_id = 7", "trigger t: t.star:1: a state is 0, 1, 2 or 3, not 7"},
		"state name":          {"self.state = 'FINE'", "trigger t: t.star:1: state is one of OK, WARNING, CRITICAL, UNKNOWN, UP and DOWN"},
		"read only":           {"self.host_name = 'x'", "trigger t: t.star:1: host_name cannot be set: a script sets state, state_id, output, long_output and perf_data"},
		"method":              {"'a'.joyn([])", "trigger t: t.star:1: string has no .joyn: it has [capitalize codepoint_ords"},
		"compile":             {"\nx = (", "trigger t: t.star:2: got end of file, want primary expression"},
		"average of nothing":  {"avg([])", "trigger t: t.star:1: avg of no numbers: ask first whether there are some"},
		"sum of strings":      {"sum(['a'])", "trigger t: t.star:1: sum takes numbers, and one is a string"},
		"format":              {"'%d' % 'x'", "trigger t: t.star:1: %d takes a number, not string"},
		"too few":             {"'%s %s' % 1", "trigger t: t.star:1: fewer values than % takes"},
		"too many":            {"'%s' % (1, 2)", "trigger t: t.star:1: more values than % takes"},
		"argument of builtin": {"range('a')", "trigger t: t.star:1: range: for parameter 1: got string, want int"},
		"a reserved word":     {"load = 1", "trigger t: t.star:1: got '=', want '(': load is a word of the language and no name: call it load1"},
		"while":               {"while True: pass", "trigger t: t.star:1: this Starlark dialect does not support while loops: write for i in range(n)"},
		"import":              {"import os", "trigger t: t.star:1: got import"},
		"print of Python 2":   {"print 'x'", "trigger t: t.star:1: got string literal, want newline: print takes parentheses"},
		"getattr":             {"getattr(self, 'x')", "trigger t: t.star:1: getattr is left out of this language: write the name behind a dot"},
		"star parameter":      {"def f(*a): pass", "trigger t: t.star:1: a function takes a fixed number of arguments here: take a list"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := result(t, tt.script); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}
