package broker_test

import (
	"testing"
	"testing/synctest"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

func TestExplainSaysWhichNotificationsWentWrong(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"web": 0})
		o, _ := s.own(0, status("web", monitor.Down))
		o.set(func() {
			o.explain = &monitor.Explanation{Status: status("web", monitor.Down), Told: []monitor.Telling{
				{Time: 7, Contact: "ann", Type: "PROBLEM"}, {Time: 7, Contact: "bob", Type: "PROBLEM"},
			}}
		})
		done := func(contact, wrong string) {
			b := monitor.Brok{Kind: monitor.BrokActionDone, Text: wrong, Action: &monitor.Action{Ref: monitor.Ref{Host: "web"}, Contact: contact, Time: 7}}
			s.must(s.bus.Append(t.Context(), bus.Done(0), wire.Marshal(b), ""))
		}
		done("ann", "exit status 127: mail: not found")
		stop := s.run()
		done("bob", "")
		synctest.Wait()
		var e api.Explanation
		s.get("/api/explain?host=web", 200, &e)
		if len(e.Told) != 2 || e.Told[0].Failed != "exit status 127: mail: not found" || e.Told[1].Failed != "" {
			t.Errorf("told: %+v", e.Told)
		}
		stop()
	})
}
