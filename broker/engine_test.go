package broker_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/tempo"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

func TestChecksAreCountedByModule(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"web": 0})
		s.own(0, status("web", monitor.Up))
		stop := s.run()
		defer stop()
		for range 30 {
			s.checked(0, monitor.Check{Ref: monitor.Ref{Host: "web"}, Module: "icmp", Poller: "p", Latency: 100 * time.Millisecond})
			time.Sleep(time.Second)
		}
		var got tempo.Report
		s.get("/api/checks", 200, &got)
		if len(got.Modules) != 1 || got.Modules[0].Name != "icmp" || got.Modules[0].Rate != 1 || got.All.Latency.P99 < .08 || got.All.Latency.P99 > .12 {
			t.Errorf("%+v", got)
		}
	})
}

func TestShardsAreListedWithTheirOwners(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(3, map[string]monitor.Shard{"web": 0, "db": 0, "dc": 1})
		s.own(0, status("web", monitor.Up), status("db", monitor.Up))
		s.own(1, status("dc", monitor.Up))
		stop := s.run()
		defer stop()
		leave, err := s.bus.Subscribe(bus.Alive(0), func(m bus.Msg) { _ = m.Reply(nil) })
		s.must(err)
		defer leave()
		_, err = s.bus.Put(t.Context(), bus.LEASE, bus.LeaseKey(0), wire.Marshal(wire.Lease{Owner: "a", Epoch: 7}), 0)
		s.must(err)
		time.Sleep(10 * time.Second)
		var got []api.Shard
		s.get("/api/shards", 200, &got)
		if len(got) != 3 || got[1].Unanswered == 0 {
			t.Fatalf("%+v", got)
		}
		got[1].Unanswered = 0
		if diff := cmp.Diff([]api.Shard{{Shard: 0, Hosts: 2, Owner: "a", Epoch: 7}, {Shard: 1, Hosts: 1}, {Shard: 2}}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// queues gives those that hold something, by name and where.
func (s *site) queues() map[string]api.Queue {
	s.t.Helper()
	var all []api.Queue
	s.get("/api/queues", 200, &all)
	held := map[string]api.Queue{}
	for _, q := range all {
		if q.Waiting > 0 {
			held[q.Name+" "+q.Of] = q
		}
	}
	return held
}

func TestAQueueIsLateWhenItIsNotEmptyForLong(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"web": 0})
		s.own(0, status("web", monitor.Up))
		stop := s.run()
		defer stop()
		beat := func(role string, load map[string]int64) {
			key := bus.BeatKey(role, "a")
			e, _ := s.bus.Get(t.Context(), bus.HB, key)
			_, err := s.bus.Put(t.Context(), bus.HB, key, wire.Marshal(wire.Heartbeat{Role: role, Name: "a", Load: load}), e.Revision)
			s.must(err)
		}
		for _, data := range []string{"first", "second"} {
			s.must(s.bus.Append(t.Context(), bus.Passive(0, "r"), []byte(data), ""))
		}
		for range 12 {
			beat("scheduler", map[string]int64{"waiting": 5, "journal_bytes": 1000})
			beat("receiver", map[string]int64{"spool_bytes": 10, "spool_seconds": 20})
			time.Sleep(time.Second)
		}
		got := s.queues()
		if len(got) != 3 || got["jobs a"].Late || !got["spool a"].Late || got["spool a"].Oldest != 20 || got["passive "].Waiting != 2 || got["passive "].Late {
			t.Errorf("after 12 s: %+v", got)
		}
		for range 60 {
			beat("scheduler", map[string]int64{"waiting": 5, "journal_bytes": 2 << 20})
			beat("receiver", nil)
			time.Sleep(time.Second)
		}
		got = s.queues()
		if len(got) != 3 || !got["jobs a"].Late || !got["passive "].Late || got["journal a"].Waiting != 2<<20 {
			t.Errorf("after 72 s: %+v", got)
		}
		if since := float64(time.Now().Unix()) - got["jobs a"].Since; since < 65 || since > 80 {
			t.Errorf("jobs wait for %v s", since)
		}
	})
}
