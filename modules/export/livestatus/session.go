package livestatus

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules/export/livestatus/lql"
	"github.com/onbu/onbu/modules/export/livestatus/table"
)

// slowest is how fast a client must read an answer, in bytes a second, after the time that every answer has.
const slowest = 64 << 10

// startWait is how long a query waits for the first configuration after the start.
const startWait = 5 * time.Second

// session answers the requests of one connection.
func (m *Module) session(ctx context.Context, c *serve.Conn) {
	m.counts.connections.Add(1)
	m.counts.open.Add(1)
	defer m.counts.open.Add(-1)
	in := newReader(c, m.idle, m.patience)
	for ctx.Err() == nil {
		lines, err := in.next()
		if err != nil {
			if told, ok := errors.AsType[*lql.Error](err); ok {
				m.counts.refused.Inc()
				_ = m.write(c, lql.Refuse(told, false)) // the connection ends anyway
			}
			return
		}
		if !m.request(ctx, c, lines) {
			return
		}
	}
}

// request answers one request and says whether the connection stays.
func (m *Module) request(ctx context.Context, c *serve.Conn, lines []string) bool {
	m.counts.requests.Add(1)
	switch verb, _, _ := strings.Cut(lines[0], " "); verb {
	case "COMMAND":
		return m.obey(ctx, c, lines)
	case "LOGROTATE": // there is no log to rotate
		return false
	}
	q, refusal := lql.Parse(lines, m.tables, time.Now())
	q.Authorize(m.strictServices, m.looseGroups)
	answer := m.guarded(ctx, c, q, lines, refusal)
	if answer.Code != lql.OK {
		m.counts.refused.Inc()
		m.log.Debug("a query is refused", "from", c.From(), "query", strings.Join(lines, " | "), "code", answer.Code)
	}
	return m.write(c, answer) == nil && q.KeepAlive
}

// query waits for what a query wants to wait for, and carries it out when it is its turn. No wait is longer than open, and none of the
// rest than ctx: what a client waits for will not come any more when the port ends, but an answer that is begun may be given.
func (m *Module) query(ctx, open context.Context, source string, q *lql.Query, refusal *lql.Error) *lql.Answer {
	if refusal == nil && q.Wait != nil {
		refusal = m.wait(open, source, q)
	}
	if refusal != nil {
		return lql.Refuse(refusal, q.Fixed16)
	}
	ctx, cancel := context.WithTimeout(ctx, m.limits.Time)
	defer cancel()
	back, ok := m.places.take(ctx, source, q.Quick())
	if !ok {
		return lql.Refuse(&lql.Error{Code: lql.LimitExceeded, Text: "too many queries at once: this one found no time"}, q.Fixed16)
	}
	defer back()
	if !m.configured(open) {
		return lql.Refuse(&lql.Error{Code: lql.LimitExceeded, Text: "no configuration is in force yet: ask again in a moment"}, q.Fixed16)
	}
	defer m.counts.took.UpdateDuration(time.Now())
	m.counts.queries.Inc()
	return q.Answer(ctx, m.world(ctx), m.limits)
}

// guarded keeps a panic in a query from being the broker's end: the others go on.
func (m *Module) guarded(ctx context.Context, c *serve.Conn, q *lql.Query, lines []string, refusal *lql.Error) (answer *lql.Answer) {
	defer func() {
		if r := recover(); r != nil {
			m.log.Error("a query met a bug, please report it", "query", strings.Join(lines, " | "), "panic", r, "stack", string(debug.Stack()))
			answer = lql.Refuse(&lql.Error{Code: lql.BadRequest, Text: "the query met a bug: the log of the broker says which"}, q.Fixed16)
		}
	}()
	return m.query(ctx, c.Open(), c.Subscriber(), q, refusal)
}

// configured waits a moment for the first configuration: clients would take no hosts for an answer.
func (m *Module) configured(ctx context.Context) bool {
	for until := time.Now().Add(startWait); len(m.outlook.Catalog().Inventories) == 0; {
		select {
		case <-time.After(startWait / 50):
		case <-ctx.Done():
			return false
		}
		if time.Now().After(until) {
			return false
		}
	}
	return true
}

// write sends an answer. Whoever reads slowly is given up, sooner if others have no room, and large answers that wait to be read
// are bounded in number.
func (m *Module) write(c *serve.Conn, a *lql.Answer) error {
	w := m.unread.begin(c.Subscriber(), a.Size(), m.patience, func() { c.Close() })
	if w == nil {
		a = lql.Refuse(&lql.Error{Code: lql.LimitExceeded, Text: "too many large answers at once: ask again, or for less"}, a.Fixed16)
	}
	defer m.unread.end(w)
	within := m.patience + time.Duration(a.Size()/slowest)*time.Second
	defer time.AfterFunc(within, func() { c.Close() }).Stop()
	_, err := a.WriteTo(c)
	return err
}

// obey has commands carried out, one for each line that begins with COMMAND; what else stands there are headers that mean
// nothing here. Nothing is answered but why a command is refused. The connection stays.
func (m *Module) obey(ctx context.Context, c *serve.Conn, lines []string) bool {
	for _, line := range lines {
		command, ok := strings.CutPrefix(line, "COMMAND ")
		if !ok {
			continue
		}
		err := m.command(ctx, c, strings.TrimLeft(command, " \t"))
		if err == nil {
			continue
		}
		m.counts.disobeyed.Inc()
		m.log.Warn("a command from livestatus is refused", "from", c.From(), "command", command, "error", err)
		if m.write(c, lql.Refuse(&lql.Error{Code: lql.BadHeader, Text: "400: " + err.Error()}, false)) != nil {
			return false
		}
	}
	return true
}

var errNoCommands = errors.New("commands are not allowed here: set `commands 1` in the definition of the module")

func (m *Module) command(ctx context.Context, c *serve.Conn, line string) error {
	if !m.commands {
		return errNoCommands
	}
	ctx, cancel := context.WithTimeout(ctx, m.patience)
	defer cancel()
	if err := m.outlook.Obey(ctx, line, "livestatus "+c.From()); err != nil {
		return err
	}
	m.counts.commands.Add(1)
	m.counts.obeyed.Inc()
	m.log.Info("command from livestatus", "from", c.From(), "command", line)
	return nil
}

// world is the present moment.
func (m *Module) world(ctx context.Context) *table.World {
	now := time.Now()
	return &table.World{
		Now: now, View: m.outlook.View(), Catalog: m.outlook.Catalog(),
		Log: func(n table.Narrow, yield func(*table.Line) bool) error { return m.readLog(ctx, n, yield) },
		Program: table.Program{
			Version: version(), PID: os.Getpid(), Started: m.started,
			Connections: m.counts.connections.Load(), Requests: m.counts.requests.Load(), Commands: m.counts.commands.Load(),
			Services: int(m.counts.open.Load()),
		},
	}
}
