package remotewrite_test

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/remotewrite"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
	"github.com/onbu/onbu/monitor/perfdata"
)

func build(t testing.TB, o modules.Outlook, set ...string) modules.Exporter {
	t.Helper()
	m := &monitor.Module{Name: "tsdb", Type: "remote_write", File: "x.cfg"}
	for i := 0; i < len(set); i += 2 {
		m.Settings = append(m.Settings, monitor.Setting{Name: set[i], Value: set[i+1]})
	}
	s := modules.Read(m)
	w := remotewrite.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}, o)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.(modules.Closer).Close() })
	return w
}

func at(seconds int) monitor.Time { return monitor.At(time.Unix(1_790_000_000+int64(seconds), 250e6)) }

func check(host, service, perfdata string, when monitor.Time) monitor.Brok {
	c := &monitor.Check{Ref: monitor.Ref{Host: host, Service: service}, Time: when + 1e9, Started: when, Perfdata: perfdata}
	return c.Brok()
}

func TestSeriesAsVictoriaMetricsKeepsThem(t *testing.T) {
	v := realpeer.StartVictoria(t)
	site := catalog.New([]*monitor.Inventory{{
		Hosts:    []monitor.Host{{Name: "web", Vars: []monitor.Var{{Name: "RACK", Value: "r7"}}}},
		Services: []monitor.Service{{Description: "disk /", Extra: &monitor.ServiceExtra{Vars: []monitor.Var{{Name: "TEAM", Value: "blue"}}}}},
	}})
	m := build(t, modules.Outlook{Catalog: func() *catalog.Catalog { return site }}, "url", "http://"+v.Addr+"/api/v1/write",
		"label", "site=fra", "label", "team=none", "label_vars", "_RACK, TEAM", "states", "1", "thresholds", "1", "base_units", "1")
	mute := check("web", "quiet", "a=1", at(1))
	mute.Check.NoPerfdata = true
	disk := check("web", "disk /", "'C:\\ it''s \"x\"'=3KB;10:20;@5;0; bad load=U \xff=1", at(0))
	disk.Check.State, disk.Check.Type, disk.Check.Attempt = monitor.Critical, monitor.Hard, 3
	disk.Check.Latency, disk.Check.Execution = 250*time.Millisecond, 2*time.Second
	if err := m.Export(t.Context(), []monitor.Brok{disk, {Kind: monitor.BrokState, Status: &monitor.Status{}}, mute}); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, s := range v.Stored(t, `{service="disk /"}`) {
		if s.Metric["host"] != "web" || s.Metric["site"] != "fra" || s.Metric["team"] != "blue" || s.Metric["rack"] != "r7" {
			t.Errorf("labels %v", s.Metric)
		}
		if !slices.Equal(s.Timestamps, []int64{1_790_000_000_250}) {
			t.Errorf("%v at %d", s.Metric, s.Timestamps)
		}
		got[s.Metric["__name__"]+" "+s.Metric["metric"]+" "+s.Metric["unit"]] = s.Values[0]
	}
	c := `C:\ it's "x"`
	want := map[string]float64{
		"onbu_perf " + c + " B": 3072, "onbu_perf_warn " + c + " B": 20480, "onbu_perf_crit " + c + " B": 5120, "onbu_perf_min " + c + " B": 0,
		"onbu_perf \uFFFD ": 1,
		"onbu_state  ":      2, "onbu_state_type  ": 1, "onbu_check_attempt  ": 3, "onbu_check_latency_seconds  ": 0.25, "onbu_check_execution_seconds  ": 2,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if quiet := v.Stored(t, `{__name__="onbu_perf",service="quiet"}`); len(quiet) != 0 {
		t.Errorf("process_perf_data 0: %v", quiet)
	}
}

func TestNamesOfMetricsMayBeNamesOfSeries(t *testing.T) {
	v := realpeer.StartVictoria(t)
	m := build(t, modules.Outlook{}, "url", "http://"+v.Addr+"/api/v1/write", "naming", "name", "prefix", "n_")
	if err := m.Export(t.Context(), []monitor.Brok{check("h", "", "'1 min/load'=0.5", at(0))}); err != nil {
		t.Fatal(err)
	}
	want := []realpeer.Series{{
		Metric: map[string]string{"__name__": "n_perf_1_min_load", "host": "h"}, Values: []float64{0.5}, Timestamps: []int64{at(0).Std().UnixMilli()},
	}}
	if diff := gocmp.Diff(want, v.Stored(t, `{host="h"}`)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Each value tells its series and its place in it, so that nothing can stand for anything else.
func TestEveryPointIsThereOnceAndInOrder(t *testing.T) {
	v := realpeer.StartVictoria(t)
	m := build(t, modules.Outlook{}, "url", "http://"+v.Addr+"/api/v1/write", "batch", "700", "senders", "4")
	const hosts, rounds = 100, 60
	sent := 0
	for r := range rounds {
		var broks []monitor.Brok
		for h := range hosts {
			b := check(fmt.Sprintf("h%03d", h), "load", fmt.Sprintf("a=%d b=%d", h*1000+r, -(h*1000+r)), at(r))
			for range perfdata.OfCheck(b.Check) {
				sent++
			}
			broks = append(broks, b)
		}
		if err := m.Export(t.Context(), broks); err != nil {
			t.Fatal(err)
		}
	}
	got := 0
	for _, s := range v.Stored(t, `{__name__="onbu_perf"}`) {
		var h int
		fmt.Sscanf(s.Metric["host"], "h%03d", &h)
		sign := map[string]float64{"a": 1, "b": -1}[s.Metric["metric"]]
		for r, v := range s.Values {
			if v != sign*float64(h*1000+r) || s.Timestamps[r] != at(r).Std().UnixMilli() {
				t.Fatalf("%v: value %d is %g at %d", s.Metric, r, v, s.Timestamps[r])
			}
		}
		got += len(s.Values)
	}
	if got != sent || sent != 2*hosts*rounds {
		t.Errorf("%d of %d points", got, sent)
	}
}
