package broker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// module is an export module that remembers what it took; trouble, asked before, says why it takes nothing.
type module struct {
	name    string
	wants   modules.Wants
	trouble func(ctx context.Context) error

	mu    sync.Mutex
	busy  bool
	tries []time.Time
	all   []string
}

func (m *module) Name() string { return m.name }

func (m *module) Wants() modules.Wants { return m.wants }

// wanting says what a module gets.
func wanting(m *module, events, checks bool) *module {
	m.wants = modules.Wants{Events: events, Checks: checks}
	return m
}

func (m *module) Export(ctx context.Context, broks []monitor.Brok) error {
	m.mu.Lock()
	if m.busy {
		panic("called twice at a time")
	}
	m.busy = true
	m.tries = append(m.tries, time.Now())
	m.mu.Unlock()
	var err error
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.busy = false
	}()
	if m.trouble != nil {
		err = m.trouble(ctx)
	}
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range broks {
		m.all = append(m.all, words(&broks[i]))
	}
	return nil
}

func (m *module) took() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.all)
}

func words(b *monitor.Brok) string {
	switch {
	case b.Status != nil:
		return b.Status.Ref.String() + " " + b.Status.StateName()
	case b.Check != nil:
		return b.Check.Ref.String() + " " + b.Check.StateName()
	case b.Action != nil:
		return "action " + b.Action.ID
	}
	return b.Text
}

// note records a line for the log.
func (s *site) note(text string) { s.happened(0, monitor.Brok{Kind: monitor.BrokLog, Text: text}) }

func TestAModuleGetsWhatItAskedForInOrder(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		events, perf := &module{name: "events"}, &module{name: "perf"}
		stop := s.run(wanting(events, true, false), wanting(perf, false, true))
		var want []string
		for i := range 600 { // more than one batch of the stream
			s.note(fmt.Sprint(i))
			want = append(want, fmt.Sprint(i))
		}
		s.checked(0, check("a/1", monitor.OK), check("a/2", monitor.Warning))
		action := monitor.Brok{Kind: monitor.BrokNotification, Action: &monitor.Action{ID: "x"}}
		s.record(0, bus.Record{Subject: bus.Actions(0, "EU"), Data: wire.Marshal(action)})
		want = append(want, "action x")
		time.Sleep(time.Minute)
		if diff := cmp.Diff(want, events.took()); diff != "" {
			t.Errorf("events: %s", diff)
		}
		s.must(s.bus.Append(t.Context(), bus.Done(0), wire.Marshal(monitor.Brok{Kind: monitor.BrokActionDone, Action: &monitor.Action{ID: "x done"}}), ""))
		time.Sleep(time.Second)
		if diff := cmp.Diff(append(want, "action x done"), events.took()); diff != "" {
			t.Errorf("events: %s", diff)
		}
		if diff := cmp.Diff([]string{"a/1 OK", "a/2 WARNING"}, perf.took()); diff != "" {
			t.Errorf("perf: %s", diff)
		}
		stop()
	})
}

func TestAfterAnErrorTheSameBroksComeAgain(t *testing.T) {
	for name, trouble := range map[string]func() error{
		"error": func() error { return errors.New("disk full") },
		"panic": func() error { panic("a bug") },
	} {
		t.Run(name, func(t *testing.T) {
			inSite(t, func(t *testing.T, s *site) {
				until := time.Now().Add(10 * time.Second)
				m := &module{name: "m", trouble: func(context.Context) error {
					if time.Now().Before(until) {
						return trouble()
					}
					return nil
				}}
				stop := s.run(wanting(m, true, false))
				for i := range 5 {
					s.note(fmt.Sprint(i))
				}
				time.Sleep(time.Minute)
				if diff := cmp.Diff([]string{"0", "1", "2", "3", "4"}, m.took()); diff != "" {
					t.Error(diff)
				}
				for i, at := range m.tries[1:] {
					if at.Sub(m.tries[i]) < time.Second && at.Before(until) {
						t.Errorf("tried again after %s", at.Sub(m.tries[i]))
					}
				}
				stop()
			})
		})
	}
}

func TestAModulesPlaceOutlivesTheBroker(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		before := &module{name: "Log ü/1"} // any name will do
		stop := s.run(wanting(before, true, false))
		s.note("first")
		stop()
		s.note("meanwhile")
		after := &module{name: "Log ü/1"}
		stop = s.run(wanting(after, true, false))
		s.note("last")
		time.Sleep(time.Second)
		stop()
		if diff := cmp.Diff([]string{"first"}, before.took()); diff != "" {
			t.Errorf("before the restart: %s", diff)
		}
		if diff := cmp.Diff([]string{"meanwhile", "last"}, after.took()); diff != "" {
			t.Errorf("after the restart: %s", diff)
		}
	})
}

func TestABlockedModuleHoldsNobodyUp(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		blocked := &module{name: "blocked", trouble: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		free := &module{name: "free"}
		s.enforce(1, map[string]monitor.Shard{"a": 0})
		s.own(0, status("a", monitor.Up))
		stop := s.run(wanting(blocked, true, true), wanting(free, true, true))
		s.happened(0, brok(monitor.BrokAlert, status("a", monitor.Down)))
		time.Sleep(time.Hour)
		s.happened(0, brok(monitor.BrokAlert, status("a", monitor.Up)))
		time.Sleep(time.Second)
		s.shows("beside a blocked module", map[string]string{"a": "UP"})
		if diff := cmp.Diff([]string{"a DOWN", "a UP"}, free.took()); diff != "" {
			t.Errorf("the other module: %s", diff)
		}
		began := time.Now()
		stop()
		if took := time.Since(began); took > 2*time.Second { // for what may still arrive
			t.Errorf("the end took %s", took)
		}
		again := &module{name: "blocked"}
		stop = s.run(wanting(again, true, false))
		time.Sleep(2 * time.Minute) // what was under way comes again
		if diff := cmp.Diff([]string{"a DOWN", "a UP"}, again.took()); diff != "" {
			t.Errorf("the blocked module, later: %s", diff)
		}
		stop()
	})
}
