package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

const watchEvery = time.Second

// status is onbu status.
func status(ctx context.Context, e *env) error {
	addr := e.flags.String("http", defaultHTTP, "address of a broker's API")
	asJSON := e.flags.Bool("json", false, "print JSON")
	problems := e.flags.Bool("problems", false, "show only what is not UP, OK or PENDING")
	live := e.flags.Bool("watch", false, "show it anew every second until Ctrl-C")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	q := url.Values{}
	if *problems {
		q.Set("problems", "1")
	}
	if *live {
		watch(ctx, e.stdout, *addr, q)
		return nil
	}
	if *asJSON {
		return statusJSON(ctx, e.stdout, *addr, q)
	}
	return draw(ctx, e.stdout, *addr, q)
}

func statusJSON(ctx context.Context, w io.Writer, addr string, q url.Values) error {
	c := console.Client{Addr: addr}
	hosts, err := c.Objects(ctx, "hosts", q)
	if err != nil {
		return err
	}
	services, err := c.Objects(ctx, "services", q)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(map[string]any{"hosts": hosts, "services": services})
}

// draw writes the headline and the table once.
func draw(ctx context.Context, w io.Writer, addr string, q url.Values) error {
	c := console.Client{Addr: addr}
	hosts, err := c.Objects(ctx, "hosts", q)
	if err != nil {
		return err
	}
	services, err := c.Objects(ctx, "services", q)
	if err != nil {
		return err
	}
	sum, err := c.Summary(ctx)
	if err != nil {
		return err
	}
	s := style(w)
	fmt.Fprintf(w, "Onbu at %s\n%s\n", addr, console.Headline(sum, s))
	if is, err := c.Bus(ctx); err == nil { // an older broker does not say
		console.BusLines(w, &is, s)
	}
	fmt.Fprintln(w)
	if q.Has("problems") && len(hosts)+len(services) == 0 {
		fmt.Fprintln(w, "no problems")
		return nil
	}
	console.Table(w, hosts, services, s)
	return nil
}

// watch shows the table of hosts and services again and again.
func watch(ctx context.Context, w io.Writer, addr string, q url.Values) {
	repeat(ctx, w, func(w io.Writer) error { return draw(ctx, w, addr, q) })
}

// repeat draws something again and again: in place on a terminal, else one below the other.
func repeat(ctx context.Context, w io.Writer, draw func(io.Writer) error) {
	terminal := isTerminal(w)
	every := watchEvery
	if !terminal {
		every *= 10
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	if terminal {
		fmt.Fprint(w, "\x1b[?25l\x1b[2J")
		defer fmt.Fprint(w, "\x1b[?25h\n")
	}
	for {
		var buf bytes.Buffer
		if err := draw(&screen{Buffer: &buf, of: w}); err != nil && ctx.Err() == nil {
			fmt.Fprintln(&buf, err)
		}
		if ctx.Err() != nil {
			return
		}
		if terminal {
			// Home, then each line cleared to its end, then everything below.
			fmt.Fprint(w, "\x1b[H", strings.ReplaceAll(fit(buf.String(), w), "\n", "\x1b[K\n"), "\x1b[J")
		} else {
			fmt.Fprintln(w, buf.String())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// screen is a buffer that is drawn as for the terminal behind it.
type screen struct {
	*bytes.Buffer
	of io.Writer
}

// fit cuts a text to the terminal's height.
func fit(text string, w io.Writer) string {
	f, ok := w.(*os.File)
	if !ok {
		return text
	}
	_, height, err := term.GetSize(int(f.Fd()))
	lines := strings.SplitAfter(text, "\n")
	if err != nil || height < 4 || len(lines) <= height {
		return text
	}
	kept := max(height-2, 1)
	return strings.Join(lines[:kept], "") + fmt.Sprintf("… and %d lines more\n", len(lines)-kept-1)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func style(w io.Writer) console.Style {
	s := console.Style{Now: time.Now()}
	if sc, ok := w.(*screen); ok {
		w = sc.of
	}
	if f, ok := w.(*os.File); ok && isTerminal(w) {
		s.Width, _, _ = term.GetSize(int(f.Fd()))
		s.Colour = os.Getenv("NO_COLOR") == ""
	}
	return s
}

// explain is onbu explain.
func explain(ctx context.Context, e *env) error {
	addr := e.flags.String("http", defaultHTTP, "address of a broker's API")
	asJSON := e.flags.Bool("json", false, "print JSON")
	words, err := e.parse(1, "HOST or HOST/SERVICE")
	if err != nil {
		return err
	}
	x, err := find(ctx, &console.Client{Addr: *addr}, words[0])
	if err != nil {
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(x)
	}
	console.Explain(e.stdout, x, style(e.stdout))
	return nil
}

// find explains what a word names: a host, or a host and a service with a slash between. As both may have slashes in
// their names, the daemon is asked for one reading after the other; when it knows none, the error is that of the usual
// one, the cut at the first slash.
func find(ctx context.Context, c *console.Client, word string) (*api.Explanation, error) {
	x, err := c.Explain(ctx, word, "")
	for i, cuts := 0, 0; i < len(word) && unknown(err); i++ {
		if word[i] != '/' {
			continue
		}
		there, other := c.Explain(ctx, word[:i], word[i+1:])
		if cuts++; cuts == 1 || !unknown(other) {
			x, err = there, other
		}
	}
	return x, err
}

// unknown says that the daemon knows no object of that name.
func unknown(err error) bool {
	refusal, ok := errors.AsType[*console.Refusal](err)
	return ok && refusal.Code == http.StatusNotFound
}

// giveCommand is onbu command.
func giveCommand(ctx context.Context, e *env) error {
	addr := e.flags.String("http", defaultHTTP, "address of a receiver's API")
	words, err := e.parse(1, "one command in quotes, such as 'SCHEDULE_FORCED_HOST_CHECK;web1;0'")
	if err != nil {
		return err
	}
	note, err := (&console.Client{Addr: *addr}).Command(ctx, words[0])
	if err != nil {
		return err
	}
	if note == "" {
		note = "done"
	}
	fmt.Fprintln(e.stdout, note)
	return nil
}
