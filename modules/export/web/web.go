// Package web knows the pages that people look at: what they show, who may see and do what, and how they stay up to date.
package web

import (
	"html/template"
	"log/slog"
	"net/http"

	"github.com/onbu/onbu/internal/history"
	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web/live"
	"github.com/onbu/onbu/modules/export/web/points"
	"github.com/onbu/onbu/modules/export/web/sign"
)

// defaultPort is that of a module that listens itself. The pages are also on the local port of the broker's process.
const defaultPort = 7780

// Module is the pages as a broker hosts them: an Exporter that is Paged, and serves where its definition names a port.
type Module struct {
	name    string
	log     *slog.Logger
	outlook modules.Outlook
	enabled bool

	port      serve.Options
	tcp       bool
	cert, key string

	gate      *sign.Gate
	proxy     sign.Proxy
	doors     doors
	guard     *http.CrossOriginProtection
	welcome   string // on the page to sign in
	hub       *live.Hub
	mailbox   mailbox
	elsewhere elsewhere
	once      once
	sight     *sight
	told      told
	atlas     *atlas
	names     *ordered
	shells    *template.Template
	present   present
	history   *history.Store // nil where nothing is kept
	points    *points.Store  // as history
	gap       gap            // of the history
	streams   *streams
	traces    crowd
	heavy     queue // for what takes turns
	turns     turns
	pages     http.Handler
}

// New builds the module from its definition. Nothing is opened before Serve.
func New(s *modules.Settings, e modules.Env, o modules.Outlook) modules.Exporter {
	m := &Module{
		name: s.Name(), log: e.Log, outlook: o, enabled: s.Bool("enabled", true),
		port: serve.Read(s, defaultPort), tcp: s.Has("port") || s.Has("host"),
		cert: s.File("tls_cert", ""), key: s.File("tls_key", ""),
		guard: readOrigins(s), welcome: s.Text("login_text", ""),
		hub: live.New(e.Log), shells: shell(),
		present: present{view: o.View}, turns: make(turns, atWork),
		traces: crowd{what: "checks followed", most: mostTraces, each: eachTraces},
	}
	m.streams = newStreams(min(m.port.Most, mostConnections))
	entry := readGate(s, e)
	m.gate, m.proxy, m.doors = sign.New(entry), entry.Proxy, readDoors(s, m.port.Address)
	m.keep(s, e)
	m.keepPoints(s, e)
	if m.tcp {
		s.Listens(m.port.Network, m.port.Address)
	}
	if (m.cert == "") != (m.key == "") {
		s.Wrong("tls_cert", "write both tls_cert and tls_key, or neither")
	}
	m.doubt(s)
	s.Moot(mootOf()...)
	m.names = &ordered{outlook: o}
	m.sight, m.atlas = newSight(o, m.names, &m.told), &atlas{outlook: o, names: m.names, feeds: m.readFeeds}
	m.pages = m.routes()
	if !m.enabled {
		m.pages = http.HandlerFunc(off)
	}
	return m
}

// off says why there are no pages.
func off(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "the pages are turned off: the definition of the module of type web says `enabled 0`", http.StatusNotFound)
}

// Name implements modules.Exporter.
func (m *Module) Name() string { return m.name }

// Wants implements modules.Exporter: each broker keeps what its pages show of the past.
func (m *Module) Wants() modules.Wants {
	return modules.Wants{Events: m.enabled, Own: true, Past: true}
}

// Pages implements modules.Paged.
func (m *Module) Pages() http.Handler { return m.locally(m.pages) }
