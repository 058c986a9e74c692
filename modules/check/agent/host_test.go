package agent

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

func TestAShelfKeepsWhatCameLast(t *testing.T) {
	s := newShelf[int, string](100)
	for i := range 20 {
		s.put(i, fmt.Sprint(i), 10)
	}
	for i := range 20 {
		if v, ok := s.get(i); ok != (i >= 10) || ok && v != fmt.Sprint(i) {
			t.Errorf("%d: got %q, %v", i, v, ok)
		}
	}
	s.put(19, "again", 60)
	if _, ok := s.get(14); ok || s.held > 100 {
		t.Errorf("%d bytes are held, 14 is there: %v", s.held, ok)
	}
	s.put(18, "too large", 101)
	if _, ok := s.get(18); ok {
		t.Error("what was larger than the shelf is there, or what it took the place of")
	}
	s.forgetOld(func(string) bool { return true })
	if s.held != 0 || len(s.by) != 0 || s.order.Len() != 0 {
		t.Errorf("%d bytes are held by nothing", s.held)
	}
}

// nobody is a courier without payloads.
type nobody struct{}

func (nobody) Deliver(context.Context, modules.Delivery) (modules.Delivered, error) {
	return modules.Delivered{}, nil
}

func (nobody) Payloads(context.Context, string, string, uint64) (modules.Carried, error) {
	return modules.Carried{Use: monitor.UseIfPresent}, nil
}

func TestHostsThatAreNotCheckedAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New(Options{Courier: nobody{}})
		defer m.Close()
		p := m.Own("onbu-agent --piggyback-only").(*check)
		hosts := func() int {
			m.hosts.mu.Lock()
			defer m.hosts.mu.Unlock()
			return len(m.hosts.by)
		}
		for i := range 1000 {
			if _, err := p.For(modules.Object{Host: fmt.Sprint("h", i)}).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(30 * time.Minute)
		if _, err := p.For(modules.Object{Host: "h0"}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := hosts(); got != 1000 {
			t.Errorf("after half an hour %d hosts are remembered, want all 1000", got)
		}
		if _, ok := m.rounds.get(m.host(hostKey{"h1", p.origin}, time.Now())); ok {
			t.Error("the sections of half an hour ago are at hand")
		}
		time.Sleep(31 * time.Minute)
		if got := hosts(); got != 1 {
			t.Errorf("after an hour %d hosts are remembered, want the one that was checked", got)
		}
		time.Sleep(time.Hour)
		if got := hosts(); got != 0 {
			t.Errorf("%d hosts are remembered, want none", got)
		}
		m.hosts.mu.Lock()
		defer m.hosts.mu.Unlock()
		if m.hosts.timer != nil {
			t.Error("a clock ticks for nobody")
		}
	})
}

func TestChecksOfAClosedModuleSaySo(t *testing.T) {
	m := New(Options{Courier: nobody{}})
	p := m.Own("onbu-agent --piggyback-only").(*check)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.For(modules.Object{Host: "h"}).Run(t.Context()); err != errClosed {
		t.Errorf("got %v", err)
	}
}
