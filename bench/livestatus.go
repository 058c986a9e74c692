package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// One service in brokenOf is CRITICAL; firstBroken is the first one.
const (
	brokenOf    = 50
	firstBroken = 7
)

// dashboards is the scenario of people and programs that look at everything while it is checked.
func dashboards() scenario {
	fails := slices.Repeat([]string{"0 fine"}, brokenOf)
	fails[firstBroken] = "2 broken"
	return scenario{
		name: "livestatus", about: "dashboards that ask over Livestatus while checks are made; one service in fifty is CRITICAL",
		services: 100_000, interval: 20 * time.Second, window: 15 * time.Second, fixed: true, noPlugin: true,
		loads: []load{{name: "dummy", parts: 1, command: "$USER1$/check_dummy $ARG1$", module: "dummy", each: fails, eachOfAll: true}},
		apart: (*run).dashboards,
	}
}

// dashboards measures the engine without the module, and with it while it is asked.
func (r *run) dashboards(ctx context.Context) (*Figures, error) {
	var err error
	if r.without, err = r.onbu(ctx, "without", r.scenario.loads); err != nil || r.stopped {
		return r.without, err
	}
	socket := filepath.Join(r.dir, "live")
	r.modules = [][]string{{"module_name bench", "module_type livestatus", "socket " + socket}}
	r.scenario.beside = func(r *run, _ *engine, _ *site) sideshow { return &asking{r: r, socket: socket} }
	f, err := r.onbu(ctx, "with", r.scenario.loads)
	for _, of := range []*Figures{r.without, f} {
		if of != nil {
			of.Errors -= (r.o.Services + brokenOf - 1 - firstBroken) / brokenOf
		}
	}
	return f, err
}

// asking asks what dashboards ask, as several of them that are always open.
type asking struct {
	r      *run
	socket string
	mu     sync.Mutex
	took   map[string][]float64 // ms, by question
	first  map[string]int       // bytes of the first answer
}

const (
	askers   = 4
	askEvery = 200 * time.Millisecond
)

// question is a query with a name for people.
type question struct{ name, text string }

// questions are what a page with problems, an overview, a list, a page of a host and LMD ask for.
func questions(now time.Time) []question {
	return []question{
		{"problems, the latest 100", "GET services\nColumns: host_name description state plugin_output last_check last_state_change acknowledged\nFilter: state != 0\nSort: last_state_change desc\nLimit: 100\n"},
		{"services counted by state", "GET services\nStats: state = 0\nStats: state = 1\nStats: state = 2\nStats: state = 3\n"},
		{"overview of 12 counts", "GET services\n" + overview()},
		{"services by host and name, 100 of them", "GET services\nColumns: host_name description state\nSort: host_name asc\nSort: description asc\nLimit: 100\nOffset: 5000\n"},
		{"one host with its services", "GET services\nColumns: description state plugin_output perf_data last_check contacts\nFilter: host_name = dummy-42\n"},
		{"what LMD asks for: changed in 2 s", "GET services\nColumns: host_name description state state_type plugin_output perf_data last_check next_check latency execution_time acknowledged scheduled_downtime_depth last_update\n" +
			"Filter: last_update >= " + strconv.FormatInt(now.Unix()-2, 10) + ".000000\n"},
		{"hosts with the counts of their services", "GET hosts\nColumns: name state num_services_ok num_services_crit worst_service_state\nFilter: worst_service_state != 0\nLimit: 100\n"},
	}
}

// overview has counts as Thruk's tactical overview has them.
func overview() string {
	var b strings.Builder
	for state := range 4 {
		for _, more := range []string{"acknowledged = 0", "acknowledged = 1", "host_state != 0"} {
			fmt.Fprintf(&b, "Stats: state = %d\nStats: %s\nStatsAnd: 2\n", state, more)
		}
	}
	return b.String()
}

func (a *asking) during(ctx context.Context, begun <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return nil
	case <-begun:
	}
	a.took, a.first = map[string][]float64{}, map[string]int{}
	var wg sync.WaitGroup
	errs := make([]error, askers)
	for i := range askers {
		wg.Go(func() { errs[i] = a.dashboard(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// dashboard asks one question after the other on one connection until ctx ends.
func (a *asking) dashboard(ctx context.Context) error {
	c, err := net.Dial("unix", a.socket)
	if err != nil {
		return fmt.Errorf("opening livestatus: %w", err)
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	in := bufio.NewReaderSize(c, 1<<20)
	for {
		for _, q := range questions(time.Now()) {
			began := time.Now()
			n, err := ask(c, in, q.text)
			switch {
			case ctx.Err() != nil:
				return nil
			case err != nil:
				return fmt.Errorf("livestatus, %s: %w", q.name, err)
			}
			a.note(q.name, n, time.Since(began))
			if !pause(ctx, askEvery) {
				return nil
			}
		}
	}
}

func (a *asking) note(name string, n int, took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.took[name] == nil {
		a.first[name] = n
	}
	a.took[name] = append(a.took[name], float64(took.Microseconds())/1000)
}

// ask asks one question and reads the answer to its end.
func ask(c io.Writer, in *bufio.Reader, question string) (bytes int, err error) {
	if _, err := io.WriteString(c, question+"OutputFormat: json\nResponseHeader: fixed16\nKeepAlive: on\n\n"); err != nil {
		return 0, err
	}
	header := make([]byte, 16)
	if _, err := io.ReadFull(in, header); err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(header[4:15])))
	if err != nil {
		return 0, fmt.Errorf("header %q: %w", header, err)
	}
	if code := string(header[:3]); code != "200" {
		text, _ := io.ReadAll(io.LimitReader(in, int64(min(n, 200))))
		return 0, fmt.Errorf("answer %s: %s", code, text)
	}
	_, err = io.CopyN(io.Discard, in, int64(n))
	return n, err
}

func (a *asking) after(_ context.Context, f *Figures) ([]string, error) {
	var notes []string
	for _, q := range questions(time.Now()) {
		took := a.took[q.name]
		if len(took) == 0 {
			continue
		}
		slices.Sort(took)
		l := latenessOf(took)
		notes = append(notes, fmt.Sprintf("%-42s p50 %6.1f ms, p99 %6.1f, max %6.1f; asked %d times, %s bytes",
			q.name, l.P50/1000, l.P99/1000, l.Max/1000, len(took), thousands(a.first[q.name])))
	}
	notes = append(notes, fmt.Sprintf("%s bytes a service without the module, %s with it, counted like that; LMD's own page says 7,000 an object, beside the engine that it asks.",
		thousands(int(a.r.without.BytesPerService)), thousands(int(f.BytesPerService))))
	return notes, nil
}
