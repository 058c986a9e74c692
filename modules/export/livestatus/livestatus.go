// Package livestatus knows how the present and the past of the engine are shown to clients that speak Livestatus, such as
// Thruk, NagVis, Nagstamon and LMD: its port and socket, sessions, commands and waits. What is asked is lql's business, what
// there is to show table's, and what was history's.
package livestatus

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/history"
	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/livestatus/lql"
	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
)

const (
	defaultPort = 6557
	// longestPath is what Linux takes for the path of a unix socket.
	longestPath = 107
)

// Module is Livestatus as a broker hosts it: an Exporter that serves.
type Module struct {
	name    string
	log     *slog.Logger
	outlook modules.Outlook
	tables  map[string]*table.Table

	socket                      string // path; empty for none
	mode                        fs.FileMode
	group                       string
	port                        serve.Options
	tcp                         bool
	cert, key                   string
	commands                    bool
	strictServices, looseGroups bool // what contacts may see
	limits                      lql.Limits
	idle                        time.Duration // between two requests of a connection
	patience                    time.Duration // for the whole of one request

	history *history.Store
	started time.Time
	places  *places
	unread  unread
	waits   crowd
	pulse   pulse
	counts  counts
}

// counts is what the module has done since it was built.
type counts struct {
	connections, requests, commands, open atomic.Int64
	queries, refused, obeyed, disobeyed   *metrics.Counter
	away                                  func(serve.Reason)
	took                                  *metrics.Histogram
}

// New builds the module from its definition. Nothing is opened before Serve.
func New(s *modules.Settings, e modules.Env, o modules.Outlook) modules.Exporter {
	m := &Module{
		name: s.Name(), log: e.Log, outlook: o, started: time.Now(), tables: table.Tables(),
		group: s.Text("socket_group", ""), commands: s.Bool("commands", false),
		port: serve.Read(s, defaultPort), tcp: s.Has("port") || s.Has("host"),
		strictServices: s.Choice("service_authorization", "loose", "loose", "strict") == "strict",
		looseGroups:    s.Choice("group_authorization", "strict", "loose", "strict") == "loose",
		cert:           s.File("tls_cert", ""), key: s.File("tls_key", ""),
		limits: lql.Limits{
			Bytes: s.Bytes("max_answer", 64<<20, 64<<10, 1<<30),
			Time:  s.Duration("query_timeout", 30*time.Second, time.Second, time.Hour),
		},
		idle:     s.Duration("idle_timeout", 5*time.Minute, time.Second, 24*time.Hour),
		patience: s.Duration("read_timeout", 10*time.Second, time.Second, time.Hour),
		places:   newPlaces(2 * runtime.GOMAXPROCS(0)),
	}
	m.unread.most = m.limits.Bytes
	m.history = history.New(history.Options{
		Path: s.Output("database_file", filepath.Join(e.State, "history.sqlite")),
		Keep: time.Duration(s.Int("history_days", 365, 1, 36500)) * 24 * time.Hour,
		Most: s.Bytes("history_max", 2<<30, 1<<20, 1<<40), Log: e.Log,
	})
	m.readSocket(s, e)
	if m.tcp {
		s.Listens(m.port.Network, m.port.Address)
	}
	if m.socket != "" {
		s.Listens("unix", m.socket)
	}
	if (m.cert == "") != (m.key == "") {
		s.Wrong("tls_cert", "write both tls_cert and tls_key, or neither")
	}
	if m.tcp && m.port.Public() {
		may := "sees every host"
		if m.commands {
			may += " and may give every command"
		}
		s.Doubt("port", "everybody who reaches %s %s: write allowed_hosts", m.port.Address, may)
	}
	// Shinken's: for finding mistakes, and for graphs that it draws itself.
	s.Moot("debug", "debug_queries", "pnp_path", "counters_path", "modules")
	m.count(e.Metrics)
	return m
}

// readSocket reads where the unix socket is; there is one unless it is refused.
func (m *Module) readSocket(s *modules.Settings, e modules.Env) {
	if name := s.Text("socket", ""); name != "none" && name != "-" {
		m.socket = s.Output("socket", filepath.Join(e.State, "live"))
	} else {
		if !m.tcp {
			s.Wrong("socket", "there is neither a socket nor a port: write a path, or `port %d`", defaultPort)
		}
	}
	if len(m.socket) > longestPath {
		s.Wrong("socket", "%s has %d characters; Linux takes %d: write a shorter path", m.socket, len(m.socket), longestPath)
	}
	mode, err := strconv.ParseUint(s.Text("socket_mode", "0660"), 8, 9)
	if err != nil {
		s.Wrong("socket_mode", "write it in octal digits, such as 0660")
	}
	m.mode = fs.FileMode(mode)
}

func (m *Module) count(set *metrics.Set) {
	counter := func(what string) *metrics.Counter {
		return set.GetOrCreateCounter(fmt.Sprintf("onbu_livestatus_%s{module=%q}", what, m.name))
	}
	m.counts.queries, m.counts.refused = counter("queries_total"), counter("queries_refused_total")
	m.counts.obeyed, m.counts.disobeyed = counter("commands_total"), counter("commands_refused_total")
	m.counts.took = set.GetOrCreateHistogram(fmt.Sprintf("onbu_livestatus_query_seconds{module=%q}", m.name))
	away := map[serve.Reason]*metrics.Counter{}
	for _, why := range serve.Reasons() {
		away[why] = set.GetOrCreateCounter(fmt.Sprintf("onbu_livestatus_connections_refused_total{module=%q,reason=%q}", m.name, string(why)))
	}
	m.counts.away = func(why serve.Reason) { away[why].Inc() }
}

// Name implements modules.Exporter.
func (m *Module) Name() string { return m.name }

// Wants implements modules.Exporter: each broker keeps a history of its own, so that a spare one has it too. A
// new one begins with the oldest that is stored: a broker that was added today can tell what was last month.
func (m *Module) Wants() modules.Wants { return modules.Wants{Events: true, Own: true, Past: true} }

// Export implements modules.Exporter.
func (m *Module) Export(ctx context.Context, broks []monitor.Brok) error {
	err := m.history.Add(ctx, broks)
	m.pulse.broks(broks)
	return err
}

// Close implements modules.Closer.
func (m *Module) Close() error {
	m.history.Close()
	return nil
}
