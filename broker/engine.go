package broker

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/onbu/onbu/broker/tempo"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// paced counts the checks that go by. Any goroutine may use it.
type paced struct {
	mu sync.Mutex
	of tempo.Tempo
}

func (p *paced) add(now time.Time, checks []monitor.Check) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of.Add(monitor.At(now), checks)
}

func (p *paced) report(now time.Time) tempo.Report {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.of.Report(monitor.At(now))
}

// handleEngine adds what is about the engine itself to a server.
func (b *Broker) handleEngine(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/checks", func(w http.ResponseWriter, _ *http.Request) { answer(w, b.pace.report(time.Now())) })
	mux.HandleFunc("GET /api/queues", func(w http.ResponseWriter, _ *http.Request) { answer(w, b.queues.list()) })
	mux.HandleFunc("GET /api/shards", func(w http.ResponseWriter, r *http.Request) {
		all, err := b.shards(r.Context())
		if err != nil {
			refuse(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		answer(w, all)
	})
}

// shards gives every shard of the configuration in force, in order.
func (b *Broker) shards(ctx context.Context) ([]api.Shard, error) {
	leases, err := b.o.Bus.List(ctx, bus.LEASE, "shard.*")
	if err != nil {
		return nil, fmt.Errorf("reading who owns the shards: %w", err)
	}
	owners := map[uint16]wire.Lease{}
	for _, e := range leases {
		var shard uint16
		var l wire.Lease
		if _, err := fmt.Sscanf(e.Key, "shard.%d", &shard); err == nil && wire.Unmarshal(e.Value, &l) == nil {
			owners[shard] = l
		}
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	all := make([]api.Shard, b.directory.Shards)
	for i := range all {
		l := owners[uint16(i)]
		all[i] = api.Shard{Shard: uint16(i), Hosts: b.population[monitor.Shard(i)], Owner: l.Owner, Epoch: l.Epoch}
		if since, gone := b.ownerless[monitor.Shard(i)]; gone {
			all[i].Unanswered = monitor.At(since).Unix()
		}
	}
	return all, nil
}
