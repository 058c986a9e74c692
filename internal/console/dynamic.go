package console

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// Dynamics asks for the hosts that rules made of payloads.
func (c *Client) Dynamics(ctx context.Context) (*api.Dynamics, error) {
	d := &api.Dynamics{}
	return d, c.get(ctx, "/api/piggyback/dynamic", d)
}

// DynamicTable draws the hosts that rules made of payloads, and says which ones they did not make, and why.
func DynamicTable(w io.Writer, d *api.Dynamics, now time.Time, s Style) {
	refused := 0
	for i := range d.Refusals {
		refused += d.Refusals[i].Hosts
	}
	fmt.Fprintf(w, "%s made by rules, %d refused; %d made and %d gone since the first one\n", count(len(d.Hosts), "host"), refused, d.Made, d.Gone)
	if len(d.Hosts) > 0 {
		drawDynamic(w, d, now, s)
	}
	for i := range d.Refusals {
		f := &d.Refusals[i]
		fmt.Fprintf(w, "not made: %s of %s, rule %s, %s ago: %s\n", refusedHosts(f), Shown(f.Source), Shown(f.Rule), short(since(f.At, unix(now))), Printable(f.Why))
	}
}

// refusedHosts names a host, or says how many there are with some examples.
func refusedHosts(f *api.DynamicRefusal) string {
	if f.Hosts <= 1 {
		return Shown(f.Name)
	}
	names := Shown(f.Name)
	for _, name := range f.Others {
		names += ", " + Shown(name)
	}
	if f.Hosts > 1+len(f.Others) {
		names += ", …"
	}
	return fmt.Sprintf("%s (%s)", count(f.Hosts, "host"), names)
}

func drawDynamic(w io.Writer, d *api.Dynamics, now time.Time, s Style) {
	g := grid{head: []string{"HOST", "SOURCE", "RULE", "MADE", "LISTED", "SERVICES"}, state: -1, right: []bool{3: true, 4: true, 5: true}}
	for i := range d.Hosts {
		h := &d.Hosts[i]
		listed := "-"
		if h.Listed > 0 {
			listed = short(since(h.Listed, unix(now)))
		}
		g.add(Shown(h.Name), Shown(h.Source), Shown(h.Rule), short(since(h.Since, unix(now))), listed, strconv.Itoa(len(h.Services)))
	}
	g.draw(w, s)
}

func unix(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
