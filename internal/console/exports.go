package console

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/onbu/onbu/broker/feed"
)

// Exports asks how the export modules are.
func (c *Client) Exports(ctx context.Context) ([]feed.Export, error) {
	var all []feed.Export
	return all, c.get(ctx, "/api/exports", &all)
}

// ExportTable lays out export modules, a line for each stream that one reads.
func ExportTable(w io.Writer, all []feed.Export, s Style) {
	if len(all) == 0 {
		fmt.Fprintln(w, "no export module has been at work")
		return
	}
	g := grid{
		head: []string{"MODULE", "STATE", "BROKER", "SENT", "STREAM", "WAITING", "OLDEST", "LIMIT", "LOST", "LAST ERROR"}, state: 1,
		right: []bool{3: true, 5: true, 6: true, 7: true, 8: true},
	}
	for i := range all {
		x := &all[i]
		state, at := exportState(x)
		for n, stream := range x.Streams {
			oldest := "-"
			if stream.Waiting > 0 {
				oldest = short(time.Duration(stream.OldestAge * float64(time.Second)))
			}
			cells := []string{"", "", "", ""}
			trouble := ""
			if n == 0 {
				cells, trouble = []string{x.Module, state, at, strconv.FormatUint(x.Sent, 10)}, x.Error
			}
			g.add(append(cells, stream.Stream, strconv.FormatUint(stream.Waiting, 10), oldest, fmt.Sprintf("%.0f %%", 100*stream.LimitUsed),
				strconv.FormatUint(stream.Lost, 10), trouble)...)
		}
	}
	g.draw(w, s)
}

// exportState says in a state's word how a module is, and where it works or last did.
func exportState(x *feed.Export) (state, at string) {
	switch {
	case x.Broker == "":
		return "DOWN", x.Last
	case x.Failing != 0:
		return "WARNING", x.Broker
	}
	return "OK", x.Broker
}
