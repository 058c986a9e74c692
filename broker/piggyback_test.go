package broker_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// post stores a noun under a subject.
func (s *site) post(subject bus.Subject, noun any) {
	s.t.Helper()
	data := wire.Marshal(noun)
	if p, ok := noun.(monitor.Payload); ok {
		data = wire.AppendPayload(nil, &p)
	}
	_, err := s.bus.Post(s.t.Context(), []bus.Letter{{Subject: subject, Data: data}})
	s.must(err)
}

// raw asks for data and gives them.
func (s *site) raw(path string) *httptest.ResponseRecorder {
	s.t.Helper()
	mux := http.NewServeMux()
	s.broker.Handle(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// payloads are two for host vm1, of which one is not new any more, one for a host of site paris and one for nobody.
func (s *site) payloads(now time.Time) {
	at, before := monitor.At(now.Add(-10*time.Second)), monitor.At(now.Add(-2*time.Hour))
	s.post(bus.PayloadFor("vm1", "esx1"), monitor.Payload{Target: "vm1", Source: "esx1", At: at, Raw: "VM1\nvm1.example.org", Data: []byte("<<<mem>>>\nMemTotal: 1 kB\n<<<mem>>>\n<<<local:sep(0)>>>\n0 a - b\n")})
	s.post(bus.PayloadFor("vm1", "esx0"), monitor.Payload{Target: "vm1", Source: "esx0", Site: "rome", At: before, Raw: "vm1", Data: []byte("<<<cpu>>>\n")})
	s.post(bus.SourceOf("esx1", ""), monitor.Source{Name: "esx1", At: at, Targets: 3})
	s.post(bus.Outbound("paris", "vm2", "esx1"), monitor.Payload{Target: "vm2", Source: "esx1", At: at, Raw: "vm2", Data: []byte("<<<df>>>\n")})
	s.post(bus.OutboundSource("paris", "esx1", ""), monitor.Source{Name: "esx1", At: at})
	s.post(bus.Orphan("vm3", "esx1"), monitor.Payload{Target: "vm3", Source: "esx1", At: at, Raw: "vm3", Data: []byte("<<<ps>>>\n")})
	s.must(s.bus.PutBlob(s.t.Context(), bus.CFG, wire.SiteHostsName("paris"), wire.Marshal(wire.SiteHosts{Hosts: []string{"vm2"}})))
}

func TestPayloadsAreShownWithTheirAgesAndWhatPoliciesSay(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"vm1": 0, "esx1": 0})
		s.own(0, status("vm1", monitor.Up), status("esx1", monitor.Up))
		stop := s.run()
		defer stop()
		s.payloads(time.Now())
		s.post(bus.Outbound("new site", "vm4", "esx1"), monitor.Payload{Target: "vm4", Source: "esx1", At: monitor.At(time.Now().Add(-10 * time.Second)), Raw: "vm4", Data: []byte("<<<df>>>\n")})
		var all api.Payloads
		s.get("/api/piggyback", 200, &all)
		var got []string
		for _, p := range all.Payloads {
			got = append(got, fmt.Sprintf("%s of %s%s: %s%s %.0fs %dB %v %v %s", p.Target, p.Site, p.Source, p.Where, p.To, all.Now-p.At, p.Bytes, p.Names, p.Usable, p.State))
		}
		want := []string{
			"vm1 of esx1: here 10s 62B [VM1 vm1.example.org] true OK",
			"vm1 of romeesx0: here 7200s 10B [vm1] false OK",
			"vm2 of esx1: waitingparis 10s 9B [vm2] false ",
			"vm4 of esx1: waitingnew site 10s 9B [vm4] false ", // a site that nobody heard of
			"vm3 of esx1: orphan 10s 9B [vm3] false ",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if len(all.Sources) != 1 || all.Sources[0].Name != "esx1" || all.Sources[0].Targets != 3 || all.Error != "" {
			t.Errorf("sources %+v, error %q", all.Sources, all.Error)
		}
		for path, want := range map[string]int{
			"/api/piggyback?where=orphan": 1, "/api/piggyback?where=waiting&host=vm2": 1, "/api/piggyback?where=waiting&host=vm1": 0,
			"/api/piggyback?host=vm1": 2, "/api/piggyback?host=vm3": 1, "/api/piggyback?host=nobody": 0,
		} {
			var some api.Payloads
			if s.get(path, 200, &some); len(some.Payloads) != want {
				t.Errorf("%s gives %d payloads, want %d", path, len(some.Payloads), want)
			}
		}
		s.refuses("/api/piggyback?where=home", 400, "here, orphan, waiting or all")
		var one api.Payloads
		s.get("/api/piggyback?host=vm1", 200, &one)
		if diff := cmp.Diff([]string{"mem", "local"}, one.Payloads[0].Sections); diff != "" {
			t.Error(diff)
		}
		var known api.Known
		s.get("/api/piggyback/hosts", 200, &known)
		if diff := cmp.Diff(api.Known{Here: []string{"esx1", "vm1"}, Sites: map[string][]string{"paris": {"vm2"}}}, known); diff != "" {
			t.Error(diff)
		}
	})
}

func TestThePoliciesInForceAreApplied(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		day := 24 * time.Hour
		rules := monitor.Piggyback{Policies: []monitor.PiggybackPolicy{{Name: "p", MaxAge: &day}}}
		s.must(s.bus.PutBlob(t.Context(), bus.CFG, wire.PiggybackName(1), wire.Marshal(rules)))
		s.enforce(1, map[string]monitor.Shard{"vm1": 0})
		s.own(0, status("vm1", monitor.Up))
		stop := s.run()
		defer stop()
		s.payloads(time.Now())
		var all api.Payloads
		s.get("/api/piggyback?host=vm1", 200, &all)
		for _, p := range all.Payloads {
			if !p.Usable {
				t.Errorf("%s is not used: %s", p.Source, p.Text)
			}
		}
	})
}

func TestRawPayloadsComeSortedBySourceAsTheyWere(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"vm1": 0})
		s.own(0, status("vm1", monitor.Up))
		stop := s.run()
		defer stop()
		s.payloads(time.Now())
		for path, want := range map[string]string{
			"?host=vm1":             "<<<cpu>>>\n<<<mem>>>\nMemTotal: 1 kB\n<<<mem>>>\n<<<local:sep(0)>>>\n0 a - b\n",
			"?host=vm1&source=esx0": "<<<cpu>>>\n",
			"?host=vm2":             "<<<df>>>\n",
			"?host=vm3":             "<<<ps>>>\n",
		} {
			if w := s.raw("/api/piggyback/data" + path); w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "application/octet-stream" {
				t.Errorf("%s: %d, %q", path, w.Code, w.Body)
			}
		}
		s.refuses("/api/piggyback/data", 400, "name a host")
		s.refuses("/api/piggyback/data?host=vm1&source=esx7", 404, "vm1 has no payload of esx7, but of [esx0 esx1]")
		s.refuses("/api/piggyback/data?host=nobody", 404, "no payload is kept for nobody")
	})
}

func TestQueuesThatStayFullAreAWarning(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"vm1": 0})
		s.own(0, status("vm1", monitor.Up))
		stop := s.run()
		defer stop()
		s.payloads(time.Now())
		var sum api.Summary
		look := func(after time.Duration) api.Summary {
			time.Sleep(after)
			synctest.Wait()
			sum = api.Summary{}
			s.get("/api/summary", 200, &sum)
			sum.Warnings = slices.DeleteFunc(sum.Warnings, func(w string) bool { return !strings.Contains(w, "payload") })
			return sum
		}
		want := api.Mail{Sources: 1, Orphans: 1, Waiting: map[string]int{"paris": 1}}
		if got := look(6 * time.Second); cmp.Diff(want, got.Piggyback) != "" || len(got.Warnings) > 0 {
			t.Errorf("after 6 s: %+v", got)
		}
		var b bytes.Buffer
		s.metrics.WritePrometheus(&b)
		for _, want := range []string{"onbu_piggyback_sources 1\n", "onbu_piggyback_orphan_hosts 1\n", "onbu_piggyback_waiting 1\n"} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %q in the metrics", want)
			}
		}
		if got := look(40 * time.Second); len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "1 payloads wait for the way to site paris, since ") {
			t.Errorf("after 46 s: %q", got.Warnings)
		}
		s.must(s.bus.Forget(t.Context(), bus.PBO, bus.OutboundTo("paris"), 1<<60))
		if got := look(6 * time.Second); len(got.Warnings) > 0 || len(got.Piggyback.Waiting) > 0 {
			t.Errorf("after the queue was emptied: %+v", got)
		}
	})
}

func TestTheLastOutputIsAskedOfThePollerThatHasIt(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		text := strings.Repeat("<<<mem>>>\nMemTotal: 1 kB\n", 4)
		answer := func(known bool) func(bus.Msg) {
			return func(m bus.Msg) {
				var q wire.Recall
				s.must(wire.Unmarshal(m.Data, &q))
				a := wire.Recalled{Known: known && q.Host == "web"}
				if a.Known {
					a.At, a.Whole, a.Data = 5, uint64(len(text)), []byte(text[q.From:min(int(q.From)+30, len(text))])
				}
				s.must(m.Reply(wire.Marshal(a)))
			}
		}
		for poller, known := range map[string]bool{"p1": true, "p2": false} {
			stop, err := s.bus.Subscribe(bus.Remembered(poller), answer(known))
			s.must(err)
			defer stop()
		}
		s.enforce(1, map[string]monitor.Shard{"web": 0, "db": 0, "old": 0})
		by := func(name, poller string, at monitor.Time) monitor.Status {
			st := status(name, monitor.OK)
			st.Module, st.Poller, st.LastCheck = "agent", poller, at
			return st
		}
		s.own(0, status("web", monitor.Up), by("web/mem", "p1", 10), by("web/cpu", "p2", 20), status("db", monitor.Up), by("db/mem", "p2", 20), status("old", monitor.Up))
		stop := s.run()
		defer stop()
		if w := s.raw("/api/agent/output?host=web"); w.Code != 200 || w.Body.String() != text {
			t.Errorf("%d, %q", w.Code, w.Body)
		}
		s.refuses("/api/agent/output?host=db", 404, "[p2] keeps no output of the agent of db")
		s.refuses("/api/agent/output?host=old", 404, "old has no check by onbu-agent")
		s.refuses("/api/agent/output?host=we", 404, "no host is called we; there are web")
		s.refuses("/api/agent/output", 400, "name a host")
	})
}

func TestASectionOfSeveralSourcesIsShownWithWhoIsRead(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"vm1": 0})
		s.own(0, status("vm1", monitor.Up))
		stop := s.run()
		defer stop()
		s.payloads(time.Now())
		at := monitor.At(time.Now().Add(-10 * time.Second))
		for _, source := range []string{"esx9", "esx3"} {
			s.post(bus.PayloadFor("vm1", source), monitor.Payload{Target: "vm1", Source: source, At: at, Raw: "vm1", Data: []byte("<<<mem>>>\n<<<cpu>>>\n")})
			s.post(bus.PayloadFor("vm0", source), monitor.Payload{Target: "vm0", Source: source, At: at, Raw: "vm0", Data: []byte("<<<" + source + ">>>\n")})
		}
		var got api.Overlaps
		s.get("/api/piggyback/overlaps", 200, &got)
		if got.Shared != 2 || got.Looked != 2 || got.Next != "" || len(got.Hosts) != 1 {
			t.Fatalf("%+v", got)
		}
		var lines []string
		for _, sec := range got.Hosts[0].Sections {
			line := sec.Name + ":"
			for _, i := range sec.Read {
				line += " " + got.Hosts[0].From[i].Source
			}
			for _, i := range sec.Left {
				line += " not " + got.Hosts[0].From[i].Source
			}
			lines = append(lines, line)
		}
		if diff := cmp.Diff([]string{"cpu: esx3 esx9 not esx0", "mem: esx1 esx3 esx9"}, lines); diff != "" {
			t.Error(diff)
		}
		s.get("/api/piggyback/overlaps?limit=1", 200, &got)
		if got.Next != "vm0" || got.Looked != 1 {
			t.Errorf("the first part: %+v", got)
		}
		var rest api.Overlaps
		s.get("/api/piggyback/overlaps?limit=1&after=vm0", 200, &rest)
		if len(rest.Hosts) != 1 || rest.Next != "" {
			t.Errorf("the second part: %+v", rest)
		}
		s.refuses("/api/piggyback/overlaps?limit=x", 400, "limit= is 1 to 500")
		s.post(bus.PayloadFor("vm1", bus.SourceAt("rome", "esx7")), monitor.Payload{Target: "vm1", Source: "esx7", Site: "rome", At: at, Raw: "vm1", Data: []byte("<<<cpu>>>\n")})
		var known api.Feeds
		s.get("/api/piggyback/feeds", 200, &known)
		if want := (api.Feed{Target: "vm0", Source: "esx9"}); len(known.Feeds) != 6 || known.More || !slices.Contains(known.Feeds, want) {
			t.Errorf("who speaks for whom: %+v", known)
		}
	})
}
