package broker_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

func TestTheUnknownOfAllReceiversAreOneList(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"vm1": 0})
		stop := s.run()
		defer stop()
		var got []api.Unknown
		s.get("/api/unknown", 200, &got)
		if diff := cmp.Diff([]api.Unknown{}, got); diff != "" {
			t.Error(diff)
		}
		for receiver, list := range map[string][]monitor.UnknownResult{
			"one": {{Ref: monitor.Ref{Host: "wbe", Service: "disk"}, Source: "nsca 10.0.0.7", Output: "full", Count: 3, First: 1e9, Last: 5e9}},
			"two": {{Ref: monitor.Ref{Host: "db"}, Source: "http backup", Count: 1, First: 7e9, Last: 7e9}},
		} {
			_, err := s.bus.Put(t.Context(), bus.STRAY, bus.Token(receiver), wire.Marshal(list), 0)
			s.must(err)
		}
		synctest.Wait()
		s.get("/api/unknown", 200, &got)
		want := []api.Unknown{
			{Host: "db", Source: "http backup", Count: 1, First: 7, Last: 7, Receiver: "two"},
			{Host: "wbe", Service: "disk", Source: "nsca 10.0.0.7", Output: "full", Count: 3, First: 1, Last: 5, Receiver: "one"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
