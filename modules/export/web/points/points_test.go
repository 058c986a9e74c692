package points_test

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules/export/web/points"
	"github.com/onbu/onbu/monitor"
)

var began = time.Unix(1_800_000_000, 0)

// chunk is how many bytes of the file 1024 metrics take.
const chunk = 297 * 4096

func options(t testing.TB) points.Options {
	return points.Options{Path: filepath.Join(t.TempDir(), "a folder", "points"), Most: 64 << 20, Log: slog.New(slog.DiscardHandler)}
}

func at(minutes int) time.Time { return began.Add(time.Duration(minutes) * time.Minute) }

// round measures some metrics of one service.
func round(t testing.TB, s *points.Store, now time.Time, of monitor.Ref, perfdata string) {
	t.Helper()
	if err := s.Round(now, func(measured func(monitor.Ref, string)) { measured(of, perfdata) }); err != nil {
		t.Fatal(err)
	}
}

// series gives the points of a metric as text: the newest ones, - for none.
func series(t testing.TB, s *points.Store, now time.Time, of monitor.Ref, label string, newest int) string {
	t.Helper()
	all, err := s.Of(of, []string{label}, now)
	if err != nil {
		t.Fatal(err)
	}
	if all[0] == nil {
		return "nothing"
	}
	var words []string
	for _, v := range all[0][points.Slots-newest:] {
		if math.IsNaN(float64(v)) {
			words = append(words, "-")
			continue
		}
		words = append(words, fmt.Sprint(v))
	}
	return strings.Join(words, " ")
}

var disk = monitor.Ref{Host: "web", Service: "disk"}

func TestValuesOfFiveMinutesAreOnePoint(t *testing.T) {
	s := points.New(options(t))
	defer s.Close()
	for minute, v := range []int{10, 20, 30, 40, 50, 7, 9} {
		round(t, s, at(minute), disk, fmt.Sprintf("used=%d%% 'a b'=%d", v, -v))
	}
	if got := series(t, s, at(6), disk, "used", 3); got != "- 30 8" {
		t.Errorf("got %s", got)
	}
	if got := series(t, s, at(6), disk, "a b", 3); got != "- -30 -8" {
		t.Errorf("another metric: got %s", got)
	}
	if got := series(t, s, at(16), disk, "used", 4); got != "30 8 - -" {
		t.Errorf("when nobody measures: got %s", got)
	}
	if got := series(t, s, at(6), monitor.Ref{Host: "web"}, "used", 3); got != "nothing" {
		t.Errorf("of the host: got %s", got)
	}
	if got := series(t, s, at(24*60), disk, "used", points.Slots)[:6]; got != "8 - - " {
		t.Errorf("a day later: got %s", got)
	}
}

func TestWhatIsNoNumberIsNoPoint(t *testing.T) {
	s := points.New(options(t))
	defer s.Close()
	round(t, s, at(0), disk, "a=U b=1e300 c=nan d= e=5 f")
	for label, want := range map[string]string{"a": "nothing", "b": "-", "c": "nothing", "e": "5", "f": "nothing"} {
		if got := series(t, s, at(0), disk, label, 1); got != want {
			t.Errorf("%s: got %s, want %s", label, got, want)
		}
	}
}

// Names that together are the same text are different metrics all the same.
func TestNamesAreKeptApart(t *testing.T) {
	s := points.New(options(t))
	defer s.Close()
	one, other := monitor.Ref{Host: "a", Service: "bc"}, monitor.Ref{Host: "ab", Service: "c"}
	round(t, s, at(0), one, "d=1")
	round(t, s, at(0), other, "d=2")
	round(t, s, at(0), monitor.Ref{Host: strings.Repeat("x", 1<<20), Service: "\x00\xff"}, "d=3")
	if got := series(t, s, at(0), one, "d", 1) + series(t, s, at(0), other, "d", 1); got != "12" {
		t.Errorf("got %s", got)
	}
}

func TestAnObjectHasABoundedNumberOfMetrics(t *testing.T) {
	s := points.New(options(t))
	defer s.Close()
	var text strings.Builder
	for i := range 3 * points.Most {
		fmt.Fprintf(&text, "m%d=%d ", i, i)
	}
	round(t, s, at(0), disk, text.String())
	if kept, _ := s.Metrics(); kept != points.Most {
		t.Errorf("%d metrics", kept)
	}
}

func TestAFullFileKeepsWhatItHasUntilNobodyMeasuresItAnyMore(t *testing.T) {
	o := options(t)
	o.Most = 4096 + chunk
	var said strings.Builder
	o.Log = slog.New(slog.NewTextHandler(&said, nil))
	s := points.New(o)
	defer s.Close()
	many := func(now time.Time, from, until int) {
		t.Helper()
		err := s.Round(now, func(measured func(monitor.Ref, string)) {
			for i := from; i < until; i++ {
				measured(monitor.Ref{Host: fmt.Sprint(i)}, "m=1")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	of := func(i int) monitor.Ref { return monitor.Ref{Host: fmt.Sprint(i)} }
	many(at(0), 0, 1030)
	if kept, dropped := s.Metrics(); kept != 1024 || dropped != 6 || !strings.Contains(said.String(), "points_max") {
		t.Errorf("%d metrics, %d dropped; said: %s", kept, dropped, said.String())
	}
	many(at(5), 1000, 1030) // the others are gone
	if got := series(t, s, at(5), of(1025), "m", 1); got != "nothing" {
		t.Errorf("there was no room, and yet %s", got)
	}
	many(at(24*60), 1000, 1030)
	if a, b := series(t, s, at(24*60), of(1025), "m", 2), series(t, s, at(24*60), of(1000), "m", points.Slots); a != "- 1" || !strings.HasPrefix(b, "1 - ") {
		t.Errorf("a day later: %s; %.20s", a, b)
	}
	if info, err := os.Stat(o.Path); err != nil || info.Size() > o.Most {
		t.Errorf("the file has %d bytes of %d, %v", info.Size(), o.Most, err)
	}
}

// Two brokers that write one file would each believe that the rings it gives away are its own.
func TestOneFileHasOneStore(t *testing.T) {
	o := options(t)
	one, other := points.New(o), points.New(o)
	defer other.Close()
	round(t, one, at(0), disk, "m=1")
	err := other.Round(at(0), func(measured func(monitor.Ref, string)) { measured(disk, "m=2") })
	if err == nil || !strings.Contains(err.Error(), o.Path) || !strings.Contains(err.Error(), "--state") {
		t.Errorf("another one: %v", err)
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if got := series(t, other, at(0), disk, "m", 1); got != "1" {
		t.Errorf("when the first has closed it, the other reads %s", got)
	}
}

// A request that began before a reload must not open again what the module of now has to have for itself.
func TestWhatIsClosedStaysClosed(t *testing.T) {
	o := options(t)
	s := points.New(o)
	round(t, s, at(0), disk, "m=1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Of(disk, []string{"m"}, at(0)); err == nil {
		t.Error("it gives points")
	}
	next := points.New(o)
	defer next.Close()
	if got := series(t, next, at(0), disk, "m", 1); got != "1" {
		t.Errorf("the next one: %s", got)
	}
}

// A plugin that means harm gives other labels at each check. It takes its own room, and nobody else's; and the log says who it is.
func TestWhoBringsEverOtherMetricsReplacesItsOwn(t *testing.T) {
	o := options(t)
	o.Most = 4096 + chunk // 1,024 metrics
	o.Replaced = metrics.NewCounter("replaced")
	var said strings.Builder
	o.Log = slog.New(slog.NewTextHandler(&said, nil))
	s := points.New(o)
	hostile, late := monitor.Ref{Host: "web", Service: "hostile"}, monitor.Ref{Host: "late"}
	check := func(minute int) {
		var text strings.Builder
		fmt.Fprint(&text, "steady=1 ")
		for i := range points.Most - 1 {
			fmt.Fprintf(&text, "m%d_%d=1 ", minute, i)
		}
		round(t, s, at(minute), disk, "used=7")
		round(t, s, at(minute), hostile, text.String())
	}
	for minute := range 120 {
		check(minute)
		if minute == 60 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = points.New(o)
		}
	}
	round(t, s, at(120), late, "m=5")
	if kept, dropped := s.Metrics(); kept != points.Each+2 || dropped != 0 {
		t.Errorf("%d metrics are kept, %d dropped, want %d and none", kept, dropped, points.Each+2)
	}
	for _, one := range []struct {
		of    monitor.Ref
		label string
		want  string
	}{{disk, "used", "7 7 -"}, {hostile, "steady", "1 1 -"}, {late, "m", "- - 5"}, {hostile, "m0_0", "nothing"}} {
		if got := series(t, s, at(120), one.of, one.label, 3); got != one.want {
			t.Errorf("%s %s: got %s, want %s", one.of, one.label, got, one.want)
		}
	}
	if !strings.Contains(said.String(), "hostile") || strings.Count(said.String(), "ever other metrics") > 3 || o.Replaced.Get() == 0 {
		t.Errorf("%d were replaced; the log: %s", o.Replaced.Get(), said.String())
	}
	s.Close()
}

// What files of before do not say, whose a metric is, is known once it was measured again.
func TestAFileOfBeforeLearnsWhoseItsMetricsAre(t *testing.T) {
	o := options(t)
	s := points.New(o)
	round(t, s, at(0), disk, "m=1")
	s.Close()
	data, err := os.ReadFile(o.Path)
	if err != nil {
		t.Fatal(err)
	}
	clear(data[64:80])          // the salt
	clear(data[4096+28 : 4128]) // the object of the first record
	if err := os.WriteFile(o.Path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s = points.New(o)
	defer s.Close()
	round(t, s, at(5), disk, "m=2")
	for minute := 10; minute < 60; minute += 5 {
		var text strings.Builder
		for i := range points.Most {
			fmt.Fprintf(&text, "m%d_%d=1 ", minute, i)
		}
		round(t, s, at(minute), disk, text.String())
	}
	if kept, _ := s.Metrics(); kept != points.Each {
		t.Errorf("%d metrics are kept, want %d", kept, points.Each)
	}
}

// model is the obvious way to do the same: a map of columns, each of which is all that was written last in its place.
type model struct {
	columns map[int64]map[string]float32 // by place
	of      map[int64]int64              // the slot that a place is of
	slot    int64
	now     map[string][]float64
}

func (m *model) flush() {
	if len(m.now) == 0 {
		return
	}
	place := m.slot % points.Slots
	if m.of[place] != m.slot {
		m.of[place], m.columns[place] = m.slot, map[string]float32{}
	}
	for name, values := range m.now {
		sum := 0.0
		for _, v := range values {
			sum += v
		}
		m.columns[place][name] = float32(sum / float64(len(values)))
	}
	m.now = map[string][]float64{}
}

func (m *model) point(name string, slot int64) (float32, bool) {
	if values := m.now[name]; slot == m.slot && len(values) > 0 {
		sum := 0.0
		for _, v := range values {
			sum += v
		}
		return float32(sum / float64(len(values))), true
	}
	if m.of[slot%points.Slots] != slot {
		return 0, false
	}
	v, ok := m.columns[slot%points.Slots][name]
	return v, ok
}

func (m *model) round(now time.Time, values map[string]float64) {
	if slot := now.Unix() / 300; slot != m.slot {
		m.flush()
		m.slot = slot
	}
	for name, v := range values {
		m.now[name] = append(m.now[name], v)
	}
}

// differs says what the store has otherwise than the model; empty for nothing.
func (m *model) differs(t *testing.T, s *points.Store, now time.Time, names []string) string {
	t.Helper()
	all, err := s.Of(disk, names, now)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		for n := range int64(points.Slots) {
			slot := now.Unix()/300 - points.Slots + 1 + n
			want, ok := m.point(name, slot)
			if all[i] == nil && !ok {
				continue
			}
			if all[i] == nil || ok == math.IsNaN(float64(all[i][n])) || ok && all[i][n] != want {
				return fmt.Sprintf("%s, slot %d of %d: want %v %t, got %v", name, slot, now.Unix()/300, want, ok, all[i])
			}
		}
	}
	return ""
}

// Restarts, a clock that is set forward and back, and metrics that come and go: what is there is what a map would have.
func TestItIsAsAMapWouldBe(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 1))
		o := options(t)
		s := points.New(o)
		m := &model{columns: map[int64]map[string]float32{}, of: map[int64]int64{}, now: map[string][]float64{}}
		names := []string{"a", "b", "c", "a b", "d'd"}
		now := began
		for range 300 {
			switch r.IntN(40) {
			case 0:
				now = now.Add(time.Duration(r.IntN(40)-20) * time.Hour)
			case 1:
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				m.flush()
				s = points.New(o)
			default:
				now = now.Add(time.Duration(20+r.IntN(200)) * time.Second)
			}
			values, text := map[string]float64{}, ""
			for _, name := range names {
				if r.IntN(3) > 0 {
					v := float64(r.IntN(1000))
					values[name] = v
					text += fmt.Sprintf("'%s'=%v;;;; ", strings.ReplaceAll(name, "'", "''"), v)
				}
			}
			round(t, s, now, disk, text)
			m.round(now, values)
			if r.IntN(20) == 0 {
				if wrong := m.differs(t, s, now, names); wrong != "" {
					t.Fatalf("seed %d: %s", seed, wrong)
				}
			}
		}
		s.Close()
	}
}

// A process that is killed has not closed its file: the next one finds all but the minutes that were under way.
func TestAKillLosesTheLastMinutes(t *testing.T) {
	o := options(t)
	s := points.New(o)
	defer s.Close()
	round(t, s, at(0), disk, "m=1")
	round(t, s, at(5), disk, "m=2")
	round(t, s, at(10), disk, "m=3")
	killed := o
	killed.Path = filepath.Join(t.TempDir(), "copy")
	data, err := os.ReadFile(o.Path)
	if err == nil {
		err = os.WriteFile(killed.Path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	next := points.New(killed)
	defer next.Close()
	if got := series(t, next, at(10), disk, "m", 4); got != "- 1 2 -" {
		t.Errorf("got %s", got)
	}
}

// What a damaged file still has is right, or it is not there.
func TestADamagedFileBeginsAnewWhereItIsDamaged(t *testing.T) {
	const records, head, columns = 4096, 4096 + 8*4096, 4096 + 9*4096
	slot := int(at(0).Unix()/300) % points.Slots
	for name, c := range map[string]struct {
		damage func(data []byte) []byte
		want   string
	}{
		"the head":                 {func(data []byte) []byte { data[3] ^= 1; return data }, "nothing"},
		"another file":             {func([]byte) []byte { return []byte("hello") }, "nothing"},
		"empty":                    {func([]byte) []byte { return nil }, "nothing"},
		"cut in the first chunk":   {func(data []byte) []byte { return data[:100_000] }, "nothing"},
		"longer":                   {func(data []byte) []byte { return append(data, make([]byte, 5000)...) }, "- 1 2"},
		"the record":               {func(data []byte) []byte { data[records+5] ^= 1; return data }, "nothing"},
		"a point":                  {func(data []byte) []byte { data[columns+4096*slot+2] ^= 1; return data }, "- - 2"},
		"the checksum of a column": {func(data []byte) []byte { data[head+8*slot+4] ^= 1; return data }, "- - 2"},
		"the time of a column":     {func(data []byte) []byte { data[head+8*slot+1] ^= 1; return data }, "- - 2"},
	} {
		o := options(t)
		var said strings.Builder
		o.Log = slog.New(slog.NewTextHandler(&said, nil))
		s := points.New(o)
		round(t, s, at(0), disk, "m=1")
		round(t, s, at(5), disk, "m=2")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(o.Path)
		if err == nil {
			err = os.WriteFile(o.Path, c.damage(data), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		next := points.New(o)
		if got := series(t, next, at(5), disk, "m", 3); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		if anew := c.want == "nothing" && name != "empty"; anew && !strings.Contains(said.String(), "anew") {
			t.Errorf("%s: nobody is told: %s", name, said.String())
		}
		round(t, next, at(10), disk, "m=3")
		round(t, next, at(15), disk, "m=4")
		if got := series(t, next, at(15), disk, "m", 2); got != "3 4" {
			t.Errorf("%s: afterwards %s", name, got)
		}
		next.Close()
	}
}

func FuzzOpen(f *testing.F) {
	o := options(f)
	s := points.New(o)
	round(f, s, at(0), disk, "m=1 n=2")
	s.Close()
	data, err := os.ReadFile(o.Path)
	if err != nil {
		f.Fatal(err)
	}
	// Only what stands in front of the columns is fuzzed: the rest has a megabyte.
	f.Add(data[:4096+9*4096], uint16(0))
	f.Add(data[:4096+9*4096], uint16(7))
	f.Add([]byte("onbu points 1 300 288 1024\n"), uint16(3))
	f.Add([]byte{}, uint16(0))
	f.Fuzz(func(t *testing.T, head []byte, pages uint16) {
		o := options(t)
		o.Most = 4096 + 2*chunk
		if err := os.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(o.Path, head, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(o.Path, int64(len(head))+int64(pages)*4096); err != nil {
			t.Fatal(err)
		}
		s := points.New(o)
		defer s.Close()
		round(t, s, at(5), disk, "m=5 n=6")
		if got := series(t, s, at(5), disk, "m", 1); got != "5" {
			t.Errorf("got %s", got)
		}
		round(t, s, at(10), disk, "m=7")
		if info, err := os.Stat(o.Path); err != nil || info.Size() > o.Most {
			t.Errorf("%d bytes of %d, %v", info.Size(), o.Most, err)
		}
	})
}

// A round over 100,000 services, of which each has two metrics and a fifth was checked since the last one.
func BenchmarkRound(b *testing.B) {
	o := options(b)
	o.Most = 256 << 20
	s := points.New(o)
	defer s.Close()
	refs := make([]monitor.Ref, 100_000)
	for i := range refs {
		refs[i] = monitor.Ref{Host: fmt.Sprintf("host-%d.example.org", i/20), Service: fmt.Sprintf("service %d", i%20)}
	}
	some := func(from, step int) func(func(monitor.Ref, string)) {
		return func(measured func(monitor.Ref, string)) {
			for i := from; i < len(refs); i += step {
				measured(refs[i], "rta=0.023ms;100;500;0 pl=0%;20;60;0;100")
			}
		}
	}
	if err := s.Round(began, some(0, 1)); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		n++
		if err := s.Round(at(n), some(n%5, 5)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	s := points.New(options(b))
	defer s.Close()
	for n := range points.Slots {
		round(b, s, at(5*n), disk, "rta=0.023ms pl=0%")
	}
	for b.Loop() {
		if _, err := s.Of(disk, []string{"rta", "pl"}, at(24*60)); err != nil {
			b.Fatal(err)
		}
	}
}
