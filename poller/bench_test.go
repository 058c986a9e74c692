package poller_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/poller"
)

// wireless is a bus that hands jobs to the poller and counts its results, and costs nothing itself.
type wireless struct {
	bus.Conn
	deliver chan func(bus.Msg)

	mu    sync.Mutex
	room  *sync.Cond
	under int // checks under way
}

func (w *wireless) Subscribe(_ bus.Subject, deliver func(bus.Msg)) (func(), error) {
	w.deliver <- deliver
	return func() {}, nil
}

func (w *wireless) Publish(bus.Subject, []byte) error { return nil }

func (w *wireless) Append(_ context.Context, _ bus.Subject, data []byte, _ string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.under -= int(binary.BigEndian.Uint32(data[2:])) // as wire.Batch writes it
	w.room.Signal()
	return nil
}

// wait returns when no more than so many checks are under way.
func (w *wireless) wait(most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.under > most {
		w.room.Wait()
	}
}

func (w *wireless) add(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.under += n
}

// answering is a module whose checks are answered at once; starter says whether it has an engine.
type answering struct{ starter bool }

func (answering) Name() string       { return "answering" }
func (answering) Programs() []string { return []string{"look"} }

func (a answering) Parse([]string) (modules.Probe, error) {
	if a.starter {
		return started{}, nil
	}
	return ran{}, nil
}

type ran struct{}

func (ran) Run(context.Context) (monitor.Outcome, error) {
	return monitor.Outcome{Output: "OK: fine", Perfdata: "time=0.000123s;;;0"}, nil
}

type started struct{ ran }

func (s started) Start(_ time.Time, w modules.Waiter) {
	w.Done(s.Run(context.Background()))
}

// BenchmarkPoller is what a check costs the poller from jobs that came to results that go: by an engine that answers at once,
// and in a goroutine.
func BenchmarkPoller(b *testing.B) {
	for _, kind := range []string{"start", "run"} {
		b.Run(kind, func(b *testing.B) { benchPoller(b, answering{kind == "start"}) })
	}
}

func benchPoller(b *testing.B, m modules.Check) {
	const perMessage, lines, most = 64, 1 << 14, 8 << 10
	w := &wireless{Conn: membus.New().Connect("bench"), deliver: make(chan func(bus.Msg), 1)}
	w.room = sync.NewCond(&w.mu)
	if err := w.Prepare(b.Context()); err != nil {
		b.Fatal(err)
	}
	p := poller.New(poller.Options{
		Name: "p", Boot: "b", Pools: []string{""}, Slots: 1 << 14, Bus: w,
		Probes: poller.NewProbes([]modules.Check{m}, noFork{}), Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	deliver := <-w.deliver
	msgs := make([]bus.Msg, lines/perMessage)
	for i := range msgs {
		batch := wire.Jobs{From: "scheduler"}
		for j := range perMessage {
			n := i*perMessage + j
			batch.Jobs = append(batch.Jobs, monitor.Job{
				Shard: monitor.Shard(n % 16), Object: monitor.ID(n), Seq: 1, Epoch: 1 << 20, Host: fmt.Sprint("host", n/8), Service: fmt.Sprint("service", n%8),
				Line:    fmt.Appendf(nil, "/usr/lib/nagios/plugins/look -H 10.0.%d.%d -w 100,20%% -c 200,40%%", n>>8, n&255),
				Timeout: time.Minute, Due: monitor.At(time.Now()),
			})
		}
		msgs[i].Data = wire.Marshal(&batch)
	}
	give := func(i int) {
		w.wait(most)
		w.add(perMessage)
		deliver(msgs[i%len(msgs)])
	}
	for i := range msgs { // each line is parsed once
		give(i)
	}
	w.wait(0)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	for i := 0; i < b.N; i += perMessage {
		give(i / perMessage)
	}
	w.wait(0)
	b.ReportMetric(float64(cpu()-before)/float64(b.N), "cpu-ns/op")
	b.StopTimer()
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}

// cpu is what the process has used so far, which other processes change less than how long it takes.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
