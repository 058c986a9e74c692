package console

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor/api"
)

// Reload has the files of the configuration read again, or with check only looked through.
func (c *Client) Reload(ctx context.Context, check bool) (*api.Reload, error) {
	path := "/api/reload"
	if check {
		path += "?check=1"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.Addr+path, nil)
	if err != nil {
		return nil, err
	}
	body, err := c.ask(&http.Client{}, req) // however long the files are read
	if err != nil {
		return nil, err
	}
	defer body.Close()
	r := &api.Reload{}
	if err := json.NewDecoder(io.LimitReader(body, maxAnswer)).Decode(r); err != nil {
		return nil, fmt.Errorf("answer of %s: %w", c.Addr, err)
	}
	return r, nil
}

// ReloadReport writes what came of a reload that was not refused.
func ReloadReport(w io.Writer, r *api.Reload, check bool) {
	what := fmt.Sprintf("%d hosts, %d services, warnings: %d", r.Hosts, r.Services, r.Warnings)
	if check {
		fmt.Fprintf(w, "the files are fine: %s of arbiter %s (%s)\na reload would change %d of %d shards\n", printable(r.Main), printable(r.Arbiter), what, r.Changed, r.Shards)
		return
	}
	fmt.Fprintf(w, "generation %d is in force: %d of %d shards changed (%s), from %s of arbiter %s\n", r.Generation, r.Changed, r.Shards, what, printable(r.Main), printable(r.Arbiter))
	fmt.Fprintln(w, "in use by "+printable(uses(r)))
	for _, d := range r.Late() {
		switch d.Generation {
		case 0:
			fmt.Fprintf(w, "  %s %s does not say which configuration it has\n", printable(d.Role), printable(d.Node))
		default:
			fmt.Fprintf(w, "  %s %s still works with generation %d: its log says why\n", printable(d.Role), printable(d.Node), d.Generation)
		}
	}
	for _, name := range r.Unlike {
		fmt.Fprintf(w, "the files of %[1]s are others, and not in force: copy them to %[2]s and reload again, or those of %[2]s to %[1]s\n", printable(name), printable(r.Arbiter))
	}
}

// uses counts who works with a generation: "4 of 4 schedulers, 2 of 2 brokers".
func uses(r *api.Reload) string {
	var roles, parts []string
	have, all := map[string]int{}, map[string]int{}
	for _, d := range r.Daemons {
		if all[d.Role]++; all[d.Role] == 1 {
			roles = append(roles, d.Role)
		}
		if d.Generation >= r.Generation {
			have[d.Role]++
		}
	}
	slices.Sort(roles)
	for _, role := range slices.Backward(roles) {
		s := "s"
		if all[role] == 1 {
			s = ""
		}
		parts = append(parts, fmt.Sprintf("%d of %d %s%s", have[role], all[role], role, s))
	}
	if len(parts) == 0 {
		return "nobody: no scheduler, receiver or broker runs"
	}
	return strings.Join(parts, ", ")
}
