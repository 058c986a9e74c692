package main_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/realpeer/carbon"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// make outage-carbon asks for ten minutes and 2,000 metrics a second.
var (
	carbonAway  = flag.Duration("carbon-away", 6*time.Second, "how long TestCarbonIsAway stops carbon")
	carbonHosts = flag.Int("carbon-hosts", 10, "how many hosts TestCarbonIsAway has, each with ten services of four metrics")
)

// metricsEach is how many metrics each service has, checkedEvery how often it is checked.
const (
	metricsEach  = 4
	checkedEvery = 2 * time.Second
)

// carbon is stopped and started again: every point of every check is in its files, and the checks went on.
func TestCarbonIsAway(t *testing.T) {
	t.Parallel()
	c := carbon.New(t, int(carbonAway.Seconds())+600)
	c.Start()
	site := openCluster(t)
	site.bus()
	o := serve(t, t.TempDir(), "run", graphiteConfig(t, c), "--bus", site.url, "--command-file", "-")
	conn, done, err := dial.Open(t.Context(), site.url, dial.Options{Name: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { done() })

	o.eventually("points are with carbon", func() error {
		if n := len(c.Metrics()); n < *carbonHosts*10*metricsEach {
			return fmt.Errorf("%d metrics", n)
		}
		return nil
	})
	before := time.Now()
	pause(min(*carbonAway, time.Minute))
	stopped := time.Now()
	c.Stop()
	pause(*carbonAway)
	started := time.Now()
	c.Start()
	all, bytes := allChecks(t, conn)
	points := secondsOf(all)
	within(t, patience+*carbonAway, "every point is with carbon", func() error { return missingPoints(c, points) })

	n := 0
	for _, seconds := range points {
		n += metricsEach * len(seconds)
	}
	t.Logf("%d checks, %d points, %.0f metrics/s; away for %s; all there %s after its return", len(all), n,
		float64(*carbonHosts*10*metricsEach)/checkedEvery.Seconds(), started.Sub(stopped).Round(time.Second), time.Since(started).Round(time.Second))
	t.Logf("a check takes %d bytes in the stream", bytes/int64(len(all)))
	t.Logf("lateness of checks before:     %s", lateness(all, before, stopped))
	t.Logf("lateness while carbon is away: %s", lateness(all, stopped, started))
	if dropped, err := o.metric("onbu_perf_broks_dropped_total"); err != nil || dropped != 0 {
		t.Errorf("%v checks did not come to the stream: %v", dropped, err)
	}
	exports, err := o.Exports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range exports {
		for _, s := range x.Streams {
			if s.Lost != 0 {
				t.Errorf("%s lost %d messages of %s", x.Module, s.Lost, s.Stream)
			}
		}
	}
	interrupt(o)
}

func graphiteConfig(t *testing.T, c *carbon.Carbon) string {
	t.Helper()
	cfg := newConfig(t)
	cfg.Command("measure", `/usr/lib/nagios/plugins/check_dummy 0 'fine|a=1 b=2.5s c=3% d_4=4'`)
	for i := range *carbonHosts {
		host := fmt.Sprintf("h%03d", i)
		cfg.host(host)
		for n := range 10 {
			cfg.service(host, fmt.Sprint("s", n), "measure", fmt.Sprint("check_interval ", checkedEvery.Seconds()))
		}
	}
	fmt.Fprintf(&cfg.objects, "define module {\n module_name graphite\n module_type graphite_perfdata\n host 127.0.0.1\n port %d\n from start\n}\n", c.Line)
	return cfg.write()
}

// allChecks gives the checks of the stream, up to now, and how many bytes they take there.
func allChecks(t *testing.T, conn bus.Conn) (all []monitor.Check, bytes int64) {
	t.Helper()
	x, err := conn.Extent(t.Context(), bus.PERF, 0)
	if err != nil || x.First != 1 {
		t.Fatalf("%+v: %v", x, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var d wire.Decoder
	err = conn.Read(ctx, bus.Cursor{Stream: bus.PERF}, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			if m.Seq <= x.Last {
				all, err = wire.DecodeBatch(&d, m.Data, all)
			}
			if err != nil {
				return err
			}
			if m.Seq >= x.Last {
				cancel()
			}
		}
		return nil
	})
	if ctx.Err() == nil {
		t.Fatal(err)
	}
	return all, x.Bytes
}

// secondsOf gives the points that checks have: the path of their service, and a second.
func secondsOf(all []monitor.Check) map[string]map[int64]bool {
	points := map[string]map[int64]bool{}
	for i := range all {
		if c := &all[i]; c.Service != "" {
			path := c.Host + "." + c.Service
			if points[path] == nil {
				points[path] = map[int64]bool{}
			}
			points[path][int64(c.Started)/1e9] = true
		}
	}
	return points
}

func missingPoints(c *carbon.Carbon, points map[string]map[int64]bool) error {
	missing, n := 0, 0
	for path, seconds := range points {
		for metric, value := range map[string]float64{"a": 1, "b": 2.5, "c": 3, "d.4": 4} {
			there := map[int64]float64{}
			for _, p := range c.Points(path + "." + metric) {
				there[p.At] = p.Value
			}
			for at := range seconds {
				if n++; there[at] != value {
					missing++
				}
			}
		}
	}
	if missing > 0 || n == 0 {
		return fmt.Errorf("%d of %d points are missing", missing, n)
	}
	return nil
}

// lateness says how late checks began that were applied in a time.
func lateness(all []monitor.Check, from, to time.Time) string {
	var late []time.Duration
	for i := range all {
		if at := all[i].Time.Std(); all[i].CheckType == monitor.Active && at.After(from) && at.Before(to) {
			late = append(late, all[i].Latency)
		}
	}
	if len(late) == 0 {
		return "no check"
	}
	slices.Sort(late)
	at := func(share float64) time.Duration {
		return late[int(share*float64(len(late)-1))].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("median %s, 99 %% %s, worst %s of %d checks", at(0.5), at(0.99), at(1), len(late))
}
