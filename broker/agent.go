package broker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	recallWithin = 5 * time.Second
	// mostRecalled bounds what is handed on of one output.
	mostRecalled = 64 << 20
)

func (b *Broker) handleAgent(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/agent/output", b.agentOutput)
}

// agentModule is the name of the check module that reads what agents say.
const agentModule = "agent"

// errNoOutput says that no poller keeps an output of the host.
var errNoOutput = errors.New("no output is kept")

// agentOutput answers with what the agent of a host said last, as it came. The poller that made the host's last check has it.
func (b *Broker) agentOutput(w http.ResponseWriter, r *http.Request) {
	host := r.URL.Query().Get("host")
	if host == "" {
		refuse(w, http.StatusBadRequest, "name a host: ?host=HOST")
		return
	}
	b.mu.RLock()
	_, known := b.directory.Hosts[host]
	b.mu.RUnlock()
	if !known {
		refuse(w, http.StatusNotFound, "no host is called "+host+b.near(host))
		return
	}
	pollers := b.pollersOf(host)
	err := errNoOutput
	for _, p := range pollers {
		if err = b.recall(r.Context(), w, p, host); err == nil {
			return
		}
	}
	switch {
	case len(pollers) == 0:
		refuse(w, http.StatusNotFound, host+" has no check by onbu-agent that was made already")
	case errors.Is(err, errNoOutput):
		refuse(w, http.StatusNotFound, fmt.Sprintf("%s keeps no output of the agent of %s; is it watched by payloads only, or did the poller start a moment ago?", listed(pollers), host))
	default:
		refuse(w, http.StatusServiceUnavailable, err.Error())
	}
}

// pollersOf gives the pollers that made the last checks of a host by module agent, the newest first.
func (b *Broker) pollersOf(host string) []string {
	now, q := b.snapshot(), query{host: host}
	all := slices.AppendSeq(slices.Collect(q.hosts(now)), q.services(now))
	slices.SortStableFunc(all, func(x, y monitor.Status) int { return int(min(max(y.LastCheck-x.LastCheck, -1), 1)) })
	var names []string
	for i := range all {
		if all[i].Module == agentModule && all[i].Poller != "" && !slices.Contains(names, all[i].Poller) {
			names = append(names, all[i].Poller)
		}
	}
	return names
}

// recall hands on what a poller keeps, piece by piece. An error means that nothing was written yet.
func (b *Broker) recall(ctx context.Context, w http.ResponseWriter, poller, host string) error {
	first, err := b.recallPiece(ctx, poller, host, 0)
	if err != nil {
		return err
	}
	if !first.Known {
		return errNoOutput
	}
	rawHead(w, first.At.Unix())
	w.Header().Set("Content-Length", fmt.Sprint(min(first.Whole, mostRecalled)))
	for piece, from := first, uint64(0); ; {
		if _, err := w.Write(piece.Data); err != nil || len(piece.Data) == 0 {
			return nil // the reader is gone, or sees that something is missing
		}
		if from += uint64(len(piece.Data)); from >= min(first.Whole, mostRecalled) {
			return nil
		}
		if piece, err = b.recallPiece(ctx, poller, host, from); err != nil || piece.At != first.At {
			return nil // a newer output has come: the reader sees that something is missing
		}
	}
}

func (b *Broker) recallPiece(ctx context.Context, poller, host string, from uint64) (wire.Recalled, error) {
	ctx, cancel := context.WithTimeout(ctx, recallWithin)
	defer cancel()
	var a wire.Recalled
	data, err := b.o.Bus.Request(ctx, bus.Remembered(poller), wire.Marshal(wire.Recall{Host: host, From: from}))
	if err != nil {
		return a, fmt.Errorf("asking poller %s: %w", poller, err)
	}
	return a, wire.Unmarshal(data, &a)
}
