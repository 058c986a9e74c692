package console

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor/api"
)

// Payloads gives the payloads for a host, or for all if it is empty. where is one of broker's words, or empty for all.
func (c *Client) Payloads(ctx context.Context, where, host string) (*api.Payloads, error) {
	q := url.Values{"where": {cmp.Or(where, "all")}}
	if host != "" {
		q.Set("host", host)
	}
	p := &api.Payloads{}
	err := c.get(ctx, "/api/piggyback?"+q.Encode(), p)
	if err == nil && p.Error != "" {
		err = fmt.Errorf("%s could not read all: %s", c.Addr, p.Error)
	}
	slices.SortFunc(p.Payloads, func(a, b api.Payload) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Source, b.Source))
	})
	return p, err
}

// Known gives the hosts that there are, here and at other sites.
func (c *Client) Known(ctx context.Context) (*api.Known, error) {
	k := &api.Known{}
	return k, c.get(ctx, "/api/piggyback/hosts", k)
}

// PayloadData gives the payloads for a host as they came, of one source unless that is empty.
func (c *Client) PayloadData(ctx context.Context, host, source string) (io.ReadCloser, error) {
	q := url.Values{"host": {host}}
	if source != "" {
		q.Set("source", source)
	}
	return c.raw(ctx, "/api/piggyback/data?"+q.Encode())
}

// AgentOutput gives what the agent of a host said last.
func (c *Client) AgentOutput(ctx context.Context, host string) (io.ReadCloser, error) {
	return c.raw(ctx, "/api/agent/output?"+url.Values{"host": {host}}.Encode())
}

func (c *Client) raw(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Addr+path, nil)
	if err != nil {
		return nil, err
	}
	return c.ask(&http.Client{Timeout: time.Minute}, req)
}

// MailLine says in a line how it stands with payloads.
func MailLine(p *api.Payloads, s Style) string {
	targets, waiting, orphans := map[string]bool{}, map[string]int{}, map[string]bool{}
	here, size, oldest := 0, 0, p.Now
	for i := range p.Payloads {
		switch one := &p.Payloads[i]; one.Where {
		case api.Here:
			here, size, oldest = here+1, size+one.Bytes, min(oldest, one.At)
			targets[one.Target] = true
		case api.Waiting:
			waiting[one.To]++
		case api.Orphan:
			orphans[one.Target] = true
		}
	}
	text := "no payloads"
	if here > 0 {
		text = fmt.Sprintf("%s for %s, %s, the oldest %s old", count(here, "payload"), count(len(targets), "host"), bytesText(size), short(since(oldest, p.Now)))
	}
	return text + "; " + count(len(p.Sources), "source") + "; " + count(len(orphans), "orphan") + "; " + queuesText(waiting, s)
}

// mail is the line of the headline about payloads; empty where there are none.
func mail(m *api.Mail, s Style) string {
	if m.Sources+m.Orphans+len(m.Waiting) == 0 {
		return ""
	}
	return "piggyback: " + count(m.Sources, "source") + ", " + count(m.Orphans, "orphan") + ", " + queuesText(m.Waiting, s)
}

// queuesText says what waits for the way to other sites. It should be nothing.
func queuesText(waiting map[string]int, s Style) string {
	if len(waiting) == 0 {
		return s.paint("OK", "queues empty")
	}
	var parts []string
	for _, site := range slices.Sorted(maps.Keys(waiting)) {
		parts = append(parts, fmt.Sprintf("%s for site %s", count(waiting[site], "payload"), Shown(site)))
	}
	return s.paint("WARNING", "waiting: "+strings.Join(parts, ", "))
}

// bytesText gives a size in its unit.
func bytesText(n int) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.0f MB", float64(n)/1e6)
}

func since(unix, now float64) time.Duration { return time.Duration((now - unix) * 1e9) }

// Shown is a name from outside as it may stand on a terminal: quoted, with escapes, if anything in it does not show.
func Shown(name string) string {
	if printable(name) == name {
		return name
	}
	return strconv.Quote(name)
}

func shownAll(names []string) string {
	shown := make([]string, len(names))
	for i, n := range names {
		shown[i] = Shown(n)
	}
	return strings.Join(shown, ", ")
}

// PayloadTable draws payloads that are sorted.
func PayloadTable(w io.Writer, p *api.Payloads, s Style) {
	g := grid{head: []string{"TARGET", "SOURCE", "SITE", "AGE", "SIZE", "STATE", "SAYS"}, state: 5, right: []bool{3: true, 4: true}}
	for i := range p.Payloads {
		one := &p.Payloads[i]
		g.add(Shown(one.Target), Shown(one.Source), Shown(cmp.Or(one.Site, "-")), short(since(one.At, p.Now)), bytesText(one.Bytes), stateOf(one), says(one))
	}
	g.draw(w, s)
}

// stateOf is the state by the policies; for one that is elsewhere, where.
func stateOf(p *api.Payload) string {
	if p.Where == api.Here {
		return p.State
	}
	return p.Where
}

func says(p *api.Payload) string {
	switch {
	case p.Where == api.Waiting:
		return "for site " + Shown(p.To)
	case p.Where == api.Orphan:
		return "no host has that name"
	}
	return p.Text
}

// HostPayloads draws all about the payloads for one host: the table, what is in each, and its services with their origin.
func HostPayloads(w io.Writer, p *api.Payloads, services []api.Object, s Style) {
	PayloadTable(w, p, s)
	fmt.Fprintln(w)
	for i := range p.Payloads {
		one := &p.Payloads[i]
		fmt.Fprintf(w, "  %s calls it %s and says: %s\n", Shown(one.Source), shownAll(one.Names), shownAll(one.Sections))
	}
	g := grid{head: []string{"SERVICE", "STATE", "ORIGIN", "OUTPUT"}, state: 1}
	for i := range services {
		if o := &services[i]; o.Module == "agent" {
			output, _, _ := strings.Cut(o.Output, "\n")
			g.add(o.Service, o.State, origin(o), output)
		}
	}
	if len(g.rows) > 0 {
		fmt.Fprintln(w)
		g.draw(w, s)
	}
}

// origin is whose output a service was computed from: the check module says it in the long output.
func origin(o *api.Object) string {
	for line := range strings.Lines(o.LongOutput) {
		if from, ok := strings.CutPrefix(line, "from the output of "); ok {
			if at := strings.LastIndex(from, ", "); at > 0 {
				from = from[:at]
			}
			return Shown(from)
		}
	}
	return "its own agent"
}

// Conflict is a host that several names in outputs became.
type Conflict struct {
	Host  string       `json:"host"`
	Names []SpokenName `json:"names"`
}

// SpokenName is what a source calls a host, and when its payload was fetched last, in Unix seconds.
type SpokenName struct {
	Name   string  `json:"name"`
	Source string  `json:"source"`
	At     float64 `json:"at"`
}

// Conflicts finds the names that became one host, sorted by host; never nil.
func Conflicts(p *api.Payloads) []Conflict {
	type spoken struct{ target, source, name string }
	at := map[spoken]float64{}
	found := piggyback.Conflicts(func(yield func(piggyback.Pair) bool) {
		for i := range p.Payloads {
			one := &p.Payloads[i]
			for _, name := range one.Names {
				at[spoken{one.Target, one.Source, name}] = one.At
			}
			if !yield(piggyback.Pair{Target: one.Target, Source: one.Source, Raw: strings.Join(one.Names, "\n")}) {
				return
			}
		}
	})
	all := []Conflict{}
	for _, c := range found {
		one := Conflict{Host: c.Target}
		for i, name := range c.Names {
			for _, source := range c.Sources[i] {
				one.Names = append(one.Names, SpokenName{name, source, at[spoken{c.Target, source, name}]})
			}
		}
		all = append(all, one)
	}
	return all
}

// DrawConflicts prints each host with the names that became it; now is in Unix seconds.
func DrawConflicts(w io.Writer, all []Conflict, now float64) {
	for _, c := range all {
		fmt.Fprintf(w, "%s is\n", Shown(c.Host))
		for _, n := range c.Names {
			fmt.Fprintf(w, "  %s from %s, %s ago\n", Shown(n.Name), Shown(n.Source), short(since(n.At, now)))
		}
	}
}
