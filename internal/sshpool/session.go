package sshpool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// Reply is what a command gave. The caller owns its slices.
type Reply struct {
	Stdout, Stderr []byte
	// Exit is the exit status; -1 if the server gave none.
	Exit int
	// Signal is the signal that ended the command: "KILL". Empty if none did.
	Signal string
	// Notes are warnings that ssh prints whenever it logs in as here; Banner is what the server says then.
	Notes  []string
	Banner string
}

// Refused says that a command was not run to its end because of the other side, or of what it is trusted with.
type Refused struct {
	// Said is the line that ssh prints then, Hint says more: why, and what to do.
	Said, Hint string
	// Notes and Banner came before, as in Reply.
	Notes  []string
	Banner string
}

func (r *Refused) Error() string {
	if r.Hint == "" {
		return r.Said
	}
	return r.Said + " " + r.Hint
}

// Late says that time was over: the context has ended.
type Late struct {
	Stage string // what was being waited for: "connecting"
	Err   error  // the context's cause
}

func (l *Late) Error() string { return l.Stage + ": " + l.Err.Error() }

// Unwrap gives the context's cause.
func (l *Late) Unwrap() error { return l.Err }

const (
	// quick is how long a command may take before it is told that its standard input has an end, and before anybody reads
	// its standard error. Most are over by then, and save us a packet and a goroutine.
	quick = 20 * time.Millisecond
	// tries is how often a session is tried to begin: a connection may be lost, or full, in between.
	tries = 3
)

// Run runs a command and gives at most limit bytes of each of its streams. The command's standard input is empty.
//
// Errors are *Refused, *Late, or about this machine. A command whose session may have begun is not run again.
// After ctx ended the server is asked to kill the command; a server that does not obey loses the connection.
func (p *Pool) Run(ctx context.Context, l Login, command string, limit int) (Reply, error) {
	for try := 1; ; try++ {
		c, err := p.place(ctx, l)
		if err != nil {
			return Reply{}, err
		}
		s := &session{conn: c, command: command, limit: limit, done: make(chan struct{})}
		fresh := time.Since(c.since) < p.o.Stale || c.heardSince(time.Now().Add(-p.o.Stale))
		p.all.Go(s.run)
		if err := s.wait(ctx, fresh); err != nil {
			return Reply{}, err
		}
		if s.err == nil {
			s.reply.Notes, s.reply.Banner = c.notes, c.banner
			return s.reply, nil
		}
		if s.phase.Load() == phaseRunning || try == tries {
			return Reply{}, s.why(l)
		}
	}
}

// The phases of a session. Whoever moves it out of the first decides whether the command is run.
const (
	phaseOpening int32 = iota
	phaseRunning
	phaseDropped
)

// session is one command. The goroutine of run owns reply and err until done is closed.
type session struct {
	conn    *conn
	command string
	limit   int
	phase   atomic.Int32
	done    chan struct{}
	reply   Reply
	err     error

	// hung and over belong to the pool's lock: the check has given up on it; it has given its place back.
	hung, over bool

	mu      sync.Mutex
	channel ssh.Channel
}

// wait waits for the end of a session. Its error is the context's; else it is over. A connection that was idle for long and
// does not answer anybody is given up in time to try another one.
func (s *session) wait(ctx context.Context, fresh bool) error {
	if !fresh {
		began := time.Now()
		defer time.AfterFunc(patience(ctx), func() {
			if !s.conn.heardSince(began) && s.phase.CompareAndSwap(phaseOpening, phaseDropped) {
				s.conn.drop()
			}
		}).Stop()
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	stage := "waiting for the command"
	if s.phase.CompareAndSwap(phaseOpening, phaseDropped) {
		stage = "waiting for a session"
	}
	s.kill()
	time.AfterFunc(s.conn.pool.o.Grace, s.abandon)
	return &Late{Stage: stage, Err: context.Cause(ctx)}
}

// patience is how long an old connection may take to open a session.
func patience(ctx context.Context) time.Duration {
	until, ok := ctx.Deadline()
	if !ok {
		return 5 * time.Second
	}
	return min(5*time.Second, time.Until(until)/3)
}

// kill asks the server to end the command.
func (s *session) kill() {
	s.mu.Lock()
	channel := s.channel
	s.mu.Unlock()
	if channel == nil {
		return
	}
	go func() { // a peer that does not read blocks it
		_, _ = channel.SendRequest("signal", false, ssh.Marshal(struct{ Signal string }{"KILL"}))
		_ = channel.Close()
	}()
}

// run makes the session and gives its place back.
func (s *session) run() {
	defer close(s.done)
	defer s.conn.pool.leave(s.conn, s)
	channel, requests, err := s.conn.ssh.OpenChannel("session", nil)
	if err != nil {
		if _, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
			s.conn.full()
		} else {
			s.conn.drop()
		}
		s.err = err
		return
	}
	defer channel.Close()
	s.mu.Lock()
	s.channel = channel
	s.mu.Unlock()
	if !s.phase.CompareAndSwap(phaseOpening, phaseRunning) {
		s.err = errDropped
		return
	}
	s.err = s.exec(channel, requests)
}

var (
	errDropped    = errors.New("given up before it began")
	errNoExec     = errors.New("exec request failed on channel 0")
	errDisconnect = errors.New("the connection was lost")
)

// exec asks for the command and takes in what it gives.
func (s *session) exec(channel ssh.Channel, requests <-chan *ssh.Request) error {
	ok, err := channel.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{s.command}))
	if err != nil {
		return errDisconnect
	}
	if !ok {
		return errNoExec
	}
	rest := make(chan struct{})
	slow := time.AfterFunc(quick, func() {
		defer close(rest)
		_ = channel.CloseWrite()
		s.reply.Stderr = take(channel.Stderr(), s.limit)
	})
	s.reply.Stdout = take(channel, s.limit)
	if slow.Stop() {
		s.reply.Stderr = take(channel.Stderr(), s.limit)
	} else {
		<-rest
	}
	s.reply.Exit = -1
	ended := false
	for r := range requests {
		ended = s.reply.note(r) || ended
	}
	if ended {
		return nil
	}
	// The channel may have ended because the connection did.
	if _, _, err := s.conn.ssh.SendRequest("keepalive@openssh.com", true, nil); err != nil {
		return errDisconnect
	}
	return nil
}

// note takes what the server says of the command's end, and says whether it did.
func (r *Reply) note(q *ssh.Request) bool {
	if q.WantReply {
		_ = q.Reply(false, nil)
	}
	switch {
	case q.Type == "exit-status" && len(q.Payload) >= 4:
		r.Exit = int(binary.BigEndian.Uint32(q.Payload) & 0xff)
		return true
	case q.Type == "exit-signal":
		var end struct {
			Signal string
			Core   bool
			Text   string
			Lang   string
		}
		_ = ssh.Unmarshal(q.Payload, &end)
		r.Signal = end.Signal
		return true
	}
	return false
}

// scratch is what streams are read into.
var scratch = sync.Pool{New: func() any { return new([4096]byte) }}

// take reads a stream to its end and keeps at most limit bytes.
func take(from io.Reader, limit int) []byte {
	buf := scratch.Get().(*[4096]byte)
	defer scratch.Put(buf)
	var kept []byte
	for {
		n, err := from.Read(buf[:])
		kept = append(kept, buf[:min(n, limit-len(kept))]...)
		if err != nil {
			return kept
		}
	}
}

// why puts the error of a session in ssh's words.
func (s *session) why(l Login) error {
	spec := l.spec()
	r := &Refused{Notes: s.conn.notes, Banner: s.conn.banner}
	refused, ok := errors.AsType[*ssh.OpenChannelError](s.err)
	switch {
	case ok:
		r.Said = fmt.Sprintf("channel 0: open failed: %s: %.200s", reasonOf(refused.Reason), refused.Message)
		r.Hint = "the server grants no session: see MaxSessions in its sshd_config"
	case s.err == errNoExec:
		r.Said = errNoExec.Error()
	default:
		r.Said = fmt.Sprintf("Connection to %s closed by remote host.", spec.host)
	}
	return r
}

// reasonOf gives OpenSSH's words (channels.c, reason2txt).
func reasonOf(r ssh.RejectionReason) string {
	switch r {
	case ssh.Prohibited:
		return "administratively prohibited"
	case ssh.ConnectionFailed:
		return "connect failed"
	case ssh.UnknownChannelType:
		return "unknown channel type"
	case ssh.ResourceShortage:
		return "resource shortage"
	}
	return "unknown reason"
}
