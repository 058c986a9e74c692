package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// pages is the scenario of people who have the web pages open while everything is checked.
func pages() scenario {
	fails := slices.Repeat([]string{"0 fine"}, brokenOf)
	fails[firstBroken] = "2 broken"
	return scenario{
		name: "pages", about: "200 open web pages while checks are made; one service in fifty is CRITICAL",
		services: 100_000, interval: 20 * time.Second, window: 20 * time.Second, fixed: true, noPlugin: true,
		loads: []load{{name: "dummy", parts: 1, command: "$USER1$/check_dummy $ARG1$", module: "dummy", each: fails, eachOfAll: true}},
		apart: (*run).pages,
	}
}

// openPages are the streams of the pages that are open, each with how many there are of it. The problems are looked at with many filters.
func openPages() (paths []string) {
	add := func(n int, path func(i int) string) {
		for i := range n {
			paths = append(paths, "/ui/data/"+path(i))
		}
	}
	add(80, func(int) string { return "problems/live" })
	add(60, func(i int) string { return "problems/live?q=dummy-" + fmt.Sprint(i%30+1) })
	add(30, func(i int) string { return "object?" + url.Values{"host": {fmt.Sprint("dummy-", i+1)}}.Encode() })
	add(30, func(int) string { return "engine" })
	return paths
}

// pages measures the engine while nobody looks, and while many do.
func (r *run) pages(ctx context.Context) (*Figures, error) {
	var err error
	if r.without, err = r.onbu(ctx, "without", r.scenario.loads); err != nil || r.stopped {
		return r.without, err
	}
	r.scenario.beside = func(r *run, e *engine, _ *site) sideshow { return &looking{r: r, e: e} }
	f, err := r.onbu(ctx, "with", r.scenario.loads)
	for _, of := range []*Figures{r.without, f} {
		if of != nil {
			of.Errors -= (r.o.Services + brokenOf - 1 - firstBroken) / brokenOf
		}
	}
	return f, err
}

// looking is everybody who looks, and one page more whose updates are timed.
type looking struct {
	r             *run
	e             *engine
	events, bytes atomic.Int64
	open          atomic.Int64
	took          []float64 // ms from a command to the page
}

// turnEvery is how often somebody turns a service to UNKNOWN or back.
const turnEvery = 700 * time.Millisecond

// turned gives the service that is turned: one of those that are CRITICAL, of the last host that has one, whose name is a part of no other's.
func (l *looking) turned() (host, service string) {
	const hostsOf = brokenOf / servicesOfHost // one of so many has a broken service
	hosts := l.r.o.Services / servicesOfHost
	return fmt.Sprint("dummy-", hosts-(hosts-1)%hostsOf), fmt.Sprint("s", firstBroken)
}

func (l *looking) during(ctx context.Context, begun <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return nil
	case <-begun:
	}
	paths := openPages()
	errs := make([]error, len(paths)+1)
	var all sync.WaitGroup
	for i, path := range paths {
		all.Go(func() { errs[i] = l.page(ctx, path, func([]byte) {}) })
	}
	all.Go(func() { errs[len(paths)] = l.timed(ctx) })
	all.Wait()
	return errors.Join(errs...)
}

// page has one page open until ctx ends. each is called with the data of every event.
func (l *looking) page(ctx context.Context, path string, each func(data []byte)) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.e.url+path, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{}} // a connection of its own, as a browser elsewhere has
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return unless(ctx, fmt.Errorf("opening %s: %w", path, err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		return fmt.Errorf("opening %s: %s: %s", path, resp.Status, text)
	}
	l.open.Add(1)
	in := bufio.NewReaderSize(resp.Body, 1<<16)
	for breath := false; ; {
		line, err := in.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = slices.Clone(line), nil
			var rest []byte
			rest, err = in.ReadBytes('\n')
			line = append(line, rest...)
		}
		if err != nil {
			return unless(ctx, fmt.Errorf("%s ended: %w", path, err))
		}
		l.bytes.Add(int64(len(line)))
		if event, is := bytes.CutPrefix(line, []byte("event:")); is {
			breath = bytes.Equal(bytes.TrimSpace(event), []byte("breath")) // which brings nothing
		}
		if data, is := bytes.CutPrefix(line, []byte("data:")); is && !breath {
			l.events.Add(1)
			each(data)
		}
	}
}

// unless gives an error, or nil if it is the end of ctx that made it.
func unless(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// timed has a page open that shows one service, and turns that to UNKNOWN and back again and again while window lasts, but once at least:
// on a busy machine the first may take as long as a short window.
func (l *looking) timed(window context.Context) error {
	ctx, end := context.WithCancel(context.WithoutCancel(window))
	defer end()
	host, service := l.turned()
	seen := make(chan string, 16)
	ended := make(chan error, 1)
	go func() {
		ended <- l.page(ctx, "/ui/data/problems/live?"+url.Values{"q": {host}, "handled": {"all"}}.Encode(), func(data []byte) {
			for _, word := range []string{"turned away", "turned back"} {
				if bytes.Contains(data, []byte(word)) {
					select {
					case seen <- word:
					default: // nobody waits for it
					}
				}
			}
		})
	}()
	// Its own check would say something else before the page has looked.
	if err := l.give(ctx, fmt.Sprintf("[%d] DISABLE_SVC_CHECK;%s;%s", time.Now().Unix(), host, service)); err != nil {
		return unless(ctx, err)
	}
	for i := 0; pause(window, turnEvery) || i == 0; i++ {
		if err := l.turn(ctx, i, seen); err != nil {
			return unless(window, err)
		}
	}
	end()
	return <-ended
}

// give gives a command that is carried out in its time: 202 says that this is not yet.
func (l *looking) give(ctx context.Context, line string) error {
	return l.e.give(ctx, line, http.StatusOK, http.StatusAccepted)
}

// turn gives the service another problem, and times how long the page takes to have it.
func (l *looking) turn(ctx context.Context, i int, seen <-chan string) error {
	word, state := "turned away", 2
	if i%2 == 1 {
		word, state = "turned back", 3
	}
	host, service := l.turned()
	began := time.Now()
	if err := l.give(ctx, fmt.Sprintf("[%d] PROCESS_SERVICE_CHECK_RESULT;%s;%s;%d;%s", began.Unix(), host, service, state, word)); err != nil {
		return err
	}
	limit := time.After(10 * time.Second)
	for {
		select {
		case got := <-seen:
			if got != word {
				continue // of the time before
			}
			l.took = append(l.took, float64(time.Since(began).Microseconds())/1000)
			return nil
		case <-limit:
			return fmt.Errorf("a page did not show within 10 s that %s/%s is %q", host, service, word)
		case <-ctx.Done():
			return nil
		}
	}
}

func (l *looking) after(context.Context, *Figures) ([]string, error) {
	if len(l.took) == 0 {
		if l.r.stopped {
			return nil, nil
		}
		return nil, errors.New("no update was timed within the window; measure longer with --seconds")
	}
	slices.Sort(l.took)
	late := latenessOf(l.took)
	seconds := l.r.o.Window.Seconds()
	return []string{
		fmt.Sprintf("%d pages open; %.0f events and %.0f kB a second to all of them.", l.open.Load(), float64(l.events.Load())/seconds, float64(l.bytes.Load())/seconds/1000),
		fmt.Sprintf("From a command to the page that shows its effect: p50 %.0f ms, p99 %.0f, max %.0f, of %d.", late.P50/1000, late.P99/1000, late.Max/1000, len(l.took)),
		"The table's figures are with the pages open; those without are of the same run, right before.",
	}, nil
}
