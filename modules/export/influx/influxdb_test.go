package influx_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor"
)

// influxd starts InfluxDB 1 and gives what asks it.
func influxd(t *testing.T) (addr string, ask func(query string) string) {
	t.Helper()
	addr = fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t))
	dir := realpeer.Dir(t)
	conf := realpeer.File(t, dir, "influxdb.conf", fmt.Sprintf(`
reporting-disabled = true
bind-address = "127.0.0.1:%d"
[meta]
dir = %q
[data]
dir = %q
wal-dir = %q
[http]
bind-address = %q
log-enabled = false
`, realpeer.Port(t), dir+"/meta", dir+"/data", dir+"/wal", addr))
	p := realpeer.Start(t, realpeer.Program(t, "influxd", "influxdb"), "-config", conf)
	p.Listening(t, addr)
	return addr, func(query string) string {
		t.Helper()
		a, err := http.PostForm("http://"+addr+"/query?db=onbu&epoch=ms", url.Values{"q": {query}})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		var said struct {
			Results []struct{ Series []struct{ Values [][]any } }
		}
		if err := json.NewDecoder(a.Body).Decode(&said); err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, r := range said.Results {
			for _, s := range r.Series {
				for _, v := range s.Values {
					lines = append(lines, strings.Trim(strings.TrimSuffix(fmt.Sprintln(v[1:]...), "\n"), "[]"))
				}
			}
		}
		return strings.Join(lines, "\n")
	}
}

func TestInfluxDBReadsItAsItWasMeant(t *testing.T) {
	addr, ask := influxd(t)
	x, err := build(t, "url", "http://"+addr, "database", "onbu", "states", "1", "senders", "1")
	if err != nil {
		t.Fatal(err)
	}
	labels := []string{"plain", "a,b=c d", `C:\Program Files\x`, `"quoted"`, "ümläut €", "semi;colon", "it's", "{}[]", "$x"}
	var broks []monitor.Brok
	for i, l := range labels {
		b := check("web", fmt.Sprint("s", i), fmt.Sprintf("'%s'=%d", strings.ReplaceAll(l, "'", "''"), i))
		broks = append(broks, b)
	}
	if err := x.Export(t.Context(), broks); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("without the database: %v, want that it is tried again", err)
	}
	ask("CREATE DATABASE onbu")
	if err := x.Export(t.Context(), broks); err != nil {
		t.Fatal(err)
	}
	for i, l := range labels {
		want := fmt.Sprintf("%s %d", l, i)
		if got := ask(fmt.Sprintf(`SELECT metric, value FROM onbu_perf WHERE host='web' AND service='s%d'`, i)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := ask(`SELECT check_attempt, state, state_type FROM onbu_state WHERE service='s3'`); got != "3 1 1" {
		t.Errorf("state: got %q", got)
	}
}

// A field that was a number of another kind before is refused by InfluxDB for ever: the points around it are not held up.
func TestAPointThatInfluxDBDoesNotWantIsPassedOver(t *testing.T) {
	addr, ask := influxd(t)
	ask("CREATE DATABASE onbu")
	a, err := http.Post("http://"+addr+"/write?db=onbu", "text/plain", strings.NewReader(`onbu_perf,host=h value="text" 1790000000250000000`))
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	x, err := build(t, "url", "http://"+addr, "database", "onbu", "measurement", "onbu_perf")
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Export(t.Context(), []monitor.Brok{check("h", "", "a=1 b=2")}); err != nil {
		t.Errorf("it holds everything up: %v", err)
	}
}
