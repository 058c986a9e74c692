package link

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/recent"
)

// watchEvery is how soon a connection that was made or lost is told of.
const watchEvery = time.Second

// Neighbours implements bus.Link.
func (l *Link) Neighbours() []bus.Neighbour {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.here)
}

// watch tells of connections that come and go, until ctx ends.
func (l *Link) watch(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		l.look(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (l *Link) look(now time.Time) {
	z, err := l.nats.Leafz(nil)
	if err != nil {
		return // the server ends
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	since, before := map[uint64]time.Time{}, l.here
	l.here = nil
	for _, leaf := range z.Leafs {
		if leaf.Name == "" {
			continue // it has not said yet who it is
		}
		began, known := l.since[leaf.ID]
		if !known {
			began = now
		}
		since[leaf.ID] = began
		l.here = append(l.here, l.neighbour(leaf, began))
	}
	l.since = since
	l.tell(before, l.here)
}

func (l *Link) neighbour(leaf *server.LeafInfo, since time.Time) bus.Neighbour {
	n := bus.Neighbour{
		Site: leaf.Name, Tenant: strings.TrimPrefix(leaf.Account, accountName("")), Since: since,
		Address: net.JoinHostPort(leaf.IP, strconv.Itoa(leaf.Port)), Up: leaf.IsSpoke,
	}
	n.RTT, _ = time.ParseDuration(leaf.RTT) // "" before the first ping
	n.Dialled = slices.ContainsFunc(l.plan.Dials, func(d Dial) bool {
		return d.Tenant == n.Tenant && d.Hub != leaf.IsSpoke && d.URL.Port() == strconv.Itoa(leaf.Port)
	})
	return n
}

func (l *Link) tell(before, after []bus.Neighbour) {
	has := func(all []bus.Neighbour, one bus.Neighbour) bool {
		return slices.ContainsFunc(all, func(n bus.Neighbour) bool {
			return n.Site == one.Site && n.Tenant == one.Tenant && n.Since.Equal(one.Since)
		})
	}
	up := map[string]int{}
	for _, n := range after {
		if n.Up {
			up[n.Tenant]++
		}
		if !has(before, n) {
			l.log.Info("joined with a site", "site", n.Site, "tenant", n.Tenant, "address", n.Address, "above", n.Up)
		}
	}
	for _, n := range before {
		if !has(after, n) {
			l.log.Warn("the connection with a site is gone", "site", n.Site, "tenant", n.Tenant, "address", n.Address)
		}
	}
	for tenant, n := range up {
		if n > 1 && len(before) != len(after) {
			l.log.Warn("several neighbours of a tenant pass on to this site: those behind one do not see those behind another; write hub behind a dial line here", "tenant", tenant)
		}
	}
}

// serverLog hands on what the server complains of, each thing once in a while: a site that is away is dialled every second.
type serverLog struct {
	log  *slog.Logger
	told *recent.Map[string, time.Time]
}

const (
	tellAgain  = 10 * time.Minute
	toldAtMost = 256
)

func newServerLog(log *slog.Logger) serverLog {
	return serverLog{log, recent.New[string, time.Time](toldAtMost)}
}

// varying is what differs between two lines about the same thing: ports, numbers of connections and of attempts.
var varying = regexp.MustCompile(`:\d+|cid:\d+|lid_ws:\d+|lid:\d+|attempt \d+|[0-9.]+m?s\b`)

func (l serverLog) tell(level slog.Level, format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	key, now := varying.ReplaceAllString(text, ""), time.Now()
	if last, told := l.told.Get(key); told && now.Sub(last) < tellAgain {
		level = slog.LevelDebug
	} else {
		l.told.Put(key, now)
	}
	l.log.Log(context.Background(), level, text)
}

func (l serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }

func (l serverLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Plaintext passwords") {
		return // the file that they stand in is for the engine's eyes only
	}
	l.tell(slog.LevelWarn, format, v...)
}

func (l serverLog) Errorf(format string, v ...any) { l.tell(slog.LevelWarn, format, v...) }
func (l serverLog) Fatalf(format string, v ...any) { l.tell(slog.LevelError, format, v...) }
func (l serverLog) Debugf(string, ...any)          {}
func (l serverLog) Tracef(string, ...any)          {}
