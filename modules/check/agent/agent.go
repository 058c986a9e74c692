// Package agent knows the Checkmk agent: how its output is fetched, from whichever of its kinds, and how all services of a
// host are evaluated from one fetch, together with what the agents of other hosts said of it.
package agent

import (
	"context"
	"errors"
	"io"
	"net"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/internal/recent"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent/controller"
	"github.com/onbu/onbu/modules/check/agent/service"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// Stream runs a program and hands on what it prints, piece by piece, until it ends. stderr is what it wrote there, as far as
// it is kept. When out gives an error the program is killed, and the error is that. Other errors mean that it did not run to
// its end.
type Stream func(ctx context.Context, argv []string, out io.Writer) (stderr []byte, exit int, err error)

// Remote is a command on another machine, which gives an agent's output.
type Remote interface {
	Host() string
	Command() string
	// Timeout is the time limit that the line sets for its own check; Run has ctx's only.
	Timeout() time.Duration
	// Run gives at most limit bytes of each stream.
	Run(ctx context.Context, limit int) (stdout, stderr []byte, exit int, err error)
}

// Options are a module's settings. All may be left zero.
type Options struct {
	// Courier carries what agents say of other hosts; nil for checks that neither give nor take any.
	Courier modules.Courier
	// Program runs programs that print agent output. Without it command lines with --program are refused.
	Program Stream
	// Remote reads a command line of check_by_ssh. Without it command lines with --ssh are refused.
	Remote func(argv []string) (Remote, error)
	// Resolver looks up hosts given by name; nil is the system's.
	Resolver *net.Resolver
}

// Module runs onbu-agent.
type Module struct {
	options Options
	kinds   map[string]*service.Kind
	known   map[string]bool // sections that some kind reads
	reading budget
	hosts   hosts
	// rounds are those whose sections are still at hand, and outputs what agents said last, compressed.
	rounds  *shelf[*host, *round]
	outputs *shelf[string, output]
	counts  counts
	// turns are rounds that fetch, and reckons those that read payloads.
	turns, reckons chan struct{}
	states         *recent.Map[string, *controller.State] // by folder

	life context.Context // ends when the module is closed
	end  context.CancelFunc
	work sync.WaitGroup
}

// Bounds on what all hosts together take.
const (
	mostRounds  = 64 << 20 // bytes of output whose sections are at hand
	mostOutputs = 32 << 20 // compressed bytes of last outputs
	mostReading = 256 << 20
)

// counts are for metrics.
type counts struct {
	fetches, failures, bytes, rounds, evaluations, payloads atomic.Uint64
}

var (
	_ modules.Owner       = (*Module)(nil)
	_ modules.Closer      = (*Module)(nil)
	_ modules.Counting    = (*Module)(nil)
	_ modules.Remembering = (*Module)(nil)
	_ modules.Starter     = (*check)(nil)
	_ modules.Personal    = (*check)(nil)
	_ modules.Verifier    = (*check)(nil)
	_ modules.Verifier    = mistaken{}
)

// New makes a module. It opens nothing.
func New(o Options) *Module {
	m := &Module{
		options: o, kinds: map[string]*service.Kind{}, known: service.Known(),
		reading: budget{most: mostReading},
		states:  recent.New[string, *controller.State](100),
		turns:   make(chan struct{}, together), reckons: make(chan struct{}, reckon),
		rounds: newShelf[*host, *round](mostRounds), outputs: newShelf[string, output](mostOutputs),
	}
	for _, k := range service.Kinds() {
		m.kinds[k.Name] = &k
	}
	m.life, m.end = context.WithCancel(context.Background())
	return m
}

// Name gives "agent".
func (m *Module) Name() string { return "agent" }

const program = "onbu-agent"

// Programs gives onbu-agent, which is no file.
func (m *Module) Programs() []string { return []string{program} }

// Parse reads a command line.
func (m *Module) Parse(argv []string) (modules.Probe, error) {
	if len(argv) == 0 || path.Base(argv[0]) != program {
		return nil, modules.ErrNotMine
	}
	c, err := m.parse(argv[1:])
	if err != nil {
		return nil, err
	}
	return &check{command: c, module: m}, nil
}

// Own implements modules.Owner.
func (m *Module) Own(line string) modules.Probe {
	argv, err := cmdline.Words(line)
	if err == nil && len(argv) == 0 {
		err = errors.New("the line is empty")
	}
	if err != nil {
		return mistaken{err}
	}
	c, err := m.parse(argv[1:])
	if err != nil {
		return mistaken{err}
	}
	return &check{command: c, module: m}
}

// Count implements modules.Counting.
func (m *Module) Count(each func(name string, n uint64)) {
	each("fetches", m.counts.fetches.Load())
	each("failures", m.counts.failures.Load())
	each("fetched_bytes", m.counts.bytes.Load())
	each("rounds", m.counts.rounds.Load())
	each("evaluations", m.counts.evaluations.Load())
	each("payloads_used", m.counts.payloads.Load())
}

// Close ends all fetches.
func (m *Module) Close() error {
	m.end()
	m.hosts.close()
	m.work.Wait()
	return nil
}
