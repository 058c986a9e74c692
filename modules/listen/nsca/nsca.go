// Package nsca knows NSCA's server: it takes the passive results that send_nsca sends.
package nsca

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/internal/serve/tally"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

// drain is how long what has arrived is still read at the end: send_nsca has no answer to wait for.
const drain = 200 * time.Millisecond

// Listener takes results on one port.
type Listener struct {
	settings
	name     string
	log      *slog.Logger
	complain *tally.Complaints

	results *metrics.Counter
	refused map[string]*metrics.Counter // by reason

	small sync.Pool // of *[smallSize]byte
	large chan struct{}
}

// Why packets or single results are refused, besides what serve refuses.
const (
	badVersion  = "version"
	badSum      = "checksum"
	badAge      = "age"
	cutOff      = "truncated"
	tooSlow     = "timeout"
	badCode     = "return_code"
	badName     = "name"
	foreignHost = "host"
	notStored   = "not_stored"
)

// New builds the listener that a definition asks for.
func New(s *modules.Settings, e modules.Env) modules.Listener {
	l := &Listener{
		settings: read(s), name: s.Name(), log: e.Log, refused: map[string]*metrics.Counter{},
		small: sync.Pool{New: func() any { return new([smallSize]byte) }},
		large: make(chan struct{}, mostLarge),
	}
	l.complain = &tally.Complaints{Log: e.Log, What: "NSCA packet refused"}
	l.results = e.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_nsca_results_total{module=%q}", l.name))
	reasons := []string{badVersion, badSum, badAge, cutOff, tooSlow, badCode, badName, foreignHost, notStored}
	for _, r := range serve.Reasons() {
		reasons = append(reasons, string(r))
	}
	for _, r := range reasons {
		l.refused[r] = e.Metrics.GetOrCreateCounter(fmt.Sprintf("onbu_nsca_refused_total{module=%q,reason=%q}", l.name, r))
	}
	l.port.Drain, l.port.NoKeepAlive, l.port.Log = drain, true, e.Log
	l.port.Refused = func(r serve.Reason) { l.refused[string(r)].Inc() }
	return l
}

// Loose implements modules.Loose.
func (*Listener) Loose() {}

// Name implements modules.Listener.
func (l *Listener) Name() string { return l.name }

// Listen implements modules.Listener.
func (l *Listener) Listen(ctx context.Context, sink modules.Sink) error {
	l.log.Info("listens for NSCA", "address", l.port.Address)
	return serve.Listen(ctx, l.port, func(ctx context.Context, c *serve.Conn) { l.converse(ctx, c, sink) })
}

// greeting gives the packet that the server speaks first with: 128 random bytes and the time.
func greeting(now time.Time) [packet.InitSize]byte {
	var init [packet.InitSize]byte
	_, _ = rand.Read(init[:packet.InitSize-4]) // never fails
	binary.BigEndian.PutUint32(init[packet.InitSize-4:], uint32(now.Unix()))
	return init
}
