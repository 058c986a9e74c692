package console

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// Links asks for the other sites.
func (c *Client) Links(ctx context.Context) (*api.Links, error) {
	l := &api.Links{}
	return l, c.get(ctx, "/api/links", l)
}

// Forget has another site forgotten.
func (c *Client) Forget(ctx context.Context, site string) error {
	q := url.Values{"site": {site}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.Addr+"/api/links/forget?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	return c.do(req, &struct{}{})
}

// OrphansEverywhere asks for the names at all sites that payloads came for and no host has: sorted, each once. Troubles says
// which sites did not tell them all.
func (c *Client) OrphansEverywhere(ctx context.Context) (names, troubles []string, err error) {
	var sites []api.OrphansAt
	if err := c.get(ctx, "/api/piggyback/orphans", &sites); err != nil {
		return nil, nil, err
	}
	for _, s := range sites {
		names = append(names, s.Names...)
		if s.Error != "" {
			troubles = append(troubles, fmt.Sprintf("site %s: %s", Shown(s.Site), Shown(s.Error)))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), troubles, nil
}

// LinkTable lays out the other sites.
func LinkTable(w io.Writer, l *api.Links, s Style) {
	g := grid{head: []string{"SITE", "STATE", "FOR", "WAY", "RTT", "HOSTS", "IN", "OUT", "WAITING", "OLDEST", "TROUBLE"}, state: 1, right: []bool{2: true, 4: true, 5: true, 6: true, 7: true, 8: true, 9: true}}
	for i := range l.Links {
		one := &l.Links[i]
		state, from, rtt, oldest, trouble := "DOWN", one.Seen, "-", "-", one.Trouble
		if one.There {
			state, from, rtt, trouble = "UP", one.Since, time.Duration(one.RTT*1e9).Round(100*time.Microsecond).String(), ""
		}
		if one.Oldest > 0 {
			oldest = short(since(one.Oldest, l.Now))
		}
		way := cmp.Or(one.Way, "-")
		if one.Address != "" {
			way += " " + one.Address
		}
		g.add(Shown(one.Site), state, short(since(from, l.Now)), way, rtt, strconv.FormatUint(uint64(one.Hosts), 10),
			strconv.FormatUint(one.In, 10), strconv.FormatUint(one.Out, 10), strconv.FormatUint(uint64(one.Waiting), 10), oldest, Shown(trouble))
	}
	g.draw(w, s)
}
