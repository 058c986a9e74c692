package natsbus

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
)

// A stream in memory that two of three servers have lost has no leader until all three are back: nats-server 2.15 counts the vote of a
// server whose log is empty only when everybody has voted (raft.go, emptyVotes). The third may be away for days, and what such a stream
// holds is made again anyway, so it is made anew without.

const (
	// leadersEvery is how often the streams in memory are asked for their leaders, and leaderless how long one may have none: longer than
	// any election takes.
	leadersEvery, leaderless = 5 * time.Second, 20 * time.Second
	// leaderTimeout is how long a leader may take to answer.
	leaderTimeout = 2 * time.Second
)

// keepLed makes streams in memory anew that nobody leads, until the connection is closed. Whoever prepared the bus does it.
func (c *Conn) keepLed() {
	since := map[string]time.Time{}
	for wait(c.life, leadersEvery) {
		if !c.clustered() {
			clear(since)
			continue
		}
		for _, k := range c.layout {
			if k.Memory {
				c.look(k, since)
			}
		}
	}
}

// inMemory names the streams that whoever prepares the bus may have to make anew.
func inMemory() (names []string) {
	streams, _ := bus.Layout()
	for _, k := range streams {
		if k.Memory {
			names = append(names, string(k.Stream))
		}
	}
	return names
}

// look notes since when nobody leads a stream, and makes it anew after a while, if others are led: else the bus lacks servers.
func (c *Conn) look(k bus.Keeping, since map[string]time.Time) {
	name := string(k.Stream)
	copies := c.copies(name)
	if copies > 0 || c.copies(string(bus.EV)) == 0 {
		delete(since, name)
		if 0 < copies && copies < c.replicas() { // it was made while servers were away
			_ = c.makeKept(c.life, k, c.streamConfig(k, 1)) // they may be away still
		}
		return
	}
	if since[name].IsZero() {
		since[name] = time.Now()
	}
	if time.Since(since[name]) < leaderless || !wait(c.life, rand.N(leadersEvery)) || c.copies(name) > 0 { // another one may have done it
		return
	}
	c.log.Warn("nobody leads a stream of the bus that is in memory, since its servers lost it: it begins anew", "stream", name)
	ctx, cancel := context.WithTimeout(c.life, requestTimeout)
	defer cancel()
	err := c.js.DeleteStream(ctx, name) // nobody may be there to answer
	if made := c.makeKept(c.life, k, c.streamConfig(k, 1)); made != nil {
		c.log.Warn("it could not be made yet, trying again", "stream", name, "deleting", err, "making", made)
		return
	}
	delete(since, name)
}

// copies says how many copies a stream has; 0 for one that is not there, does not answer, or has no leader.
func (c *Conn) copies(stream string) int {
	ctx, cancel := context.WithTimeout(c.life, leaderTimeout)
	defer cancel()
	s, err := c.js.Stream(ctx, stream)
	if err != nil {
		return 0
	}
	info := s.CachedInfo()
	if info.Cluster != nil && info.Cluster.Leader == "" {
		return 0
	}
	return info.Config.Replicas
}

// makeKept is makeStream for a stream of the layout. One in memory has a single copy while servers are away: nats-server makes none on
// servers that it does not see.
func (c *Conn) makeKept(ctx context.Context, k bus.Keeping, want jetstream.StreamConfig) error {
	err := c.makeStream(ctx, want)
	refused, ok := errors.AsType[*jetstream.APIError](err)
	if !k.Memory || !ok || refused.ErrorCode != errNoPeers || c.copies(want.Name) > 1 {
		return err
	}
	want.Replicas = 1
	return c.makeStream(ctx, want)
}
