package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/monitor"
)

// flooders is how many send at once as fast as they are answered: more than the cluster can serve, whatever machine it is on.
const flooders = 50

// resultsFlood is row 17: as many results as the cluster takes, and more.
func resultsFlood() Row {
	return Row{Name: "flood", Number: 17, About: "many times more passive results than can be taken", Takes: 3 * time.Minute, bound: 2 * interval * time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		calmFor, floodFor := 30*time.Second, time.Minute
		if s.o.Quick {
			calmFor, floodFor = 10*time.Second, 10*time.Second
		}
		began := time.Now()
		if err := pause(ctx, calmFor); err != nil {
			return err
		}
		s.say("%d senders send as fast as they are answered, for %v", flooders, floodFor)
		flood := s.newFlood("flood", flooders, func(int) int { return 0 })
		s.floods = append(s.floods, flood)
		flooded := time.Now()
		flood.begin(ctx)
		err := pause(ctx, floodFor)
		flood.stop()
		ended := time.Now()
		flood.end()
		if err != nil {
			return err
		}
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		all := func(*monitor.Check) bool { return true }
		before, during := quantile(e.latencies(began, flooded, all), 0.99), quantile(e.latencies(flooded, ended, all), 0.99)
		f.Know("results taken a second", fmt.Sprintf("%.0f", float64(flood.taken())/ended.Sub(flooded).Seconds()))
		without, refused := flood.refused()
		f.Know("requests refused; not answered", fmt.Sprintf("%d; %d", refused, without))
		f.Know("latency of checks before, p99", round(before))
		f.Figures = append(f.Figures, Figure{"the same in the flood", round(during), "<= twice and " + round(noise), during <= 2*before+noise})
		return nil
	}}
}

// strangersFlood is row 18: floods that nobody asked for must cost the others nothing.
func strangersFlood() Row {
	return Row{Name: "flood-unknown", Number: 18, About: "one source floods with results of unknown hosts, and of one host", Takes: 2 * time.Minute, bound: 2 * interval * time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		long := 20 * time.Second
		if s.o.Quick {
			long = 6 * time.Second
		}
		if err := pause(ctx, long); err != nil {
			return err
		}
		f.Know("time until others were answered before, p99", round(quantile(s.load.times(time.Now().Add(-long)), 0.99)))
		var many atomic.Int64
		for _, phase := range []struct {
			what string
			body func() []byte
		}{
			{"unknown hosts", func() []byte {
				return repeat(func(i int) string {
					return fmt.Sprintf(`{"host":"nobody%d-%d","service":"x","state":0,"output":"x"}`, many.Add(1), i)
				})
			}},
			{"one host", func() []byte {
				return repeat(func(i int) string {
					return fmt.Sprintf(`{"host":%q,"service":"flood","state":%d,"output":"flood %d"}`, host(0), i%3, i)
				})
			}},
		} {
			s.say("one source floods with results of %s for %v", phase.what, long)
			began := time.Now()
			answers, err := s.fling(ctx, long, phase.body)
			if err != nil {
				return err
			}
			f.Know("requests of 100 results of "+phase.what+", by answer", answers)
			f.AtMost("time until others were answered meanwhile, p99", quantile(s.load.times(began), 0.99), 2*time.Second)
		}
		return nil
	}}
}

// repeat makes a request of 100 results.
func repeat(one func(int) string) []byte {
	var b bytes.Buffer
	for i := range 100 {
		b.WriteString(map[bool]string{true: "[", false: ","}[i == 0])
		b.WriteString(one(i))
	}
	b.WriteString("]")
	return b.Bytes()
}

// fling sends requests from the stranger's address as fast as they are answered, and says how they were answered.
func (s *Site) fling(ctx context.Context, long time.Duration, body func() []byte) (string, error) {
	from := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(s.lab.Stranger(), 0))}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DialContext: from.DialContext, MaxIdleConnsPerHost: flooders}}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	var mu sync.Mutex
	var working sync.WaitGroup
	answers := map[int]int{}
	receivers := s.Daemons("receiver")
	for i := range flooders {
		working.Go(func() {
			for ctx.Err() == nil {
				status, _ := post(client, "http://"+receivers[i%len(receivers)].On.Path(resultsPort)+"/results", body(), "")
				mu.Lock()
				answers[status]++
				mu.Unlock()
			}
		})
	}
	working.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.DeadlineExceeded) {
		return "", err
	}
	return fmt.Sprint(answers), nil
}

// times gives, in order, how long it took until requests were answered that were since then.
func (l *load) times(since time.Time) (all []time.Duration) {
	for _, a := range l.acks() {
		if a.at.After(since) {
			all = append(all, a.took)
		}
	}
	slices.Sort(all)
	return all
}
