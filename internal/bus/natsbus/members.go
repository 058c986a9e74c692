package natsbus

import (
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/onbu/onbu/internal/bus"
)

// members is what a server within this process knows of its cluster by itself, without asking the leader, which may be the one that is gone.
type members struct {
	met     map[string]bool // the others that it was ever joined with
	stepped *server.Server  // the one that runs, once it has had everything
}

// gone names the servers that this one was joined with and is no more. A server that ends closes its connections, and those of one that
// was killed break off.
func (s *Server) gone() (names []string) {
	n := s.current()
	if n == nil {
		return nil
	}
	routes, err := n.Routez(nil)
	if err != nil {
		return nil
	}
	joined := map[string]bool{}
	for _, r := range routes.Routes { // several lead to each
		joined[r.RemoteName] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.members.met == nil {
		s.members.met = map[string]bool{}
	}
	for name := range joined {
		s.members.met[name] = true
	}
	for name := range s.members.met {
		if !joined[name] {
			names = append(names, name)
		}
	}
	return names
}

// inStep says whether the server has had everything once since it began. Under load it lacks a little at any moment.
func (s *Server) inStep() bool {
	n := s.current()
	if n == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.members.stepped != n && caughtUp(n) {
		s.members.stepped = n
	}
	return s.members.stepped == n
}

func caughtUp(n *server.Server) bool {
	const account = server.DEFAULT_GLOBAL_ACCOUNT
	return n.JetStreamIsCurrent() && !slices.ContainsFunc(allStreams(), func(stream string) bool {
		return n.JetStreamIsStreamAssigned(account, stream) && !n.JetStreamIsStreamCurrent(account, stream)
	})
}

// sees adds to what the leader says of the cluster what the server in this process knows better.
func (s *Server) sees(is *bus.Standing) {
	for _, name := range s.gone() {
		if slices.Contains(is.Servers, name) {
			left(is, name)
		}
	}
	if slices.Contains(is.Servers, is.Server) && !s.inStep() {
		behind(is, is.Server).Begins = true
	}
}

// left says of a server that it is away, which its leader may not know yet: then it was there a moment ago, and Seen must not say never.
func left(is *bus.Standing, server string) {
	known := len(is.Behind)
	r := behind(is, server)
	if r.Away = true; len(is.Behind) > known {
		r.Seen = time.Millisecond
	}
}

// behind gives the entry of a server among those that have not everything.
func behind(is *bus.Standing, server string) *bus.Replica {
	at := slices.IndexFunc(is.Behind, func(r bus.Replica) bool { return r.Server == server })
	if at < 0 {
		is.Behind = append(is.Behind, bus.Replica{Server: server})
		at = len(is.Behind) - 1
	}
	return &is.Behind[at]
}
