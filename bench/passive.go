package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// passive is the name under which passive results are counted, as if a module had made them.
const passive = "passive"

// feeding writes passive results into the command file, each service's once an interval, evenly spread.
type feeding struct {
	r       *run
	e       *engine
	path    string
	rate    float64
	written int64
	next    int // service
	sampled time.Time
	behind  []float64 // how far the engine was behind what was written, in seconds
}

func newFeeding(r *run, e *engine, s *site) sideshow {
	return &feeding{r: r, e: e, path: s.path(commandFile), rate: float64(r.o.Services) / r.o.Interval.Seconds()}
}

const (
	// feedEvery is how often results are written: as many as are due.
	feedEvery = 20 * time.Millisecond
	// pipePiece is how much is written to the command file at once.
	pipePiece = 16 << 10
	// pipeWait is how long the engine may take to make it.
	pipeWait = time.Minute
)

func (p *feeding) during(ctx context.Context, begun <-chan struct{}) error {
	f, err := openPipe(ctx, p.path)
	if err != nil {
		return err
	}
	if f == nil {
		return nil
	}
	defer f.Close()
	// What is being written when the window ends is written to its end, so that it can be counted.
	defer context.AfterFunc(ctx, func() { _ = f.SetWriteDeadline(time.Now().Add(lastLook)) })()
	for owed, last := 0.0, time.Now(); pause(ctx, feedEvery); {
		now := time.Now()
		// An engine that takes less than is offered holds this up; more than a second of that is not made up for.
		owed = min(owed+p.rate*now.Sub(last).Seconds(), p.rate)
		last = now
		for owed >= 1 && ctx.Err() == nil {
			n, err := p.write(f, int(owed))
			if err != nil {
				return fmt.Errorf("writing to the command file: %w", err)
			}
			owed -= float64(n)
		}
		if err := p.sample(ctx, begun); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// openPipe opens the command file once the engine has made it; nil when ctx ends before.
func openPipe(ctx context.Context, path string) (*os.File, error) {
	for end := time.Now().Add(pipeWait); ; {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		switch {
		case err == nil:
			return f, nil
		case !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ENXIO) || time.Now().After(end):
			return nil, fmt.Errorf("opening the command file: %w", err)
		}
		if !pause(ctx, 100*time.Millisecond) {
			return nil, nil
		}
	}
}

// write writes up to so many results and says how many.
func (p *feeding) write(f *os.File, most int) (int, error) {
	batch, n := make([]byte, 0, pipePiece+128), 0
	now := time.Now().Unix()
	for ; n < most && len(batch) < pipePiece; n++ {
		batch = strconv.AppendInt(append(batch, '['), now, 10)
		batch = fmt.Appendf(batch, "] PROCESS_SERVICE_CHECK_RESULT;%s-%d;s%d;0;fine|value=%d\n", passive, p.next/servicesOfHost+1, p.next%servicesOfHost, now%100)
		p.next = (p.next + 1) % p.r.o.Services
	}
	_, err := f.Write(batch)
	if err == nil {
		p.written += int64(n)
	}
	return n, err
}

// sample notes once a second of the window how far behind the engine is.
func (p *feeding) sample(ctx context.Context, begun <-chan struct{}) error {
	select {
	case <-begun:
	default:
		return nil
	}
	if time.Since(p.sampled) < time.Second {
		return nil
	}
	p.sampled = time.Now()
	m, err := p.e.metrics(ctx)
	if err == nil {
		p.behind = append(p.behind, max(0, float64(p.written-m.checks[passive])/p.rate))
	}
	return err
}

// after waits for the last results and says whether one is missing.
func (p *feeding) after(ctx context.Context, f *Figures) ([]string, error) {
	slices.Sort(p.behind)
	f.Lateness = latenessOf(p.behind)
	applied, since := int64(-1), time.Now()
	for time.Since(since) < 5*time.Second {
		m, err := p.e.metrics(ctx)
		if err != nil {
			return nil, err
		}
		if n := m.checks[passive]; n != applied {
			applied, since = n, time.Now()
		}
		if applied >= p.written || !pause(ctx, 100*time.Millisecond) {
			break
		}
	}
	lost := p.written - applied
	f.Errors += int(max(lost, -lost))
	return []string{
		fmt.Sprintf("%s results were written from the start, %s were applied, %s are missing; late is how far the engine was behind, looked at once a second.",
			thousands(int(p.written)), thousands(int(applied)), thousands(int(lost))),
	}, nil
}
