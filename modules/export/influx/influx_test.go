package influx_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/influx"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

func build(t *testing.T, set ...string) (modules.Exporter, error) {
	t.Helper()
	m := &monitor.Module{Name: "tsdb", Type: "influx", File: "x.cfg"}
	for i := 0; i < len(set); i += 2 {
		m.Settings = append(m.Settings, monitor.Setting{Name: set[i], Value: set[i+1]})
	}
	s := modules.Read(m)
	site := catalog.New([]*monitor.Inventory{{Hosts: []monitor.Host{{Name: "web", Vars: []monitor.Var{{Name: "RACK", Value: "r 7"}}}}}})
	x := influx.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}, modules.Outlook{
		Catalog: func() *catalog.Catalog { return site }, View: func() *view.Snapshot { return nil },
	})
	t.Cleanup(func() { _ = x.(modules.Closer).Close() })
	return x, s.Err()
}

func check(host, service, perfdata string) monitor.Brok {
	when := monitor.At(time.Unix(1_790_000_000, 250e6))
	c := &monitor.Check{
		Ref: monitor.Ref{Host: host, Service: service}, Time: when + 1e9, Started: when, Perfdata: perfdata,
		State: monitor.Warning, Type: monitor.Hard, Attempt: 3, Latency: 250 * time.Millisecond, Execution: 2 * time.Second,
	}
	return c.Brok()
}

// far is a server that keeps what it was sent.
type far struct{ path, query, auth, body string }

func (f *far) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	f.path, f.query, f.auth = r.URL.Path, r.URL.RawQuery, r.Header.Get("Authorization")
	in := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		in, _ = gzip.NewReader(r.Body)
	}
	text, _ := io.ReadAll(in)
	f.body += string(text)
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name string
		brok monitor.Brok
		set  []string
		want string
	}{
		{"a service", check("web", "disk /", "/=3KB;10:20;@5;0;"), nil, `onbu_perf,host=web,metric=/,service=disk\ /,unit=KB value=3 1790000000250`},
		{"a host", check("web", "", "rta=0.5"), []string{"precision", "s"}, `onbu_perf,host=web,metric=rta value=0.5 1790000000`},
		{
			"all that there is", check("web", "disk", "/=3KB;10:20;@5;0;"),
			[]string{"thresholds", "1", "base_units", "1", "states", "1", "tag", "site=fra nk", "tag_vars", "_RACK", "measurement", "a b", "gzip", "0", "precision", "us"},
			`a\ b,host=web,metric=/,rack=r\ 7,service=disk,site=fra\ nk,unit=B value=3072,warn=20480,crit=5120,min=0 1790000000250000` + "\n" +
				`onbu_state,host=web,rack=r\ 7,service=disk,site=fra\ nk state=1i,state_type=1i,check_attempt=3i,latency=0.25,execution=2 1790000000250000`,
		},
		{"special characters", check("a,b=c d", "", `'C:\ x=y, z'=1e300`), nil, `onbu_perf,host=a\,b\=c\ d,metric=C:\ x\=y\,\ z value=1e+300 1790000000250`},
		{"a backslash at the end", check("w", "", `'C:\'=1`), nil, `onbu_perf,host=w,metric=C: value=1 1790000000250`},
		{"a backslash inside", check("w", "", `'a\b'=1`), nil, `onbu_perf,host=w,metric=a\b value=1 1790000000250`},
		{"a second line", check("w", "x\ny\r", "'a\xff'=1"), nil, `onbu_perf,host=w,metric=a\ ,service=x\ y\  value=1 1790000000250`},
		{"process_perf_data 0", func() monitor.Brok { b := check("w", "", "a=1"); b.Check.NoPerfdata = true; return b }(), nil, ""},
	} {
		f := &far{}
		s := httptest.NewServer(f)
		x, err := build(t, append(c.set, "url", s.URL)...)
		if err == nil {
			err = x.Export(t.Context(), []monitor.Brok{c.brok})
		}
		s.Close()
		if got := strings.TrimSuffix(f.body, "\n"); err != nil || got != c.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", c.name, err, got, c.want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		set  []string
		want string
	}{
		{nil, "/write?precision=ms"},
		{[]string{"database", "on bu", "retention_policy", "day", "precision", "us"}, "/write?db=on+bu&precision=u&rp=day"},
		{[]string{"org", "ops", "bucket", "onbu", "token", "x"}, "/api/v2/write?bucket=onbu&org=ops&precision=ms"},
	} {
		f := &far{}
		s := httptest.NewServer(f)
		x, err := build(t, append(c.set, "url", s.URL)...)
		if err == nil {
			err = x.Export(t.Context(), []monitor.Brok{check("h", "", "a=1")})
		}
		s.Close()
		if got := f.path + "?" + f.query; err != nil || got != c.want {
			t.Errorf("%q: %v, %s, want %s", c.set, err, got, c.want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		set  []string
		want string
	}{
		{[]string{"version", "2"}, "bucket: it is missing"},
		{[]string{"bucket", "b", "database", "d"}, "has a bucket instead"},
		{[]string{"version", "1", "org", "d"}, "has a database instead"},
		{[]string{"measurement", ""}, "must not be empty"},
		{[]string{"tag", "host=x"}, "there is a host already"},
		{[]string{"tag", "a b=x"}, "name=value"},
		{[]string{"precison", "s"}, "did you mean precision?"},
	} {
		if _, err := build(t, c.set...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.set, err, c.want)
		}
	}
}

func TestVictoriaMetricsReadsItAsItWasMeant(t *testing.T) {
	v := realpeer.StartVictoria(t)
	x, err := build(t, "url", "http://"+v.Addr, "thresholds", "1", "tag", "site=a=b, c")
	if err != nil {
		t.Fatal(err)
	}
	labels := []string{"plain", "a,b=c d", `C:\Program Files\x`, `"quoted"`, "ümläut €", "semi;colon", "it's", "{}[]", "$x"}
	var broks []monitor.Brok
	for i, l := range labels {
		broks = append(broks, check("web", "disk /", fmt.Sprintf("'%s'=%d;20;30;0;100", strings.ReplaceAll(l, "'", "''"), i)))
	}
	if err := x.Export(t.Context(), broks); err != nil {
		t.Fatal(err)
	}
	for i, l := range labels {
		found := false
		for _, s := range v.Stored(t, `{host="web"}`) {
			if s.Metric["metric"] == l && s.Metric["__name__"] == "onbu_perf_value" {
				found = s.Values[0] == float64(i) && s.Timestamps[0] == 1_790_000_000_250 && s.Metric["service"] == "disk /" && s.Metric["site"] == "a=b, c"
			}
		}
		if !found {
			t.Errorf("%q is not there as it was sent", l)
		}
	}
	if got := len(v.Stored(t, `{host="web"}`)); got != 5*len(labels) {
		t.Errorf("%d series, want %d", got, 5*len(labels))
	}
}
