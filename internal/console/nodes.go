package console

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// Nodes asks which nodes there are, and how their roles are.
func (c *Client) Nodes(ctx context.Context) ([]api.Role, error) {
	var all []api.Role
	return all, c.get(ctx, "/api/nodes", &all)
}

// Order orders something of a node.
func (c *Client) Order(ctx context.Context, o api.Order) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return c.post(ctx, "/api/nodes/order", body)
}

// Plan asks what an order would do.
func (c *Client) Plan(ctx context.Context, o api.Order) (p api.Plan, err error) {
	q := url.Values{"node": {o.Node}, "role": {o.Role}, "state": {o.State}}
	if o.Drain {
		q.Set("drain", "1")
	}
	return p, c.get(ctx, "/api/nodes/plan?"+q.Encode(), &p)
}

// ForgetNode has a node forgotten that is not there any more.
func (c *Client) ForgetNode(ctx context.Context, node string) error {
	return c.post(ctx, "/api/nodes/forget?"+url.Values{"node": {node}}.Encode(), nil)
}

func (c *Client) post(ctx context.Context, path string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.Addr+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	var nothing struct{}
	return c.do(req, &nothing)
}

// NodesTable lays them out.
func NodesTable(w io.Writer, all []api.Role, s Style) {
	versions := versions(all)
	g := grid{
		head:  []string{"NODE", "ROLE", "M/S", "STATE", "SHARDS", "EPOCH", "RUNNING", "WAITING", "LAG", "SINCE", "ADDRESS"},
		state: -1, right: []bool{5: true, 6: true, 7: true, 9: true}, marks: map[int]string{},
	}
	if len(versions) > 1 {
		g.head = append(g.head, "VERSION")
	}
	before := ""
	for i := range all {
		r := &all[i]
		name := r.Node
		if name == before {
			name = ""
		}
		before = r.Node
		since := r.Since
		if !r.There() {
			since = r.Seen
		}
		cells := []string{
			Shown(name), Shown(r.Role), cmp.Or(r.Mode, "-"), roleState(r), shardList(r.Shards), some(int64(r.Epoch)), amount(r, "running"), amount(r, "waiting"),
			lag(r.Load), ago(since, s.Now), cmp.Or(r.HTTP, r.Host),
		}
		if len(versions) > 1 {
			cells = append(cells, Shown(brief(r.Version)))
		}
		g.marks[i] = map[string]string{api.Silent: "CRITICAL", api.Up: "", api.Ended: "PENDING"}[r.State]
		if r.State == api.Draining || r.State == api.Maintenance || r.State == api.Disconnected {
			g.marks[i] = "WARNING"
		}
		g.add(cells...)
	}
	g.draw(w, s)
	if len(versions) == 1 && versions[0] != "" {
		fmt.Fprintln(w, "  all of version "+printable(versions[0]))
	}
	for i := range all {
		for _, text := range all[i].Troubles {
			fmt.Fprintln(w, s.paint("WARNING", "! "+printable(all[i].Role+" of "+all[i].Node+": "+text)))
		}
	}
}

func roleState(r *api.Role) string {
	state := r.State
	if r.Ordered != "" {
		state += " (" + r.Ordered + " ordered)"
	}
	if r.Load["files_differ"] != 0 {
		state += " (its files are not those in force)"
	}
	if r.Why != "" {
		state += ": " + r.Why
	}
	return state
}

// versions are those of all roles, each once.
func versions(all []api.Role) (versions []string) {
	for i := range all {
		versions = append(versions, all[i].Version)
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}

// unreleased is the version of what was built between releases: which release, when, and of which commit.
var unreleased = regexp.MustCompile(`^(v[0-9.]+)-(?:[0-9a-z.]+\.)?[0-9]{14}-([0-9a-f]{7})[0-9a-f]*(.*)$`)

// brief gives a version as far as it tells it from others: v1.2.0-1a2b3c4+dirty.
func brief(version string) string { return unreleased.ReplaceAllString(version, "$1-$2$3") }

// Bus asks how the servers of the bus are.
func (c *Client) Bus(ctx context.Context) (b api.Bus, err error) {
	return b, c.get(ctx, "/api/bus", &b)
}

// electionTakes is how long the bus may be without something, as when a server is restarted, before it is worth a line.
const electionTakes = 10 * time.Second

// BusLines writes what is wrong with the bus, a line each, in the words of /healthz.
func BusLines(w io.Writer, b *api.Bus, s Style) {
	for _, text := range busTroubles(b, s.Now) {
		fmt.Fprintln(w, s.paint("WARNING", "! "+printable(text)))
	}
}

// BusLacks writes how many servers of the bus are missing, by what arbiters say.
func BusLacks(w io.Writer, all []api.Role, s Style) {
	n := int64(0)
	for i := range all {
		n = max(n, all[i].Load[api.BusServersAway])
	}
	if n > 0 {
		fmt.Fprintln(w, s.paint("WARNING", fmt.Sprintf("! the bus lacks %d of its servers: /healthz of a node with an arbiter names them", n)))
	}
}

func busTroubles(b *api.Bus, now time.Time) (lines []string) {
	lasts := func(at float64) time.Duration { return since(at, unix(now)).Round(time.Second) }
	if d := lasts(b.Mute); b.Mute != 0 {
		return []string{fmt.Sprintf("the bus: nothing is stored for %s: %s", d, b.Why)}
	}
	if b.Ill != "" {
		lines = append(lines, "the bus: "+b.Ill)
	}
	for _, one := range b.Behind {
		if d := lasts(one.Since); d >= electionTakes {
			lines = append(lines, fmt.Sprintf("the bus: server %s for %s: %s", one.Server, d, one.Why))
		}
	}
	return lines
}

// LastNodes lays out the list as it was last known, for when there is no newer one.
func LastNodes(w io.Writer, last *api.NodesAway, s Style) {
	at := time.Unix(int64(last.Asked), 0)
	fmt.Fprintf(w, "as it was at %s, %s ago:\n", at.In(s.Now.Location()).Format("15:04:05"), short(s.Now.Sub(at)))
	s.Now = at
	NodesTable(w, last.Nodes, s)
}

func some(n int64) string {
	if n == 0 {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}

// amount is what a role says of its load; nothing of one that does not.
func amount(r *api.Role, what string) string {
	n, ok := r.Load[what]
	if !ok {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}

// shardList gives shards as ranges: 0-3 7 9.
func shardList(shards []uint16) string {
	var parts []string
	for i := 0; i < len(shards); {
		j := i
		for j+1 < len(shards) && shards[j+1] == shards[j]+1 {
			j++
		}
		part := fmt.Sprint(shards[i])
		if j > i {
			part += fmt.Sprint("-", shards[j])
		}
		parts = append(parts, part)
		i = j + 1
	}
	return cmp.Or(strings.Join(parts, " "), "-")
}

// lags are the words of a load that say what lies behind, with how to write it.
var lags = map[string]func(int64) string{
	"journal_bytes": size, "spool_bytes": size, "results_waiting": some, "actions_waiting": some,
	"feed_seconds":  func(n int64) string { return short(time.Duration(n) * time.Second) },
	"spool_seconds": func(n int64) string { return short(time.Duration(n) * time.Second) },
}

// lag says what waits to be stored or delivered.
func lag(load map[string]int64) string {
	var parts []string
	for what, text := range lags {
		if n := load[what]; n > 0 {
			word, _, _ := strings.Cut(what, "_")
			parts = append(parts, word+" "+text(n))
		}
	}
	slices.Sort(parts)
	return cmp.Or(strings.Join(parts, ", "), "-")
}

func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1fG", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1fM", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1fK", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%dB", n)
}

// PlanTable says what an order will do.
func PlanTable(w io.Writer, p *api.Plan, s Style) {
	g := grid{head: []string{"NODE", "ROLE", "NOW", "THEN"}, state: -1}
	for _, l := range p.Lines {
		g.add(Shown(l.Node), Shown(l.Role), l.Now, l.Then)
	}
	g.draw(w, s)
	for _, text := range p.Warnings {
		fmt.Fprintln(w, s.paint("WARNING", "! "+printable(text)))
	}
}
