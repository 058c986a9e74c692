package natsbus

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
)

// serverLog hands the server's lines on. Its notices (ports, recovered streams) are of use to developers only.
type serverLog struct {
	log *slog.Logger
	// fatal is the first line after which the server cannot be started.
	fatal *atomic.Pointer[string]
	// full says that the server of a cluster has given up its store because its disk is full.
	full *atomic.Bool
	// ends says that the server is being ended, and madeUp that nobody chose a password of it: they are made anew at each start.
	ends   *atomic.Bool
	madeUp bool
	// handshakes are troubles with the certificates of other servers.
	handshakes *handshakes
}

func (l serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l serverLog) Debugf(string, ...any)           {}
func (l serverLog) Tracef(string, ...any)           {}

// Fatalf is for whoever started the server, who reads it there.
func (l serverLog) Fatalf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.log.Debug(text)
	l.fatal.CompareAndSwap(nil, &text)
}

// Errorf also tells of servers of the cluster that are not there: once, and again each minute (ServerOptions.join).
func (l serverLog) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	if tell, is := l.handshakes.line(text, time.Now()); is {
		if tell != "" {
			l.log.Error(tell)
		}
		return
	}
	switch {
	case strings.HasPrefix(text, "JetStream out of ") && strings.HasSuffix(text, "resources, will be DISABLED"):
		l.full.Store(true)
		l.log.Error(text)
	case strings.HasPrefix(text, "Error trying to connect to route (attempt 1)"):
		l.log.Info(text)
	case strings.HasPrefix(text, "Error trying to connect to route"):
		l.log.Warn(text)
	default:
		l.log.Error(text)
	}
}

// Warnf also tells of indexes that are older than the messages, one line a stream: so it is after each kill. A cluster that
// begins has no leader yet; whoever waits for it says so.
func (l serverLog) Warnf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	switch {
	case strings.HasPrefix(text, "Filestore [") && strings.Contains(text, "outdated"):
		l.log.Info(text + "; normal after a kill, nothing is lost")
	case text == "Waiting for routing to be established...", text == "JetStream has not established contact with a meta leader",
		strings.HasPrefix(text, "RAFT [") && strings.Contains(text, "health check"):
		l.log.Debug(text)
	case text == "Plaintext passwords detected, use nkeys or bcrypt" && l.madeUp:
		l.log.Debug(text)
	case (strings.HasPrefix(text, "Failed to install snapshot for ") || strings.HasPrefix(text, "Metalayer blocking snapshot")) && l.ends.Load(): // it tries that behind its own back; what was acknowledged is synced
		l.log.Debug(text)
	default:
		l.log.Warn(text)
	}
}
