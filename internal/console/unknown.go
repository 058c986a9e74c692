package console

import (
	"context"
	"io"
	"strconv"

	"github.com/onbu/onbu/monitor/api"
)

// Unknown asks for the hosts and services that passive results came for and that are not configured.
func (c *Client) Unknown(ctx context.Context) ([]api.Unknown, error) {
	var all []api.Unknown
	return all, c.get(ctx, "/api/unknown", &all)
}

// UnknownTable lays them out.
func UnknownTable(w io.Writer, all []api.Unknown, s Style) {
	g := grid{head: []string{"HOST", "SERVICE", "SOURCE", "COUNT", "FIRST", "LAST", "OUTPUT"}, state: -1, right: []bool{3: true, 4: true, 5: true}}
	for i := range all {
		u := &all[i]
		g.add(Shown(u.Host), Shown(u.Service), Shown(u.Source), strconv.FormatUint(u.Count, 10), ago(u.First, s.Now), ago(u.Last, s.Now), u.Output)
	}
	g.draw(w, s)
}
