package natsbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// clustered tells whether the server that we are connected to is one of several.
func (c *Conn) clustered() bool { return c.nc.ConnectedClusterName() != "" }

// replicas is how many servers are to keep each stream.
func (c *Conn) replicas() int {
	switch {
	case c.opts.Replicas > 0:
		return c.opts.Replicas
	case c.clustered():
		return Copies
	}
	return 1
}

// The answers of a cluster that has no leader yet, or too few servers (nats-server 2.15, jetstream_errors_generated.go).
const (
	errNoPeers    = 10005 // its text says why
	errNotInPlace = 10074 // replicas asked of a server alone
)

// unready tells whether a refusal will pass once more servers of the cluster are there.
func unready(err error) bool {
	if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		return false
	}
	refused, ok := errors.AsType[*jetstream.APIError](err)
	if !ok {
		return passing(err)
	}
	return slices.Contains(notNow, refused.Code) || refused.ErrorCode == errNoPeers && !noRoom(err)
}

// tooFull tells whether a cluster has all its servers, but some with too little room for their copies.
func tooFull(refused *jetstream.APIError) bool {
	return refused.ErrorCode == errNoPeers && strings.Contains(refused.Description, "insufficient storage") &&
		!strings.Contains(refused.Description, "peer offline")
}

// Somebody who waits for a cluster is told after patience, and again after each reminder.
const reminder = 30 * time.Second

// untilReady calls try until it succeeds, fails for a reason that waiting will not mend, or ctx ends. In a cluster it waits for
// those servers that are not there, and the log says so.
func (c *Conn) untilReady(ctx context.Context, what string, try func() error) error {
	wait := pause(250 * time.Millisecond)
	next := time.Now().Add(patience)
	for {
		err := try()
		if err == nil || !unready(err) {
			return c.explained(err)
		}
		if now := time.Now(); now.After(next) {
			c.log.Warn("waiting for the servers of the bus", "step", what, "want", c.lacking(ctx), "trouble", err)
			next = now.Add(reminder)
		}
		if !wait.sleep(ctx) {
			return fmt.Errorf("%w: %s: waiting for %s: %w", context.Cause(ctx), what, c.lacking(context.WithoutCancel(ctx)), err)
		}
	}
}

// wanted says what a bus needs to be ready.
func (c *Conn) wanted() string {
	switch n := c.replicas(); {
	case !c.clustered():
		return "the server of the bus"
	case n == 1:
		return "more than half of the cluster's servers"
	default:
		return fmt.Sprintf("%d servers of the cluster, for as many copies of everything", n)
	}
}

func (c *Conn) explained(err error) error {
	if refused, ok := errors.AsType[*jetstream.APIError](err); ok && refused.ErrorCode == errNotInPlace {
		return fmt.Errorf("%w: this server is no part of a cluster: leave --replicas away, or join it with others", err)
	}
	return err
}
