// Package sdnotify knows how a service tells systemd how it is: sd_notify(3), in plain datagrams to the socket that systemd names.
package sdnotify

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Notifier tells systemd. Of a nil one every method does nothing, so that nobody has to ask whether there is a systemd. Any
// goroutine may use it. What cannot be sent is logged once: the service works without.
type Notifier struct {
	socket   *net.UnixAddr
	watchdog time.Duration
	log      *slog.Logger
	failed   sync.Once
}

// FromEnv gives who is to be told, or nil if nobody started this process as a service. It takes the variables away, so that no
// plugin or notification command can speak for the service.
func FromEnv(log *slog.Logger) *Notifier {
	name, usec, pid := os.Getenv("NOTIFY_SOCKET"), os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID")
	for _, key := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		os.Unsetenv(key)
	}
	if name == "" {
		return nil
	}
	if strings.HasPrefix(name, "@") { // Linux' sockets without a file
		name = "\x00" + name[1:]
	}
	n := &Notifier{socket: &net.UnixAddr{Name: name, Net: "unixgram"}, log: log}
	own := strconv.Itoa(os.Getpid())
	if micros, err := strconv.ParseInt(usec, 10, 64); err == nil && cmp.Or(pid, own) == own {
		n.watchdog = time.Duration(micros) * time.Microsecond
	}
	return n
}

// Watchdog is how often Alive must come (WatchdogSec=); 0 for never.
func (n *Notifier) Watchdog() time.Duration {
	if n == nil {
		return 0
	}
	return n.watchdog
}

// Ready says that the service works: after its start, and after Reloading.
func (n *Notifier) Ready(status string) { n.send("READY=1\nSTATUS=" + line(status)) }

// Status says in a line for people how the service is.
func (n *Notifier) Status(status string) { n.send("STATUS=" + line(status)) }

// Alive keeps the watchdog quiet once.
func (n *Notifier) Alive() { n.send("WATCHDOG=1") }

// Stopping says that the service is about to end.
func (n *Notifier) Stopping() { n.send("STOPPING=1\nSTATUS=ending") }

// Reloading says that the configuration is being read again. Ready must follow.
func (n *Notifier) Reloading() {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) // cannot fail for this clock
	n.send(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d\nSTATUS=reading the configuration again", now.Nano()/1000))
}

// line keeps a status from being more than one.
func line(s string) string { return strings.ReplaceAll(s, "\n", "; ") }

func (n *Notifier) send(state string) {
	if n == nil {
		return
	}
	c, err := net.DialUnix("unixgram", nil, n.socket)
	if err == nil {
		_, err = c.Write([]byte(state))
		c.Close()
	}
	if err != nil {
		n.failed.Do(func() { n.log.Warn("systemd does not hear from this service; said once", "error", err) })
	}
}
