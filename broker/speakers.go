package broker

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor/api"
)

// mostFeeds bounds one answer about who speaks for whom.
const mostFeeds = 200_000

// feeds answers with which sources of this site have payloads for which hosts of it. No payload is read: their subjects say it, but for
// names of more than 100 bytes, which are left out.
func (b *Broker) feeds(w http.ResponseWriter, r *http.Request) {
	subjects, err := b.o.Bus.Subjects(r.Context(), bus.PB, bus.AllPayloads())
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("looking for payloads: %v", err))
		return
	}
	out := api.Feeds{Feeds: []api.Feed{}}
	for _, s := range subjects {
		_, target, source, ok := bus.PayloadNames(s)
		if !ok || strings.Contains(source, "\n") { // of another site
			continue
		}
		if len(out.Feeds) == mostFeeds {
			out.More = true
			break
		}
		out.Feeds = append(out.Feeds, api.Feed{Target: target, Source: source})
	}
	answer(w, out)
}
