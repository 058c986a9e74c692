package broker_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

func TestSourcesOfOneNameAndOutputsOfOneSourceAreToldApart(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"vm1": 0, "vm2": 0})
		s.own(0, status("vm1", monitor.Up))
		stop := s.run()
		defer stop()
		at, before := monitor.At(time.Now().Add(-time.Minute)), monitor.At(time.Now().Add(-2*time.Minute))
		rome := bus.SourceAt("rome", "esx")
		s.post(bus.PayloadFor("vm1", "esx"), monitor.Payload{Target: "vm1", Source: "esx", At: before, Raw: "vm1", Data: []byte("<<<a>>>\n"), Origin: "x"})
		s.post(bus.PayloadFor("vm1", rome), monitor.Payload{Target: "vm1", Source: "esx", Site: "rome", At: before, Raw: "vm1", Data: []byte("<<<b>>>\n")})
		s.post(bus.SourceOf("esx", ""), monitor.Source{Name: "esx", At: at, Targets: 1})
		s.post(bus.SourceOf("esx", "x"), monitor.Source{Name: "esx", At: before, Targets: 2, Silent: false, Origin: "x"})
		s.post(bus.SourceOf(rome, ""), monitor.Source{Name: "esx", Site: "rome", At: at, Targets: 3})
		var all api.Payloads
		s.get("/api/piggyback", 200, &all)
		var got []string
		for _, p := range all.Payloads {
			got = append(got, p.Site+": "+p.Text)
		}
		for _, from := range all.Sources {
			got = append(got, fmt.Sprintf("%s%s %d %v", from.Site, from.Name, from.Targets, from.At == at.Unix()))
		}
		want := []string{": Successfully processed from source 'esx'", "rome: Piggyback data not updated by source 'esx'", "esx 3 true", "romeesx 3 true"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if got, want := s.raw("/api/piggyback/data?host=vm1").Body.String(), "<<<a>>>\n<<<b>>>\n"; got != want {
			t.Errorf("data %q, want %q", got, want)
		}
	})
}
