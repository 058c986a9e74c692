// Package collectd knows the receiving end of collectd's network plugin: it gathers what many hosts measure, and submits it as
// performance data of services once per interval. States come from the triggers of those services.
package collectd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/serve/tally"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/collectd/packet"
	"github.com/onbu/onbu/monitor"
)

const (
	// tick is how often it is looked which results are due.
	tick = 200 * time.Millisecond
	// cleaning is how often series that have ended are forgotten.
	cleaning = time.Minute
	// mostNotices is how many notifications wait to be submitted; those beyond are counted and lost, as datagrams may be.
	mostNotices = 10_000
	// buffer is how much the kernel keeps of what nobody has read yet.
	buffer = 8 << 20
	// largest is how many results are submitted at once.
	largest = 1000
)

// Listener gathers what comes to one port.
type Listener struct {
	settings
	name  string
	log   *slog.Logger
	tally *tally.Tally

	mu      sync.Mutex // of what follows
	store   *store
	notices []monitor.Submission
	nameOf  func(host string) string // for who may be called by an address
	now     monitor.Time
	from    string // of the datagram that is read
	warned  map[string]time.Time
}

// New builds the listener that a definition asks for. It reads auth_file and types_db.
func New(s *modules.Settings, e modules.Env) modules.Listener {
	l := &Listener{settings: read(s), name: s.Name(), log: e.Log, tally: tally.New(e, "collectd", s.Name()), warned: map[string]time.Time{}}
	l.nameOf = func(host string) string { return host }
	l.store = newStore(&l.settings)
	return l
}

// Loose implements modules.Loose.
func (*Listener) Loose() {}

// Name implements modules.Listener.
func (l *Listener) Name() string { return l.name }

// Listen implements modules.Listener.
func (l *Listener) Listen(ctx context.Context, sink modules.Sink) error {
	l.askAt(sink)
	conn, err := l.open()
	if err != nil {
		return fmt.Errorf("listening for collectd at %s: %w", l.address, err)
	}
	l.log.Info("listens for collectd", "address", conn.LocalAddr(), "multicast", l.multicast)
	return l.work(ctx, conn, sink)
}

// work reads from a port, and submits, until ctx ends or the port can be read no more.
func (l *Listener) work(ctx context.Context, conn *net.UDPConn, sink modules.Sink) error {
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	defer conn.Close()
	working, end := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer end()
	wg.Go(func() { l.submitting(working, sink) })
	if err := l.reading(conn); ctx.Err() == nil {
		return err
	}
	return nil
}

// askAt has the sink say which hosts and services there are.
func (l *Listener) askAt(sink modules.Sink) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.store.knows = func(ref monitor.Ref) bool { return modules.Knows(sink, ref) }
	l.nameOf = func(host string) string { return modules.NameOf(sink, host) }
}

func (l *Listener) open() (*net.UDPConn, error) {
	addr, err := net.ResolveUDPAddr("udp", l.address)
	if err != nil {
		return nil, err
	}
	var conn *net.UDPConn
	if l.multicast {
		var device *net.Interface
		if l.device != "" {
			if device, err = net.InterfaceByName(l.device); err != nil {
				return nil, fmt.Errorf("interface %s: %w", l.device, err)
			}
		}
		conn, err = net.ListenMulticastUDP("udp", device, addr)
	} else {
		conn, err = net.ListenUDP("udp", addr)
	}
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(buffer) // the kernel gives less where less is allowed
	return conn, nil
}

// reading takes datagrams until the port is closed.
func (l *Listener) reading(conn *net.UDPConn) error {
	b := make([]byte, packet.Longest)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(b)
		if err != nil {
			return err
		}
		l.take(b[:n], from.Addr().Unmap(), monitor.At(time.Now()))
	}
}

// take reads one datagram.
func (l *Listener) take(datagram []byte, from netip.Addr, now monitor.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now, l.from = now, "collectd "+from.String()
	if !l.allowed(from) {
		l.refuse("address", from, errAddress)
		return
	}
	if err := l.decoder.Decode(datagram, l); err != nil {
		l.refuse(reason(err), from, err)
	}
}

var errAddress = errors.New("allowed_hosts does not have the address")

func reason(err error) string {
	switch {
	case errors.Is(err, packet.ErrPlain):
		return "security_level"
	case errors.Is(err, packet.ErrUser):
		return "user"
	case errors.Is(err, packet.ErrSignature):
		return "signature"
	}
	return "broken"
}

// warnEvery is how often a reason is logged.
const warnEvery = time.Minute

func (l *Listener) refuse(reason string, from netip.Addr, err error) {
	l.tally.Refused(reason)
	if at := l.now.Std(); at.Sub(l.warned[reason]) >= warnEvery {
		l.warned[reason] = at
		l.log.Warn("a datagram of collectd's is not taken, or not all of it; others like it are only counted", "from", from, "error", err)
	}
}

// source names who sent a datagram: a user whose password it has, else an address.
func (l *Listener) source(user string) string {
	if user != "" {
		return "collectd " + user
	}
	return l.from
}

// List implements packet.Handler, and so does Notice; take holds the lock.
func (l *Listener) List(user string, list *packet.List) {
	if !l.speaksFor(user, &list.ID) {
		l.tally.Foreign(1)
		return
	}
	if why := l.store.list(l.source(user), list, l.now); why != "" {
		l.tally.Refused(why)
	}
}

// Notice takes a notification.
func (l *Listener) Notice(user string, n *packet.Notice) {
	if !l.speaksFor(user, &n.ID) {
		l.tally.Foreign(1)
		return
	}
	r, why := l.store.notice(l.source(user), n, l.now)
	switch {
	case why != "":
		l.tally.Refused(why)
	case len(l.notices) >= mostNotices:
		l.tally.Refused("notifications")
	default:
		l.notices = append(l.notices, r)
	}
}

// submitting hands on what is due until ctx ends. While there is no room behind it, newer values take the place of older ones.
func (l *Listener) submitting(ctx context.Context, sink modules.Sink) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	cleaned := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		results := l.due(monitor.At(time.Now()))
		for len(results) > 0 {
			n := min(len(results), largest)
			if _, err := sink.Submit(ctx, results[:n]); err != nil && ctx.Err() == nil {
				l.tally.Refused("not_stored")
				l.log.Warn("results of collectd's are not stored", "results", n, "error", err)
			}
			results = results[n:]
		}
		if time.Since(cleaned) >= cleaning {
			cleaned = time.Now()
			l.clean(monitor.At(cleaned))
			l.reread()
		}
	}
}

func (l *Listener) due(now monitor.Time) []monitor.Submission {
	l.mu.Lock()
	defer l.mu.Unlock()
	results := l.notices
	l.notices = nil
	return l.store.collect(results, now)
}

func (l *Listener) clean(now monitor.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.store.forget(now)
}
