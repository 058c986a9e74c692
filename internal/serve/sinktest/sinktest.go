// Package sinktest knows how tests of listeners see what these hand on.
package sinktest

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// Sink keeps what it gets. Any goroutine may use it; set Answer before it is used.
type Sink struct {
	// Answer, if it is set, says what becomes of results; otherwise all are stored.
	Answer func(ctx context.Context, results []monitor.Submission) (modules.Receipt, error)
	// Names are of hosts that may be called by addresses.
	Names map[string]string
	// Refuse, if it is set, judges commands.
	Refuse func(line string) error

	mu       sync.Mutex
	came     sync.Cond
	results  []monitor.Submission
	commands []string
}

// Submit implements modules.Sink.
func (s *Sink) Submit(ctx context.Context, results []monitor.Submission) (modules.Receipt, error) {
	receipt, err := modules.Receipt{Stored: len(results)}, error(nil)
	if s.Answer != nil {
		receipt, err = s.Answer(ctx, results)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.wake()
	for _, r := range results { // the caller may use the strings' memory again
		r.Host, r.Service, r.Source, r.ID = strings.Clone(r.Host), strings.Clone(r.Service), strings.Clone(r.Source), strings.Clone(r.ID)
		r.Output, r.LongOutput, r.Perfdata = strings.Clone(r.Output), strings.Clone(r.LongOutput), strings.Clone(r.Perfdata)
		s.results = append(s.results, r)
	}
	return receipt, err
}

// Obey implements modules.Sink.
func (s *Sink) Obey(_ context.Context, line, source string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.wake()
	s.commands = append(s.commands, source+": "+line)
	if s.Refuse != nil {
		return s.Refuse(line)
	}
	return nil
}

// NameOf implements modules.Naming.
func (s *Sink) NameOf(host string) string { return cmp.Or(s.Names[host], host) }

// wake wakes who waits. The lock is held.
func (s *Sink) wake() {
	s.came.L = &s.mu
	s.came.Broadcast()
}

// Await waits until so many results and commands have come since those that were given before.
func (s *Sink) Await(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came.L = &s.mu
	for len(s.results)+len(s.commands) < n {
		s.came.Wait()
	}
}

// Results gives what was submitted since the last call.
func (s *Sink) Results() []monitor.Submission {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.results
	s.results = nil
	return got
}

// Commands gives the commands since the last call, each with its source and ": " in front.
func (s *Sink) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.commands
	s.commands = nil
	return got
}

// Define makes a definition of a module: each setting is a line "name value".
func Define(module, kind string, settings ...string) *monitor.Module {
	m := &monitor.Module{Name: module, Type: kind, File: "test.cfg", Line: 1}
	for i, text := range settings {
		name, value, _ := strings.Cut(text, " ")
		m.Settings = append(m.Settings, monitor.Setting{Name: name, Value: strings.TrimSpace(value), Line: uint32(i + 2)})
	}
	return m
}

// Env is an environment with metrics of its own.
func Env() modules.Env {
	return modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}
}

// Metric gives the value of a metric as it is published, with its labels; empty if there is none.
func Metric(e modules.Env, name string) string {
	var b strings.Builder
	e.Metrics.WritePrometheus(&b)
	for line := range strings.Lines(b.String()) {
		if value, is := strings.CutPrefix(line, name+" "); is {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Port gives a free port of 127.0.0.1.
func Port(t testing.TB) string { return strconv.Itoa(realpeer.Port(t)) }

// Listen lets a listener listen until the test ends, and fails the test if it gives up. It waits until address answers, unless
// that is empty.
func Listen(t testing.TB, l modules.Listener, sink modules.Sink, address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Listen(ctx, sink) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s ended with %v", l.Name(), err)
		}
	})
	for address != "" && t.Context().Err() == nil {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s does not listen: %v", l.Name(), err)
		default:
		}
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
	}
}
