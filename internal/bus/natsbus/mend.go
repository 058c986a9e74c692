package natsbus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/onbu/onbu/monitor"
)

// A stream of nats-server 2.15 that could not write once refuses every write until its server starts again (filestore.go,
// fileStore.werr). When the reason was a full disk, we start it again once there is room: to its connections that is a
// server that was away for a moment, and whatever was acknowledged is on disk.
//
// A server of a cluster shuts its whole store down instead (jetstream.go, handleOutOfSpace), and the others go on without it.
// It keeps its place among them, and gets what it has missed once it has started again: to the others it was away all the time,
// so that it makes no difference how many start at once. DisableJetStream would give up the place.

const (
	mendEvery = 2 * time.Second
	// mendRoom must be free before a server whose disk was full begins anew.
	mendRoom = 64 << 20
	// A disk that is full again at once is left alone for longer and longer.
	mendAgain, mendAtMost = 10 * time.Second, 5 * time.Minute
)

// errDiskFull is what Healthy says of a stream that does not write because there was no room.
var errDiskFull = errors.New("its disk was full")

// Healthy is nil while every stream on disk takes writes.
func (s *Server) Healthy() error {
	n := s.current()
	if n == nil {
		return errors.New("the bus in this process is being started again")
	}
	if s.o.Cluster != nil {
		return s.member(n)
	}
	for _, e := range n.Healthz(&server.HealthzOptions{Details: true}).Errors {
		switch {
		case e.Type == server.HealthzErrorJetStream:
			return fmt.Errorf("the bus in this process stores nothing: %s", e.Error)
		case e.Type != server.HealthzErrorStream || !strings.Contains(e.Error, "write error"):
		case noSpace(e.Error):
			return s.wasFull("stream " + e.Stream + " of the bus in this process")
		default:
			return fmt.Errorf("stream %s of the bus in this process stores nothing until Onbu is started again: %s", e.Stream, e.Error)
		}
	}
	return nil
}

// member is nil while a server of a cluster has its store.
func (s *Server) member(n *server.Server) error {
	switch {
	case n.JetStreamEnabled():
		return nil
	case s.o.full.Load():
		return s.wasFull("the bus in this process")
	}
	return errors.New("the bus in this process stores nothing until Onbu is started again, and the other servers of its cluster go on: see the log lines of part=nats")
}

func (s *Server) wasFull(what string) error {
	free, _ := freeBytes(s.o.Dir) // shown only
	return fmt.Errorf("%s stores nothing: %w; %d MiB are free in %s, and with %d it goes on by itself", what, errDiskFull, free>>20, s.o.Dir, int64(mendRoom)>>20)
}

// noSpace recognises a full disk and a quota that is used up in the server's words, which are all that there is.
func noSpace(text string) bool {
	return strings.Contains(text, syscall.ENOSPC.Error()) || strings.Contains(text, syscall.EDQUOT.Error())
}

// Healthy says whether the bus refused us something lately; for a server in this process, it is also as the server's.
func (c *Conn) Healthy() error {
	if err := c.refused.lately(time.Now()); err != nil || c.server == nil {
		return err
	}
	return c.server.Healthy()
}

// mend starts the server again whenever its disk was full and is not any more, until ctx ends.
func (s *Server) mend(ctx context.Context) {
	pause, last, told := mendAgain, time.Time{}, false
	for wait(ctx, mendEvery) {
		err := s.Healthy()
		if !errors.Is(err, errDiskFull) {
			told = false
			continue
		}
		if !told {
			s.log.Error("the bus stores nothing: make room on its disk", "err", err)
			told = true
			s.chronicled().Tell(monitor.DiskFull, "the bus's store in "+s.o.Dir, err.Error())
		}
		free, err := freeBytes(s.o.Dir)
		if err != nil || free < mendRoom || time.Since(last) < pause {
			continue
		}
		if pause = min(2*pause, mendAtMost); time.Since(last) > 2*mendAtMost {
			pause = mendAgain
		}
		last = time.Now()
		s.restart(ctx)
	}
}

// restart ends the server and starts another on the same store and address; it tries until that works or ctx ends.
func (s *Server) restart(ctx context.Context) {
	s.log.Warn("the bus starts again: its disk was full and has room now", "dir", s.o.Dir)
	s.o.ends.Store(true)
	stop(s.swap(nil))
	for ctx.Err() == nil {
		n, err := s.o.launch()
		if err == nil {
			s.swap(n)
			s.log.Info("the bus stores again")
			s.chronicled().Tell(monitor.DiskBack, "the bus's store in "+s.o.Dir, "there is room again, and the bus has begun anew")
			return
		}
		s.log.Error("the bus could not be started again, trying again", "err", err)
		wait(ctx, mendEvery)
	}
}

// wait is false when ctx ended before.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// inProcess makes connections to whichever server runs.
type inProcess struct{ s *Server }

// InProcessConn implements nats.InProcessConnProvider.
func (p inProcess) InProcessConn() (net.Conn, error) {
	n := p.s.current()
	if n == nil {
		return nil, errors.New("the bus is being started again")
	}
	return n.InProcessConn()
}
