package broker

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"

	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// handleCluster adds what is about the nodes to a server.
func (b *Broker) handleCluster(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/cluster/log", b.clusterLog)
}

// clusterLog gives the entries of the cluster log, a line of JSON each; with follow=1 also those to come, until the asker has gone.
func (b *Broker) clusterLog(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	since, err := chronicle.ParseSince(q.Get("since"), time.Now())
	if err != nil {
		refuse(w, http.StatusBadRequest, "since="+err.Error())
		return
	}
	query := chronicle.Query{Since: since, Node: q.Get("node"), Role: q.Get("role"), Kind: q.Get("kind"), Follow: q.Get("follow") == "1"}
	head(w)
	enc, flush := json.NewEncoder(w), http.NewResponseController(w).Flush
	if query.Follow {
		_ = flush() // so that the asker knows that it is heard; if it has gone, its context ends the reading
	}
	began := query.Follow
	err = chronicle.Read(r.Context(), b.o.Bus, query, func(e chronicle.Entry) error {
		began = true
		if err := enc.Encode(e); err != nil || !query.Follow {
			return err
		}
		return flush()
	})
	if err != nil && !began && r.Context().Err() == nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
	}
}

// decodeDeeds reads the entries of a message of LOG as lines for the log: CLUSTER LOG: NODE;ROLE;KIND;ABOUT;WHY.
func decodeDeeds(d *wire.Decoder, data []byte) ([]monitor.Brok, error) {
	deeds, err := wire.DecodeBatch(d, data, []wire.Deed(nil))
	broks := make([]monitor.Brok, len(deeds))
	for i, e := range deeds {
		text := "CLUSTER LOG: " + e.Node + ";" + cmp.Or(e.Role, "node") + ";" + e.Kind + ";" + e.About + ";" + e.Why
		broks[i] = monitor.Brok{Kind: monitor.BrokLog, Time: e.Time, Text: text}
	}
	return broks, err
}
