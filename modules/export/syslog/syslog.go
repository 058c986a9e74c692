// Package syslog knows how the lines of Nagios' log become messages for a syslog server: RFC 5424 or 3164, over UDP (RFC 5426), TCP
// (RFC 6587), TLS (RFC 5425) or the socket of this machine.
package syslog

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/outbound"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

// Module is the exporter; one call at a time.
type Module struct {
	name    string
	link    link
	form    form
	classes []logline.Class // nil for all
	deeds   bool            // the cluster log too
	batch   [][]byte
	sent    *metrics.Counter
	cut     *metrics.Counter
}

// classNames are what the setting lines may ask for.
var classNames = []string{"info", "alert", "program", "notification", "passive", "command", "state"}

// New reads the settings of a module.
func New(s *modules.Settings, e modules.Env, _ modules.Outlook) modules.Exporter {
	m := &Module{name: s.Name()}
	readLink(s, &m.link)
	m.form = readForm(s, m.link.transport)
	for _, word := range s.Words("lines") {
		class := slices.Index(classNames, strings.ToLower(word))
		if class < 0 {
			s.Wrong("lines", "%s is no sort of line; write some of %s", word, strings.Join(classNames, ", "))
		}
		m.classes = append(m.classes, logline.Class(class))
	}
	m.deeds = s.Bool("cluster_log", false)
	name := func(what string) string { return fmt.Sprintf("onbu_syslog_%s{module=%q}", what, s.Name()) }
	m.sent = e.Metrics.GetOrCreateCounter(name("messages_sent_total"))
	m.cut = e.Metrics.GetOrCreateCounter(name("messages_cut_total"))
	return m
}

func readLink(s *modules.Settings, l *link) {
	host := s.Text("host", s.Text("address", ""))
	usual := "local"
	if host != "" {
		usual = "udp"
	}
	l.transport, l.trust = s.Choice("transport", usual, "local", "udp", "tcp", "tls"), outbound.ReadTrust(s)
	l.socket = s.Text("socket", "/dev/log")
	l.octets, l.blind = s.Choice("framing", "octet", "octet", "lf") == "octet", !s.Bool("confirm", true)
	l.timeout = s.Duration("timeout", 10*time.Second, 100*time.Millisecond, 5*time.Minute)
	port := 514
	if l.transport == "tls" {
		port = 6514
	}
	port = s.Int("port", port, 1, 65535)
	if l.transport != "local" {
		l.addr = net.JoinHostPort(cmp.Or(host, "127.0.0.1"), strconv.Itoa(port))
	}
}

func readForm(s *modules.Settings, transport string) form {
	name, _ := os.Hostname()
	usual, most := "rfc5424", 8192
	switch transport {
	case "local":
		usual = "rfc3164"
	case "udp":
		most = 2048 // what every receiver takes (RFC 5426 3.2)
	}
	f := form{
		old: s.Choice("format", usual, "rfc5424", "rfc3164") == "rfc3164", local: transport == "local",
		host: header(s.Text("hostname", name), 255), app: header(s.Text("app_name", "onbu"), 48), pid: strconv.Itoa(os.Getpid()),
		facility: slices.Index(facilities, s.Choice("facility", "local0", facilities...)),
		most:     s.Int("max_message", most, 480, 1<<20),
	}
	for i, of := range severitySettings {
		f.severity[i] = slices.Index(severities, s.Choice(of.setting, of.otherwise, severities...))
	}
	return f
}

// Name implements modules.Exporter.
func (m *Module) Name() string { return m.name }

// To implements modules.Bound.
func (m *Module) To() string { return cmp.Or(m.link.addr, m.link.socket) }

// Wants implements modules.Exporter.
func (m *Module) Wants() modules.Wants { return modules.Wants{Events: true, Deeds: m.deeds} }

// Export implements modules.Exporter. Over TCP and TLS it returns once the other side has read everything; over UDP nobody knows.
func (m *Module) Export(ctx context.Context, broks []monitor.Brok) error {
	m.batch = m.batch[:0]
	cut := 0
	for i := range broks {
		l, ok := logline.Of(&broks[i])
		if !ok || !m.takes(&l) {
			continue
		}
		text, whole := m.form.message(&l)
		if !whole {
			cut++
		}
		m.batch = append(m.batch, text)
	}
	if len(m.batch) == 0 {
		return nil
	}
	before := m.link.tooLarge.Load()
	if err := m.link.send(ctx, m.batch); err != nil {
		return err
	}
	m.sent.Add(len(m.batch) - int(m.link.tooLarge.Load()-before))
	m.cut.Add(cut)
	return nil
}

// takes says whether a line is wanted. The cluster log comes only when it is.
func (m *Module) takes(l *logline.Line) bool {
	return m.classes == nil || slices.Contains(m.classes, l.Class) || m.deeds && l.Type == "CLUSTER LOG"
}

// Refused implements modules.Refusing: messages that no datagram holds.
func (m *Module) Refused() uint64 { return m.link.tooLarge.Load() }

// Close implements modules.Closer.
func (m *Module) Close() error {
	m.link.close()
	return nil
}
