package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// The usual load: each sender has some of the hosts and sends a result for each of them every pace, and every alarmEvery of them
// also one for the service of which people are told, OK and CRITICAL in turn.
const (
	senders    = 4
	pace       = 200 * time.Millisecond // 500 results a second in all
	alarmEvery = 10                     // 50 alarms a second in all
)

// load is senders of results for one service of each host, and what they were told. What is not answered with 200 is sent again
// under the same name, to the next receiver, until it is; so each service's results are answered in order.
type load struct {
	s       *Site
	service string
	senders int           // which share the hosts
	pace    time.Duration // 0 for the next as soon as one is answered
	each    int           // results for each host in a request
	alarms  bool          // some of them are for the service alarm
	state   func(n int) int
	client  *http.Client

	stop    context.CancelFunc
	working sync.WaitGroup

	mu      sync.Mutex
	to      []*Daemon // receivers; nil for all
	acked   []ack
	tries   int
	answers map[int]int // how many there were of each status; 0 for none within the time
}

// ack is a request that was answered with 200: some results for each host of a sender, whose numbers are those of span.
type ack struct {
	sender, n int
	at        time.Time
	took      time.Duration // since it was sent first
	by        string        // the receiver that answered
	alone     bool          // no other receiver can have had it
}

// newLoad is the usual load.
func newLoad(s *Site) *load {
	l := s.newFlood("result", senders, func(n int) int { return n % 2 })
	l.pace, l.each, l.alarms = pace, 1, true
	return l
}

// newFlood is senders that are in a hurry.
func (s *Site) newFlood(service string, senders int, state func(int) int) *load {
	return &load{s: s, service: service, senders: senders, each: 20, state: state, client: &s.client, stop: func() {}, answers: map[int]int{}}
}

func (l *load) begin(ctx context.Context) {
	ctx, l.stop = context.WithCancel(ctx)
	for i := range l.senders {
		l.working.Go(func() { l.send(ctx, i) })
	}
}

// end lets each sender finish what it has begun, for as long as the site may need to take it.
func (l *load) end() {
	l.stop()
	l.working.Wait()
}

// only has everything be sent to some receivers from now on.
func (l *load) only(receivers ...*Daemon) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to = receivers
}

func (l *load) receivers() []*Daemon {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.to != nil {
		return l.to
	}
	return l.s.Daemons("receiver")
}

func (l *load) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// acks gives what was answered so far.
func (l *load) acks() []ack {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]ack(nil), l.acked...)
}

// giveUp is how long a sender goes on with a request after the end.
const giveUp = time.Minute

func (l *load) send(ctx context.Context, sender int) {
	for n := 1; ctx.Err() == nil; n++ {
		began := time.Now()
		if by, alone, ok := l.until(ctx, sender, n); ok {
			l.mu.Lock()
			l.acked = append(l.acked, ack{sender, n, time.Now(), time.Since(began), by, alone})
			l.mu.Unlock()
		}
		if l.pace > 0 {
			_ = pause(ctx, l.pace-time.Since(began))
		}
	}
}

// until sends a request until it is answered with 200, and says by whom, and whether that one alone can have had it.
func (l *load) until(ctx context.Context, sender, n int) (by string, alone, ok bool) {
	body, name := l.results(sender, n), fmt.Sprintf("%s-%d-%d-%d", l.service, os.Getpid(), sender, n)
	var ended time.Time
	had := map[string]bool{}
	for try := sender; ; try++ {
		receivers := l.receivers()
		to := receivers[try%len(receivers)]
		status, arrived := l.post(to, body, name)
		if arrived {
			had[to.Name()] = true
		}
		if status == http.StatusOK {
			return to.Name(), len(had) == 1, true
		}
		if ctx.Err() != nil && ended.IsZero() {
			ended = time.Now()
		}
		if !ended.IsZero() && time.Since(ended) > giveUp {
			return "", false, false
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (l *load) post(to *Daemon, body []byte, name string) (status int, arrived bool) {
	status, arrived = post(l.client, "http://"+to.On.Path(resultsPort)+"/results", body, name)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries++
	l.answers[status]++
	return status, arrived
}

// post gives the status of the answer, 0 when there was none, and whether the request can have arrived: a process that is stopped takes
// it up when it goes on, although its sender has given it up.
func post(client *http.Client, url string, body []byte, name string) (status int, arrived bool) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, false
	}
	if name != "" {
		req.Header.Set("Idempotency-Key", name)
	}
	resp, err := client.Do(req)
	if err != nil {
		op, network := errors.AsType[*net.OpError](err)
		return 0, !network || op.Op != "dial"
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	return resp.StatusCode, true
}

// refused gives how many answers were none, or not 200.
func (l *load) refused() (without, refused int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for status, n := range l.answers {
		switch status {
		case 0:
			without += n
		case http.StatusOK:
		default:
			refused += n
		}
	}
	return without, refused
}

// span gives the first and the last number of the results for each host in request n.
func (l *load) span(n int) (first, last int) { return (n-1)*l.each + 1, n * l.each }

// taken is how many results were answered with 200.
func (l *load) taken() int { return l.answered() * l.each * hosts / l.senders }

// hostsOf gives the hosts of one of several senders.
func hostsOf(sender, senders int) (names []string) {
	for n := sender; n < hosts; n += senders {
		names = append(names, host(n))
	}
	return names
}

// alarmed says which state the service alarm gets with request n; false if it gets none.
func alarmed(n int) (state int, yes bool) { return 2 * (n / alarmEvery % 2), n%alarmEvery == 0 }

// results are those of one request, as JSON.
func (l *load) results(sender, n int) []byte {
	var b bytes.Buffer
	sep := "["
	for _, h := range hostsOf(sender, l.senders) {
		for first, last := l.span(n); first <= last; first++ {
			fmt.Fprintf(&b, `%s{"host":%q,"service":%q,"state":%d,"output":"number %d"}`, sep, h, l.service, l.state(first), first)
			sep = ","
		}
		if state, yes := alarmed(n); yes && l.alarms {
			fmt.Fprintf(&b, `,{"host":%q,"service":"alarm","state":%d,"output":"number %d"}`, h, state, n)
		}
	}
	b.WriteString("]")
	return b.Bytes()
}
