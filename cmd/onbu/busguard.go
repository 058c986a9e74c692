package main

import (
	"context"
	"time"

	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/sdnotify"
)

// guardBus tells the supervisor, until ctx ends, that the server works: that it still says how it is. A full disk is no reason for a
// restart, since the server mends that itself.
func guardBus(ctx context.Context, n *sdnotify.Notifier, s *natsbus.Server) {
	n.Ready("listening on " + s.URL())
	defer n.Stopping()
	every := n.Watchdog() / 3
	if every == 0 {
		<-ctx.Done()
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := s.Healthy(); err != nil {
			n.Status(err.Error())
		} else {
			n.Status("listening on " + s.URL())
		}
		n.Alive()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
