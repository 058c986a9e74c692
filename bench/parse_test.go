package bench

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProcessTimesAreReadWhateverTheName(t *testing.T) {
	// utime 120, stime 30, cutime 700, cstime 50; began at 3456 ticks.
	got, err := parseStat([]byte("42 (a ) (b) R 7 42 42 0 -1 4194560 9 0 0 0 120 30 700 50 20 0 8 0 3456 1 2"))
	want := process{pid: 42, parent: 7, began: 3456, own: 1500 * time.Millisecond, reaped: 7500 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"", "42", "42 (x) R 7", "x (x) R 7 42 42 0 -1 4194560 9 0 0 0 120 30 700 50 20 0 8 0 3456"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestOurOwnTreeBeginsWithUs(t *testing.T) {
	if got := tree(os.Getpid()); len(got) == 0 || got[0].pid != os.Getpid() || got[0].parent != os.Getppid() {
		t.Errorf("tree %+v", got)
	}
}

func TestMemoryIsInBytes(t *testing.T) {
	now, peak := parseMemory([]byte("Name:\tonbu\nVmHWM:\t  2048 kB\nVmRSS:\t    1024 kB\nThreads:\t7\n"))
	if now != 1<<20 || peak != 2<<20 {
		t.Errorf("now %d, peak %d", now, peak)
	}
}

func TestWaitingIsNotBusy(t *testing.T) {
	// user 100 nice 1 system 20, idle and iowait, irq 3 softirq 4, steal and guest
	if got := parseBusy([]byte("cpu  100 1 20 9000 800 3 4 500 60 0\ncpu0 1 1 1 1")); got != 1280*time.Millisecond {
		t.Errorf("busy %v, want 1.28s", got)
	}
}

const metricsText = `# TYPE onbu_checks_total counter
onbu_checks_total{module="tcp"} 100
onbu_checks_total{module="http"} 7
onbu_check_latency_seconds_bucket{module="tcp",vmrange="8.799e-04...1.000e-03"} 50
onbu_check_latency_seconds_bucket{module="tcp",vmrange="1.000e-02...1.136e-02"} 49
onbu_check_latency_seconds_bucket{module="tcp",vmrange="2.783e-01...3.162e-01"} 1
onbu_check_latency_seconds_sum{module="tcp"} 1.5
onbu_poller_running 12
go_goroutines 60
`

func TestMetricsAreReadByModule(t *testing.T) {
	m, err := parseMetrics(strings.NewReader(metricsText))
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(m.checks, map[string]int64{"tcp": 100, "http": 7}) || m.total() != 107 || m.running != 12 {
		t.Errorf("checks %v, running %d", m.checks, m.running)
	}
	h := m.latency["tcp"]
	for q, want := range map[float64]float64{0.5: 1e-3, 0.51: 1.136e-2, 0.99: 1.136e-2, 0.991: 0.3162, 1: 0.3162} {
		if got := h.quantile(q); got != want {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	for _, bad := range []string{"onbu_checks_total{module=\"tcp\"} x", `onbu_check_latency_seconds_bucket{module="tcp",vmrange="1"} 1`} {
		if _, err := parseMetrics(strings.NewReader(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestAHistogramSinceAReadingHasOnlyWhatCameSince(t *testing.T) {
	before := histogram{{0, 1, 5}, {1, 2, 7}}
	after := histogram{{1, 2, 9}, {0, 1, 5}, {2, 3, 1}}
	if got, want := after.since(before), (histogram{{1, 2, 2}, {2, 3, 1}}); !cmp.Equal(got, want, cmp.AllowUnexported(bucket{})) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := histogram(nil).quantile(0.99); got != 0 {
		t.Errorf("quantile of nothing: %v", got)
	}
}

func TestNagiosIsCountedByItsWorkers(t *testing.T) {
	got, err := parseWorkers("name=Core Worker 7;pid=7;jobs_running=2;jobs_started=100\nname=Core Worker 8;pid=8;jobs_running=0;jobs_started=50\n\n")
	if want := (checks{done: 148, inFlight: 2}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := parseWorkers("404: wproc: no such handler\n"); err == nil {
		t.Error("an error of the query handler was read as no checks")
	}
}

func TestTheStatusFileGivesLatencyAndStateOfWhatWasChecked(t *testing.T) {
	service := func(checked, latency, state string) string {
		return "servicestatus {\n\thost_name=h\n\thas_been_checked=" + checked + "\n\tcheck_latency=" + latency + "\n\tcurrent_state=" + state + "\n\t}\n\n"
	}
	text := "info {\n\tcreated=1\n\t}\n\nhoststatus {\n\thas_been_checked=1\n\tcheck_latency=9\n\t}\n\n" +
		service("1", "0.250", "0") + service("0", "0.000", "0") + service("1", "0.002", "2")
	late, bad, err := parseStatus(strings.NewReader(text))
	if err != nil || bad != 1 || !cmp.Equal(late, []float64{0.25, 0.002}) {
		t.Errorf("late %v, bad %d, %v", late, bad, err)
	}
	if got := nearest([]float64{1, 2, 3, 4}, 0.5); got != 2 {
		t.Errorf("median %v, want 2", got)
	}
}

func TestTheConfigurationHasEveryServiceTenToAHost(t *testing.T) {
	s := site{dir: t.TempDir(), interval: 10 * time.Second, ports: map[string]int{"x": 4711}, groups: []group{
		{load: load{name: "a", command: "check_a -p PORT", target: "x"}, services: 25}, {load: load{name: "b", command: "check_b"}, services: 3},
	}}
	if err := s.write(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(s.dir, "objects.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]int{
		" use of-a\n": 25, " use of-b\n": 3, " use every\n": 4, " check_interval 10\n": 1, " command_line check_a -p 4711\n": 1,
		" host_name a-3\n": 6, " address 127.1.0.4\n": 1, " host_name b-4\n": 4,
	} {
		if got := bytes.Count(b, []byte(what)); got != want {
			t.Errorf("%q is there %d times, want %d", what, got, want)
		}
	}
}

func TestAddressesStayInsideLoopback(t *testing.T) {
	if got := address(1).String(); got != "127.1.0.1" {
		t.Errorf("first address %s", got)
	}
	if got := address(maxServices / servicesOfHost); !got.IsLoopback() {
		t.Errorf("last address %s", got)
	}
}

func TestSharesFollowTheParts(t *testing.T) {
	s, err := find("hang")
	if err != nil {
		t.Fatal(err)
	}
	if healthy, hanging := s.share(s.loads[0], 12000), s.share(s.loads[1], 12000); healthy != 2000 || hanging != 10000 {
		t.Errorf("%d healthy, %d hanging", healthy, hanging)
	}
}

func TestAChildsOutputIsKeptByItsLastLines(t *testing.T) {
	l := newLines(targetListens)
	for range 30 {
		_, _ = l.Write([]byte("x\ny"))
	}
	_, _ = l.Write([]byte("\nlistening 80\nlistening 81\n"))
	if got := <-l.found; got != "80" {
		t.Errorf("port %s", got)
	}
	if got := strings.Split(l.last(), "\n"); len(got) != keptLines || got[0] != "yx" || got[keptLines-1] != "listening 81" {
		t.Errorf("kept %q", got)
	}
}

func FuzzParseStatus(f *testing.F) {
	f.Add("servicestatus {\nhas_been_checked=1\ncheck_latency=1\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		late, bad, _ := parseStatus(strings.NewReader(text))
		if bad > len(late) {
			t.Errorf("%d of %d are bad", bad, len(late))
		}
	})
}

func FuzzParseMetrics(f *testing.F) {
	f.Add(metricsText)
	f.Fuzz(func(t *testing.T, text string) {
		m, _ := parseMetrics(strings.NewReader(text))
		for _, h := range m.latency {
			h.quantile(0.99)
		}
	})
}
