package nsca

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/nsca/packet"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

const (
	// A connection has room for one packet, and a little more: what fills it is not all that there is. Those that send a lot get
	// more room, a few at a time.
	smallSize = packet.Long + packet.Short
	largeSize = 128 << 10
	mostLarge = 32
)

// conn is one connection.
type conn struct {
	*serve.Conn
	l      *Listener
	from   string // the source of its results
	by     *source
	decode *packet.Decoder
	out    outbox

	small *[smallSize]byte
	buf   []byte // small, or larger
	have  int    // bytes of buf that are not decoded yet, at its beginning
	got   []monitor.Submission
	names []byte
}

// converse takes results until the peer is through or sends what cannot be taken.
func (l *Listener) converse(ctx context.Context, s *serve.Conn, sink modules.Sink) {
	now := time.Now()
	init := greeting(now)
	if _, err := s.Write(init[:]); err != nil {
		return
	}
	by := l.of(s.Source)
	c := &conn{
		Conn: s, l: l, from: "nsca " + s.From(), by: by, decode: packet.NewDecoder(by.key, init[:], l.ages),
		small: l.small.Get().(*[smallSize]byte),
	}
	c.out.sink, c.out.stored = sink, l.results
	c.buf = c.small[:]
	defer c.release()
	_ = s.SetReadDeadline(now.Add(l.begin))
	err := c.take(ctx)
	lost, stored := c.out.flush()
	if stored != nil {
		err = stored
	}
	l.refused[notStored].Add(lost)
	c.judge(err)
}

// take reads and decodes; what is decoded is on its way when it returns.
func (c *conn) take(ctx context.Context) error {
	for {
		n, err := c.Read(c.buf[c.have:])
		if n > 0 {
			full := c.have+n == len(c.buf)
			if wrong := c.digest(ctx, n, full); wrong != nil {
				return wrong
			}
			c.resize(full)
		}
		switch {
		case err == nil:
		case c.have > 0 && errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		default:
			return err
		}
	}
}

// digest decodes the packets that n more bytes complete, and hands their results on together. more says that there is more to
// read at once.
func (c *conn) digest(ctx context.Context, n int, more bool) error {
	now := time.Now()
	at, end := 0, c.have+n
	c.got = c.got[:0]
	var wrong error
	for at < end {
		p, size, err := c.decode.Next(c.buf[at:end])
		if err != nil {
			wrong = err
			break
		}
		if size == 0 {
			break
		}
		c.result(&p, monitor.At(now))
		at += size
	}
	c.have = copy(c.buf, c.buf[at:end])
	if at > 0 {
		_ = c.SetReadDeadline(now.Add(c.l.idle))
	}
	if len(c.got) > 0 {
		if err := c.out.put(ctx, c.got, c.roomy(), more); err != nil {
			return err
		}
	}
	return wrong
}

// result makes a result of a packet, unless it says nothing that could be one.
func (c *conn) result(p *packet.Packet, now monitor.Time) {
	if len(p.Host) == 0 || controls(p.Host) || controls(p.Service) {
		c.l.refused[badName].Inc()
		return
	}
	state := monitor.Unknown
	switch host := len(p.Service) == 0; {
	case host && (p.Code < 0 || p.Code > 2):
		c.l.refused[badCode].Inc()
		return
	case p.Code >= 0 && p.Code <= 3:
		state = monitor.State(p.Code)
	}
	c.names = append(append(c.names[:0], p.Host...), p.Service...)
	names := string(c.names)
	s := monitor.Submission{Ref: monitor.Ref{Host: names[:len(p.Host)], Service: names[len(p.Host):]}, Time: now, Source: c.from}
	if !c.by.speaksFor(c.out.sink, s.Host) {
		c.l.refused[foreignHost].Inc()
		return
	}
	limit := len(p.Output)
	if p.Cut { // the last number may be half of one
		limit--
	}
	s.State = state
	s.Output, s.LongOutput, s.Perfdata = plugin.Output(p.Output, limit)
	c.got = append(c.got, s)
}

func controls(name []byte) bool {
	return bytes.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func (c *conn) roomy() bool { return len(c.buf) > len(c.small) }

// resize gives room to a connection that filled what it has, and takes it back when there is little to read.
func (c *conn) resize(full bool) {
	switch {
	case full && !c.roomy() && c.out.used:
		select {
		case c.l.large <- struct{}{}:
			c.buf = make([]byte, largeSize)
			copy(c.buf, c.small[:c.have])
		default:
		}
	case !full && c.roomy() && c.have == 0 && !c.out.busy():
		c.shrink()
	}
}

func (c *conn) shrink() {
	c.buf = c.small[:]
	<-c.l.large
}

func (c *conn) release() {
	if c.roomy() {
		c.shrink()
	}
	c.l.small.Put(c.small)
}

// judge counts why a connection ended, and complains where somebody should look.
func (c *conn) judge(err error) {
	const key = "does the sender have the same password and encryption_method?"
	reason, hint := "", ""
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, serve.ErrEnding), errors.Is(err, serve.ErrMadeRoom):
		return
	case errors.Is(err, packet.ErrVersion):
		reason, hint = badVersion, key
	case errors.Is(err, packet.ErrSum):
		reason, hint = badSum, key
	case errors.Is(err, packet.ErrAge):
		reason, hint = badAge, "the sender does not copy the time of its connection; a packet of another connection?"
	case errors.Is(err, io.ErrUnexpectedEOF):
		reason, hint = cutOff, "the connection ended in the middle of a packet: was the sender killed?"
	case errors.Is(err, os.ErrDeadlineExceeded):
		if c.have == 0 && c.out.used {
			return // it was only quiet for long
		}
		reason, hint = tooSlow, "no packet came in time"
	case errors.Is(err, errNotStored):
		c.l.complain.Say(err.Error(), c.From(), "results may be lost: look at the receiver")
		return // they are counted, one by one
	default: // the peer has gone
		if c.have == 0 {
			return
		}
		reason, hint = cutOff, "the connection broke in the middle of a packet"
	}
	c.l.refused[reason].Inc()
	c.l.complain.Say(err.Error(), c.From(), hint)
}
