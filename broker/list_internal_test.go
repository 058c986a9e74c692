package broker

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
)

// void takes an answer and forgets it.
type void struct{ header http.Header }

func (v void) Header() http.Header         { return v.header }
func (v void) Write(b []byte) (int, error) { return len(b), nil }
func (v void) WriteHeader(int)             {}

// large gives a broker that knows so many hosts with ten services each, one of them CRITICAL, and a comment each.
func large(hosts int) *Broker {
	b := New(Options{Log: slog.New(slog.DiscardHandler)})
	for i := range hosts {
		name := fmt.Sprintf("host-%05d", i)
		all := []monitor.Status{{Ref: monitor.Ref{Host: name}}}
		for j := range 10 {
			s := monitor.Status{
				Ref: monitor.Ref{Host: name, Service: fmt.Sprint("service-", j)}, LastCheck: 1e18, LastUpdate: 1e18 + 1e6,
				Output: "OK - 127.0.0.2: rta 0.039ms, lost 0%", Perfdata: "rta=0.039ms;200.000;500.000;0; pl=0%;40;80;;",
			}
			if j == 0 {
				s.State, s.LastTimeCritical = monitor.Critical, 1e18
			}
			all = append(all, s)
		}
		b.view.Fill(all, 1)
		b.view.Apply(&monitor.Brok{Kind: monitor.BrokComment, Comment: &monitor.Comment{ID: uint64(i), Ref: all[0].Ref, Text: "seen"}})
	}
	return b
}

// BenchmarkAnswers asks for the present of 10,000 hosts and 100,000 services. Besides the time of an answer it gives the longest
// that whoever brings news has waited for the view on average of all answers.
func BenchmarkAnswers(b *testing.B) {
	broker := large(10_000)
	mux := http.NewServeMux()
	broker.Handle(mux)
	for _, path := range []string{"services", "services?problems=1", "services?host=host-05000", "hosts", "summary", "comments", "downtimes"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			var longest time.Duration
			for b.Loop() {
				longest += waited(broker, func() {
					mux.ServeHTTP(void{http.Header{}}, httptest.NewRequest(http.MethodGet, "/api/"+path, nil))
				})
			}
			b.ReportMetric(float64(longest.Microseconds())/float64(b.N), "µs-wait/op")
		})
	}
}

// waited gives the longest wait for the view while something is done.
func waited(b *Broker, work func()) (longest time.Duration) {
	var done sync.WaitGroup
	over := make(chan struct{})
	done.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(100 * time.Microsecond):
				begun := time.Now()
				b.mu.Lock()
				b.clockLocked()
				b.mu.Unlock()
				longest = max(longest, time.Since(begun))
			}
		}
	})
	work()
	close(over)
	done.Wait()
	return longest
}
