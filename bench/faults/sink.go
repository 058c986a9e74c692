package faults

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/monitor"
)

// sink is where the brokers' module of the kind graphite sends its points. It can stop to read, as a database does that hangs. Any
// goroutine may use it.
type sink struct {
	listener net.Listener

	mu     sync.Mutex
	open   chan struct{} // closed while it reads
	points map[point]int // how often each came
	broken int           // lines that are no points
	conns  map[net.Conn]bool
}

// point says whose value of which second it is.
type point struct {
	path string
	at   int64
}

// receive opens the sink.
func (s *Site) receive() error {
	l, err := net.Listen("tcp", netip.AddrPortFrom(s.lab.Outside(), 0).String())
	if err != nil {
		return err
	}
	s.sink = &sink{listener: l, open: make(chan struct{}), points: map[point]int{}, conns: map[net.Conn]bool{}}
	close(s.sink.open)
	go s.sink.accept()
	s.ends = append(s.ends, s.sink.close)
	return nil
}

func (k *sink) accept() {
	for {
		c, err := k.listener.Accept()
		if err != nil {
			return
		}
		k.mu.Lock()
		k.conns[c] = true
		k.mu.Unlock()
		go k.serve(c)
	}
}

// serve takes a batch: the other side ends the connection behind it, and then counts it as taken when this one ends too.
func (k *sink) serve(c net.Conn) {
	defer func() {
		k.mu.Lock()
		delete(k.conns, c)
		k.mu.Unlock()
		c.Close()
	}()
	var batch []point
	in := bufio.NewReaderSize(c, 1<<16)
	for {
		<-k.gate()
		line, err := in.ReadString('\n')
		if p, ok := readPoint(line); ok {
			batch = append(batch, p)
		} else if line != "" {
			k.mu.Lock()
			k.broken++
			k.mu.Unlock()
		}
		if errors.Is(err, io.EOF) {
			k.take(batch)
			return
		}
		if err != nil {
			return
		}
	}
}

// readPoint reads PATH VALUE SECONDS.
func readPoint(line string) (point, bool) {
	w := strings.Fields(line)
	if len(w) != 3 || !strings.HasSuffix(line, "\n") {
		return point{}, false
	}
	at, err := strconv.ParseInt(w[2], 10, 64)
	return point{w[0], at}, err == nil
}

func (k *sink) gate() chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.open
}

func (k *sink) take(batch []point) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range batch {
		k.points[p]++
	}
}

// block stops reading until release is called.
func (k *sink) block() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open = make(chan struct{})
}

func (k *sink) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.open)
}

// has gives how many different points came, and how many of a list are missing.
func (k *sink) has(list []point) (came int, missing []point) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range list {
		if k.points[p] == 0 {
			missing = append(missing, p)
		}
	}
	return len(k.points), missing
}

func (k *sink) close() error {
	err := k.listener.Close()
	k.mu.Lock()
	defer k.mu.Unlock()
	for c := range k.conns {
		c.Close()
	}
	return err
}

// sent are the points of the checks that the schedulers told of.
func (e *evidence) sent() (all []point) {
	for i := range e.checks {
		if c := &e.checks[i]; c.Perfdata != "" {
			all = append(all, pointOf(c))
		}
	}
	return all
}

// sentSince gives how many of them belong to checks that were told of since then.
func (e *evidence) sentSince(since time.Time) (n int) {
	for i := range e.checks {
		if c := &e.checks[i]; c.Perfdata != "" && c.Time >= monitor.At(since) {
			n++
		}
	}
	return n
}

// pointOf names a check's point as the module does.
func pointOf(c *monitor.Check) point {
	object := c.Service
	if c.IsHost() {
		object = "__HOST__"
	}
	return point{fmt.Sprintf("%s.%s.load", c.Host, object), int64(c.Started.Unix())}
}

// pointsThere is I5: each point that was sent is stored or counted as dropped.
func pointsThere(sent []point, k *sink, dropped int) (violations []string) {
	_, missing := k.has(sent)
	if len(missing) <= dropped {
		return nil
	}
	p := missing[0]
	return []string{fmt.Sprintf("I5: of %d points sent, %d are not stored, and %d are counted as dropped; the first is %s of %d", len(sent), len(missing), dropped, p.path, p.at)}
}
