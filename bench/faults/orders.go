package faults

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// orderEvery is how often somebody gives a command.
const orderEvery = 250 * time.Millisecond

// orders is somebody who comments, acknowledges, plans downtimes and switches things off, one after the other, and what was answered.
// What is not taken is ordered again, at the next receiver.
type orders struct {
	s       *Site
	stop    context.CancelFunc
	working sync.WaitGroup

	mu    sync.Mutex
	taken []order
}

// order is a command that was answered with 200 or 202: carried out, or stored for when somebody can.
type order struct {
	kind orderKind
	host string
	text string // of the comment
}

type orderKind int

const (
	comment orderKind = iota
	downtime
	acknowledge
	silence
	orderKinds
)

// nth is the nth order.
func nth(n int) order {
	return order{kind: orderKind(n % int(orderKinds)), host: host(n / int(orderKinds) % hosts), text: fmt.Sprintf("order %d", n)}
}

// line is it as an external command.
func (o order) line(now time.Time) string {
	switch o.kind {
	case comment:
		return fmt.Sprintf("ADD_SVC_COMMENT;%s;result;1;lab;%s", o.host, o.text)
	case downtime:
		return fmt.Sprintf("SCHEDULE_SVC_DOWNTIME;%s;flood;%d;%d;1;0;0;lab;%s", o.host, now.Unix(), now.Add(6*time.Hour).Unix(), o.text)
	case acknowledge:
		return fmt.Sprintf("ACKNOWLEDGE_SVC_PROBLEM;%s;broken;2;0;1;lab;%s", o.host, o.text)
	default:
		return fmt.Sprintf("DISABLE_SVC_NOTIFICATIONS;%s;checked", o.host)
	}
}

func (o *orders) begin(ctx context.Context) {
	ctx, o.stop = context.WithCancel(ctx)
	o.working.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			o.give(ctx, nth(n))
			_ = pause(ctx, orderEvery)
		}
	})
}

func (o *orders) end() {
	o.stop()
	o.working.Wait()
}

// give orders it until it is taken.
func (o *orders) give(ctx context.Context, one order) {
	receivers := o.s.Daemons("receiver")
	for try := 0; ctx.Err() == nil; try++ {
		to := receivers[try%len(receivers)]
		status, _ := post(&o.s.client, "http://"+to.HTTP+"/api/command", []byte(one.line(time.Now())), "")
		if status == http.StatusOK || status == http.StatusAccepted {
			o.mu.Lock()
			o.taken = append(o.taken, one)
			o.mu.Unlock()
			return
		}
		_ = pause(ctx, 100*time.Millisecond)
	}
}

// all gives what was taken so far.
func (o *orders) all() []order {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]order(nil), o.taken...)
}
