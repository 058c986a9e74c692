package collectd

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/collectd/packet"
	"github.com/onbu/onbu/monitor"
)

const t0 = monitor.Time(1_700_000_000e9)

// feed is a store with a clock.
type feed struct {
	t     *testing.T
	store *store
	now   monitor.Time
}

func newFeed(t *testing.T, lines ...string) *feed {
	t.Helper()
	s := modules.Read(sinktest.Define("c", "collectd", lines...))
	set := read(s)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	set.naming.types, _ = parseTypes(strings.NewReader(builtin))
	return &feed{t: t, store: newStore(&set), now: t0}
}

func id(name string) packet.ID {
	host, rest, _ := strings.Cut(name, "/")
	plugin, kind, _ := strings.Cut(rest, "/")
	var i packet.ID
	cut := func(text string) ([]byte, []byte) {
		name, instance, _ := strings.Cut(text, "-")
		return []byte(name), []byte(instance)
	}
	i.Host = []byte(host)
	i.Plugin, i.PluginInstance = cut(plugin)
	i.Type, i.TypeInstance = cut(kind)
	return i
}

// send hands in values of host/plugin-instance/type-instance that were measured now, every 10 s.
func (f *feed) send(name string, values ...packet.Value) string {
	return f.store.list("collectd 10.0.0.1", &packet.List{ID: id(name), Time: f.now, Interval: 10 * time.Second, Values: values}, f.now)
}

func (f *feed) wait(d time.Duration) { f.now = f.now.Add(d) }

// due gives what is submitted now, "host/service perfdata".
func (f *feed) due() []string {
	var all []string
	for _, r := range f.store.collect(nil, f.now) {
		if !r.Keep || r.Output != "CollectD" || r.Source != "collectd 10.0.0.1" {
			f.t.Errorf("%+v", r)
		}
		all = append(all, r.Ref.String()+" "+r.Perfdata)
	}
	return all
}

func gauge(x float64) packet.Value   { return packet.Value{Kind: packet.Gauge, Number: x} }
func derive(n int64) packet.Value    { return packet.Value{Kind: packet.Derive, Count: uint64(n)} }
func counter(n uint64) packet.Value  { return packet.Value{Kind: packet.Counter, Count: n} }
func absolute(n uint64) packet.Value { return packet.Value{Kind: packet.Absolute, Count: n} }

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAServiceIsSubmittedOncePerInterval(t *testing.T) {
	f := newFeed(t)
	f.send("web1/load/load", gauge(1), gauge(2), gauge(3))
	expect(t, f.due())
	f.wait(2 * time.Second)
	expect(t, f.due(), "web1/load load_0=1 load_1=2 load_2=3")
	expect(t, f.due())
	f.wait(8 * time.Second)
	f.send("web1/load/load", gauge(4), gauge(5), gauge(math.NaN()))
	f.wait(time.Second)
	expect(t, f.due())
	f.wait(time.Second)
	expect(t, f.due(), "web1/load load_0=4 load_1=5 load_2=U")
}

func TestWhatIsMeasuredTogetherIsOneResult(t *testing.T) {
	f := newFeed(t)
	f.send("web1/df-root/df_complex-free", gauge(10))
	f.wait(time.Second)
	f.send("web1/df-root/df_complex-used", gauge(90))
	f.send("web1/df-home/df_complex-used", gauge(5))
	f.wait(time.Second)
	expect(t, f.due(), "web1/df-root df_complex-free=10 df_complex-used=90")
	f.wait(time.Second)
	expect(t, f.due(), "web1/df-home df_complex-used=5")
}

func TestRates(t *testing.T) {
	for name, tt := range map[string]struct {
		kind        string
		first, then packet.Value
		want        string
	}{
		"derive":                 {"x", derive(100), derive(200), "x=10"},
		"derive that falls":      {"x", derive(200), derive(100), "x=-10"},
		"derive below its least": {"cpu", derive(200), derive(100), ""},
		"counter":                {"x", counter(100), counter(200), "x=10"},
		"counter over 32 bits":   {"x", counter(math.MaxUint32 - 49), counter(50), "x=10"},
		"counter over 64 bits":   {"x", counter(math.MaxUint64 - 49), counter(50), "x=10"},
		"absolute":               {"x", absolute(7), absolute(50), "x=5"},
		"gauge":                  {"x", gauge(7), gauge(1.5), "x=1.5"},
		"gauge without end":      {"x", gauge(7), gauge(math.Inf(1)), ""},
		"gauge above its most":   {"percent", gauge(7), gauge(101), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFeed(t)
			f.send("web1/p/"+tt.kind, tt.first)
			f.wait(5 * time.Second)
			f.due()
			f.wait(5 * time.Second)
			f.send("web1/p/"+tt.kind, tt.then)
			f.wait(5 * time.Second)
			if tt.want == "" {
				expect(t, f.due())
			} else {
				expect(t, f.due(), "web1/p "+tt.want)
			}
		})
	}
}

// The first sample has no rate: it is not passed on as it is.
func TestTheFirstSampleOfACounterIsNoRate(t *testing.T) {
	f := newFeed(t)
	f.send("web1/interface-eth0/if_octets", derive(1000), derive(2000))
	f.wait(5 * time.Second)
	expect(t, f.due())
}

func TestNames(t *testing.T) {
	for name, tt := range map[string]struct {
		settings []string
		want     []string
	}{
		"by default": {nil, []string{"a.example/cpu-0 cpu-idle=1", "a.example/interface-eth0 if_load_0=1 if_load_1=2", "a.example/load load_0=1 load_1=2 load_2=3"}},
		"grouped": {[]string{"grouped_collectd_plugins cpu, interface"}, []string{
			"a.example/cpu cpu-0-idle=1", "a.example/interface if_load-eth0_0=1 if_load-eth0_1=2", "a.example/load load_0=1 load_1=2 load_2=3",
		}},
		"by types.db": {[]string{"value_names types.db", "drop_domain 1"}, []string{
			"a/cpu-0 cpu-idle=1", "a/interface-eth0 if_load_0=1 if_load_1=2", "a/load load_shortterm=1 load_midterm=2 load_longterm=3",
		}},
		"by rules": {[]string{"map cpu-.* -", `map interface-(eth\d)/.* Traffic of $1`, "map (load)/.* Linux $1"}, []string{
			"a.example/Traffic of eth0 if_load-eth0_0=1 if_load-eth0_1=2", "a.example/Linux load load_0=1 load_1=2 load_2=3",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFeed(t, tt.settings...)
			f.send("a.example/cpu-0/cpu-idle", gauge(1))
			f.send("a.example/interface-eth0/if_load", gauge(1), gauge(2))
			f.send("a.example/load/load", gauge(1), gauge(2), gauge(3))
			f.wait(5 * time.Second)
			expect(t, f.due(), tt.want...)
		})
	}
}

func TestWhatIsNotTaken(t *testing.T) {
	f := newFeed(t, "max_series 3", "max_series_per_source 2", "max_age 1h", "map secret/.* -")
	list := func(name string, at time.Duration, source string) string {
		return f.store.list(source, &packet.List{ID: id(name), Time: f.now.Add(at), Values: []packet.Value{gauge(1)}}, f.now)
	}
	for _, tt := range []struct {
		name   string
		at     time.Duration
		source string
		want   string
	}{
		{"a/p/x", 0, "one", ""},
		{"a/p/x", 0, "one", stale},
		{"a/p/x", -time.Second, "two", stale},
		{"a/p/x", time.Second, "two", ""},
		{"a/p/x", 11 * time.Minute, "one", early},
		{"b/p/x", -2 * time.Hour, "one", old},
		{"a/p/y", 0, "one", ""},
		{"a/p/z", 0, "one", full},
		{"a/secret/x", 0, "two", nothing},
		{"a/p/z", 0, "three", full},
	} {
		if got := list(tt.name, tt.at, tt.source); got != tt.want {
			t.Errorf("%s at %v from %s: got %q, want %q", tt.name, tt.at, tt.source, got, tt.want)
		}
	}
	f.wait(6 * time.Minute)
	f.store.forget(f.now)
	if n := len(f.store.series) + len(f.store.sources) + len(f.store.services); n != 0 {
		t.Errorf("%d things are remembered of senders that are gone", n)
	}
	if got := list("a/p/z", 0, "three"); got != "" {
		t.Errorf("after the others are forgotten: %q", got)
	}
}

func TestAMetricThatIsMissingLeavesItsService(t *testing.T) {
	f := newFeed(t)
	f.send("a/p/x", gauge(1))
	for range 5 {
		f.send("a/p/y", gauge(2))
		f.wait(10 * time.Second)
		f.due()
	}
	f.send("a/p/y", gauge(2))
	f.wait(10 * time.Second)
	expect(t, f.due(), "a/p y=2")
}

func TestATypeThatChangesItsFormBeginsAnew(t *testing.T) {
	f := newFeed(t)
	f.send("a/p/x", gauge(1), gauge(2))
	f.wait(time.Second)
	f.send("a/p/x", gauge(3))
	f.wait(5 * time.Second)
	expect(t, f.due(), "a/p x=3")
}

func TestNotificationsAreResults(t *testing.T) {
	f := newFeed(t)
	f.send("web1/load/load", gauge(1), gauge(2), gauge(3))
	for severity, want := range map[packet.Severity]monitor.State{packet.Okay: monitor.OK, packet.Warning: monitor.Warning, packet.Failure: monitor.Critical} {
		f.wait(time.Second)
		got, why := f.store.notice("s", &packet.Notice{ID: id("web1/load/load"), Time: f.now, Severity: severity, Message: []byte("too\nmuch")}, f.now)
		diff := cmp.Diff(monitor.Submission{
			Ref: monitor.Ref{Host: "web1", Service: "load"}, Time: f.now, Source: "s",
			Outcome: monitor.Outcome{State: want, Output: "too much", Perfdata: "load_0=1 load_1=2 load_2=3"},
		}, got)
		if diff != "" || why != "" {
			t.Errorf("%s, -want +got\n%s", why, diff)
		}
	}
	for at, want := range map[time.Duration]string{-2 * time.Hour: old, time.Hour: early} {
		if _, why := f.store.notice("s", &packet.Notice{ID: id("web1/load/load"), Time: f.now.Add(at), Severity: packet.Okay}, f.now); why != want {
			t.Errorf("at %v: %q, want %q", at, why, want)
		}
	}
	f = newFeed(t, "notifications 0")
	if _, why := f.store.notice("s", &packet.Notice{ID: id("web1/load/load"), Time: f.now, Severity: packet.Okay}, f.now); why != nothing {
		t.Errorf("where they are turned off: %q", why)
	}
}

func TestMistakesInTheDefinition(t *testing.T) {
	for text, want := range map[string]string{
		"security_level Sign":               "security_level: it needs an auth_file",
		"security_level Encryption":         "did you mean encrypt?",
		"auth_file /nonexistent/users":      "auth_file: stat /nonexistent/users",
		"types_db /nonexistent/types":       "types_db: open /nonexistent/types",
		"map ( Service":                     "map: the regular expression",
		"map onlyone":                       "map: write a regular expression",
		"port 0":                            "port is",
		"multicast_ 1":                      "did you mean multicast?",
		"max_series 0":                      "max_series",
		"value_names typesdb":               "write one of index, types.db",
		"multicast 1\nhost 127.0.0.1":       "is no multicast address",
		"grouped_collectd_plugin cpu":       "did you mean grouped_collectd_plugins?",
		"security_level None\nhost 0.0.0.0": "",
		"multicast 1":                       "",
		"allowed_hosts 10.0.0.0/8, ::1":     "",
		"allowed_hosts web1":                "allowed_hosts: \"web1\" is neither",
		"sender * web*":                     "",
		"sender alice web*":                 "sender: auth_file has no user",
		"sender alice":                      "sender: write a user",
	} {
		s := modules.Read(sinktest.Define("c", "collectd", strings.Split(text, "\n")...))
		New(s, sinktest.Env())
		err := s.Err()
		if (err == nil) != (want == "") || !strings.Contains(fmt.Sprint(err), want) && want != "" {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestATypesDBIsRead(t *testing.T) {
	all, err := parseTypes(strings.NewReader("# comment\n\nload\tshortterm:GAUGE:0:5000, midterm:GAUGE:U:5e3,longterm:GAUGE:0:U\nuptime value:GAUGE:0:1 # c\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := types{
		"load":   {{"shortterm", 0, 5000}, {"midterm", math.Inf(-1), 5000}, {"longterm", 0, math.Inf(1)}},
		"uptime": {{"value", 0, 1}},
	}
	if diff := cmp.Diff(want, all, cmp.AllowUnexported(dataSource{})); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if all.of("load", 2) != nil || len(all.of("load", 3)) != 3 {
		t.Error("a type counts only for lists with as many values")
	}
	for _, bad := range []string{"x value:GAUGE:0", "x value:GAUGE:a:U", "x :GAUGE:0:1", "x"} {
		if _, err := parseTypes(strings.NewReader("ok value:GAUGE:0:U\n" + bad)); err == nil || !strings.Contains(err.Error(), "line 2: type x") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// BenchmarkList takes a list of a series that is known.
func BenchmarkList(b *testing.B) {
	s := modules.Read(sinktest.Define("c", "collectd"))
	set := read(s)
	st := newStore(&set)
	l := packet.List{ID: id("web1.example.org/interface-eth0/if_octets"), Interval: 10 * time.Second, Values: []packet.Value{derive(1), derive(2)}}
	now := t0
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Second)
		l.Time = now
		l.Values[0].Count += 10
		if why := st.list("collectd 10.0.0.1", &l, now); why != "" {
			b.Fatal(why)
		}
	}
}

// What nobody knows has a small room of its own, and does not stay.
func TestUnknownHostsLeaveRoom(t *testing.T) {
	f := newFeed(t, "max_series 1000")
	f.store.knows = func(ref monitor.Ref) bool { return strings.HasPrefix(ref.Host, "web") }
	taken := 0
	for i := range 3000 {
		l := packet.List{ID: id(fmt.Sprintf("nobody%d/x/y", i)), Time: f.now, Interval: 24 * time.Hour, Values: []packet.Value{gauge(1)}}
		if f.store.list(fmt.Sprint("collectd ", i), &l, f.now) == "" {
			taken++
		}
	}
	if why := f.send("web/load/load", gauge(1)); why != "" || taken != 50 {
		t.Errorf("%d of unknown hosts were taken, want 50; a known one: %q", taken, why)
	}
	f.wait(6 * time.Minute)
	f.store.forget(f.now)
	if n := len(f.store.series) + f.store.strange + len(f.store.services); n != 0 {
		t.Errorf("%d things are left", n)
	}
}

// Where there is no room, what went silent makes it.
func TestAFullTableGivesUpWhatIsSilent(t *testing.T) {
	f := newFeed(t, "max_series 2")
	f.send("a/p/x", gauge(1))
	f.send("a/p/y", gauge(1))
	for _, want := range []string{full, full, full, ""} {
		f.wait(10 * time.Second)
		f.send("a/p/x", gauge(1))
		if got := f.send("a/p/z", gauge(1)); got != want {
			t.Errorf("after %v: %q, want %q", f.now.Sub(t0), got, want)
		}
	}
}

func TestAHostThatIsConfiguredLaterIsKnown(t *testing.T) {
	f := newFeed(t)
	known := false
	f.store.knows = func(monitor.Ref) bool { return known }
	f.send("a/p/x", gauge(1))
	was := f.store.strange
	known = true
	f.store.forget(f.now)
	if is := f.store.strange; was != 1 || is != 0 {
		t.Errorf("%d strangers, then %d; want 1 and 0", was, is)
	}
}

// A service takes as many series as a result carries, and one that changes its form takes no time for the others.
func TestAServiceHasBoundedSeries(t *testing.T) {
	f := newFeed(t)
	for i := range mostOfService {
		f.send(fmt.Sprintf("a/p/x-%d", i), gauge(1))
	}
	if why := f.send("a/p/x-more", gauge(1)); why != full {
		t.Errorf("one more: %q", why)
	}
}

func TestNotificationsAreNotTakenTwice(t *testing.T) {
	f := newFeed(t)
	one := packet.Notice{ID: id("web1/load/load"), Time: f.now, Severity: packet.Okay}
	other := packet.Notice{ID: id("web1/load/load-x"), Time: f.now, Severity: packet.Okay}
	for i, tt := range []struct {
		n    packet.Notice
		want string
	}{{one, ""}, {one, stale}, {other, ""}} {
		if _, why := f.store.notice("s", &tt.n, f.now); why != tt.want {
			t.Errorf("%d: %q, want %q", i, why, tt.want)
		}
	}
	f.wait(2 * time.Hour)
	f.store.forget(f.now)
	if f.store.heard.n != 0 || len(f.store.heard.of) != 0 {
		t.Errorf("remembered for ever: %+v", f.store.heard)
	}
}
