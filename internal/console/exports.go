package console

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// Exports asks how the export modules are.
func (c *Client) Exports(ctx context.Context) ([]api.Export, error) {
	var all []api.Export
	return all, c.get(ctx, "/api/exports", &all)
}

// ExportTable lays out export modules, a line for each stream that one reads.
func ExportTable(w io.Writer, all []api.Export, now time.Time, s Style) {
	if len(all) == 0 {
		fmt.Fprintln(w, "no export module has been at work")
		return
	}
	g := grid{
		head: []string{"MODULE", "STATE", "BROKER", "SENT", "STREAM", "WAITING", "OLDEST", "LIMIT", "LOST", "REFUSED", "LAST ERROR"}, state: 1,
		right: []bool{3: true, 5: true, 6: true, 7: true, 8: true, 9: true},
	}
	for i := range all {
		x := &all[i]
		state, at := exportState(x, now)
		for n, stream := range x.Streams {
			oldest := "-"
			if stream.Waiting > 0 {
				oldest = short(time.Duration(stream.OldestAge * float64(time.Second)))
			}
			cells := []string{"", "", "", ""}
			refused, trouble := "", ""
			if n == 0 {
				cells = []string{x.Module, state, at, strconv.FormatUint(x.Sent, 10)}
				refused, trouble = strconv.FormatUint(x.Refused, 10), exportTrouble(x, now)
			}
			g.add(append(cells, stream.Stream, strconv.FormatUint(stream.Waiting, 10), oldest, fmt.Sprintf("%.0f %%", 100*stream.LimitUsed),
				strconv.FormatUint(stream.Lost, 10), refused, trouble)...)
		}
	}
	g.draw(w, s)
}

// refusedLately is how long points that were refused make a module WARNING.
const refusedLately = time.Hour

// exportState says in a state's word how a module is, and where it works or last did. GONE is no trouble: nobody asks for it.
func exportState(x *api.Export, now time.Time) (state, at string) {
	switch {
	case x.Forgotten != 0:
		return "GONE", x.Last
	case x.Broker == "":
		return "DOWN", x.Last
	case x.Failing != 0, x.LastRefused != 0 && since(x.LastRefused, unix(now)) < refusedLately:
		return "WARNING", x.Broker
	}
	return "OK", x.Broker
}

// exportTrouble says what people should know of a module: what went wrong last, and how long ago.
func exportTrouble(x *api.Export, now time.Time) string {
	switch {
	case x.Forgotten != 0:
		return "no longer configured, forgotten at " + time.Unix(int64(x.Forgotten), 0).In(now.Location()).Format("2006-01-02 15:04")
	case x.Error != "" && x.ErrorAt != 0:
		return short(since(x.ErrorAt, unix(now))) + " ago: " + x.Error
	}
	return x.Error
}
