package broker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

func TestSummaryWarnsOfShardsWithoutAnOwner(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(2, map[string]monitor.Shard{"web": 0, "db": 1, "dc": 1})
		s.own(0, status("web", monitor.Up))
		s.own(1, status("db", monitor.Up), status("dc", monitor.Up))
		stop := s.run()
		knocked, err := s.bus.Subscribe(bus.Alive(0), func(m bus.Msg) { _ = m.Reply(nil) })
		s.must(err)
		leave, err := s.bus.Subscribe(bus.Alive(1), func(m bus.Msg) { _ = m.Reply(nil) })
		s.must(err)
		time.Sleep(10 * time.Second)
		if got := s.warnings(); len(got) != 0 || s.broker.Healthy() != nil {
			t.Errorf("warnings while all is well: %q, %v", got, s.broker.Healthy())
		}
		leave()
		time.Sleep(10 * time.Second)
		if got := s.warnings(); len(got) != 1 || !strings.Contains(got[0], "no scheduler looks after 2 of 3 hosts") {
			t.Errorf("warnings without an owner: %q", got)
		}
		if s.broker.Healthy() == nil {
			t.Error("healthy without an owner")
		}
		leave, err = s.bus.Subscribe(bus.Alive(1), func(m bus.Msg) { _ = m.Reply(nil) })
		s.must(err)
		time.Sleep(10 * time.Second)
		if got := s.warnings(); len(got) != 0 {
			t.Errorf("warnings after the owner came back: %q", got)
		}
		leave()
		knocked()
		stop()
	})
}

func TestSummaryWarnsOfWhatIsTurnedOff(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"web": 0})
		s.own(0, status("web", monitor.Up))
		stop := s.run()
		s.happened(0, monitor.Brok{Kind: monitor.BrokProgram, Program: &monitor.Program{
			HostSwitches: monitor.Notifications | monitor.ActiveChecks, ServiceSwitches: monitor.ActiveChecks,
		}})
		if got := s.warnings(); len(got) != 1 || got[0] != "notifications are turned off for all services" {
			t.Errorf("warnings: %q", got)
		}
		stop()
	})
}

func (s *site) warnings() []string {
	s.t.Helper()
	var sum api.Summary
	s.get("/api/summary", 200, &sum)
	return sum.Warnings
}
