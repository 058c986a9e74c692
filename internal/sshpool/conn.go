package sshpool

import (
	"slices"
	"time"

	"golang.org/x/crypto/ssh"
)

// conn is an open connection. The pool's lock guards it, but for what is set once.
type conn struct {
	pool  *Pool
	group *group
	ssh   ssh.Conn
	// notes and banner are what ssh would have printed when it logged in.
	notes  []string
	banner string

	sessions int       // places taken
	hung     int       // of them those whose check has given up on them
	limit    int       // places that the server grants
	heard    time.Time // when a session ended last
	since    time.Time // idle since; good while no place is taken
	nth      int       // place in pool.idle, -1 if it is not there
	retired  bool      // takes no more sessions, and is not in its group
}

// opened makes a connection of what a dial gave, and watches it. No goroutine but this one and those of x/crypto/ssh
// belongs to an idle connection.
func (p *Pool) opened(g *group, s ssh.Conn, channels <-chan ssh.NewChannel, requests <-chan *ssh.Request) *conn {
	c := &conn{pool: p, group: g, ssh: s, limit: p.o.Sessions, since: time.Now(), nth: -1}
	p.all.Go(func() {
		c.watch(channels, requests)
		p.lost(c)
	})
	return c
}

// watch refuses whatever the server wants of us, until the connection ends.
func (c *conn) watch(channels <-chan ssh.NewChannel, requests <-chan *ssh.Request) {
	for channels != nil || requests != nil {
		select {
		case n, ok := <-channels:
			if !ok {
				channels = nil
				continue
			}
			_ = n.Reject(ssh.Prohibited, "this client takes no channels")
		case r, ok := <-requests:
			if !ok {
				requests = nil
				continue
			}
			if r.WantReply {
				_ = r.Reply(false, nil)
			}
		}
	}
}

// lost notes that a connection has ended.
func (p *Pool) lost(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.retireLocked()
	p.open--
	p.feedLocked()
	p.serveLocked(c.group)
	p.forgetLocked(c.group)
}

// close ends the connection without waiting for the other side.
func (c *conn) close() { go c.ssh.Close() } // it may block while another goroutine writes to a peer that does not read

// enterLocked takes a place.
func (c *conn) enterLocked() {
	c.sessions++
	c.unlistLocked()
}

// leaveLocked gives a place back; s is the session that had it, or nil if there was none.
func (c *conn) leaveLocked(s *session) {
	c.sessions--
	if s != nil {
		s.over = true
		c.heard = time.Now()
		if s.hung {
			c.hung--
		}
	}
	switch {
	case c.retired:
		c.endLocked()
	case c.sessions == 0:
		c.since = time.Now()
		c.nth = len(c.pool.idle)
		c.pool.idle = append(c.pool.idle, c)
	}
}

// unlistLocked takes it off the list of the idle.
func (c *conn) unlistLocked() {
	if c.nth < 0 {
		return
	}
	idle := c.pool.idle
	last := idle[len(idle)-1]
	idle[c.nth], last.nth = last, c.nth
	idle[len(idle)-1] = nil
	c.pool.idle = idle[:len(idle)-1]
	c.nth = -1
}

// retireLocked sees to it that the connection gets no more sessions.
func (c *conn) retireLocked() {
	if c.retired {
		return
	}
	c.retired = true
	c.unlistLocked()
	if at := slices.Index(c.group.conns, c); at >= 0 {
		c.group.conns = slices.Delete(c.group.conns, at, at+1)
	}
}

// endLocked closes a retired connection once nobody waits for any of its sessions.
func (c *conn) endLocked() {
	if c.retired && c.sessions <= c.hung {
		c.close()
	}
}

// drop closes the connection at once, with all its sessions.
func (c *conn) drop() {
	c.pool.mu.Lock()
	c.retireLocked()
	c.pool.mu.Unlock()
	c.close()
}

// heardSince says whether a session ended after a time: then the connection is not dead, however slow it or this machine is.
func (c *conn) heardSince(t time.Time) bool {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	return c.heard.After(t)
}

// full notes that the server grants no more sessions than there are; a connection that grants none is given up.
func (c *conn) full() {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	c.limit = max(0, min(c.limit, c.sessions-1))
	if c.limit == 0 {
		c.retireLocked()
		c.endLocked()
	}
}

// abandon gives up the connection of a session that did not end although it was asked to. Others on it may end first.
func (s *session) abandon() {
	c := s.conn
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if s.over {
		return
	}
	if time.Since(c.heard) < c.pool.o.Grace && !c.retired {
		time.AfterFunc(c.pool.o.Grace, s.abandon)
		return
	}
	s.hung = true
	c.hung++
	c.retireLocked()
	c.endLocked()
	c.pool.serveLocked(c.group)
	c.pool.forgetLocked(c.group)
}
