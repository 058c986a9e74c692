package scheduler

import (
	"context"
	"log/slog"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	perfEvery = 50 * time.Millisecond
	perfBytes = 256 << 10
	perfQueue = 64 // messages that may wait to be published
	perfSpare = 2  // of which the memory is kept
	// perfRest is how long who gives a shard up waits until its last checks are told of: a hand-over is to take less than a second.
	perfRest = 500 * time.Millisecond
)

// perf tells PERF of the checks made in a shard, in order. The shard's loop collects them; run, in a goroutine of its own, publishes
// what was collected.
type perf struct {
	bus     bus.Conn
	subject bus.Subject
	lease   *lease
	meter   *meter
	log     *slog.Logger

	batch wire.Batch // what is collected
	due   time.Time  // when that is to go out
	// out are batches on their way, back those whose memory can be used again.
	out, back chan wire.Batch
	cancel    context.CancelFunc
	ended     chan struct{} // closed when run has ended
}

func newPerf(c bus.Conn, id monitor.Shard, l *lease, m *meter, log *slog.Logger) *perf {
	return &perf{
		bus: c, subject: bus.Perf(uint16(id)), lease: l, meter: m, log: log,
		out: make(chan wire.Batch, perfQueue), back: make(chan wire.Batch, perfSpare), ended: make(chan struct{}),
	}
}

// begin starts to publish; finish or abandon must follow. It goes on when the shard's inputs have ended: the last checks are told of,
// too.
func (p *perf) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go p.run(ctx)
}

// add collects a check.
func (p *perf) add(c *monitor.Check) {
	if p.batch.Len() == 0 {
		p.due = time.Now().Add(perfEvery)
	}
	p.batch.Add(c)
	if p.batch.Size() > perfBytes {
		p.publish()
	}
}

// publishDue publishes what has been collected for long enough.
func (p *perf) publishDue() {
	if p.batch.Len() > 0 && !time.Now().Before(p.due) {
		p.publish()
	}
}

// within shortens a pause to when something is to go out.
func (p *perf) within(pause time.Duration) time.Duration {
	if p.batch.Len() == 0 {
		return pause
	}
	return min(pause, max(time.Until(p.due), 0))
}

// publish hands the checks over to be published; when that is behind by perfQueue messages they are dropped and counted, since
// nothing behind the scheduler may hold it up.
func (p *perf) publish() {
	select {
	case p.out <- p.batch:
		p.batch = wire.Batch{}
		select {
		case p.batch = <-p.back:
		default:
		}
	default:
		p.meter.perfDropped.Add(p.batch.Len())
	}
	p.batch.Reset()
}

// close publishes what is left, without waiting for it. Nothing may be added any more.
func (p *perf) close() {
	if p.batch.Len() > 0 {
		p.publish()
	}
	close(p.out)
}

// finish waits, after close, until everything is published: for perfRest at most.
func (p *perf) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, perfRest)
	defer cancel()
	select {
	case <-p.ended:
	case <-ctx.Done():
	}
}

// abandon ends the publishing. What is not out by now is lost, and counted.
func (p *perf) abandon() {
	p.cancel()
	<-p.ended
	p.meter.perfDropped.Add(p.batch.Len())
	p.batch.Reset()
}

func (p *perf) run(ctx context.Context) {
	defer close(p.ended)
	for {
		select {
		case <-ctx.Done():
			p.dropped()
			return
		case batch, ok := <-p.out:
			if !ok {
				return
			}
			p.append(ctx, batch)
		}
	}
}

// append stores a batch, as soon as the lease holds: another owner may tell of the checks otherwise.
func (p *perf) append(ctx context.Context, batch wire.Batch) {
	for !p.lease.holds() {
		if sleep(ctx, heldEvery) != nil {
			p.meter.perfDropped.Add(batch.Len())
			return
		}
	}
	try, cancel := context.WithTimeout(ctx, 5*time.Second)
	err := p.bus.Append(try, p.subject, batch.Message(), "")
	cancel()
	if err != nil {
		p.meter.perfFailed.Inc()
		p.log.Debug("broks of checks were not stored", "error", err)
	}
	select {
	case p.back <- batch:
	default:
	}
}

// dropped counts what nobody publishes any more.
func (p *perf) dropped() {
	for {
		select {
		case batch, ok := <-p.out:
			if !ok {
				return
			}
			p.meter.perfDropped.Add(batch.Len())
		default:
			return
		}
	}
}
