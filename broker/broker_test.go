package broker_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// site is a bus with a configuration, owners that answer, and a broker. It lives in a bubble.
type site struct {
	t       *testing.T
	all     *membus.Bus
	bus     bus.Conn
	metrics *metrics.Set
	broker  *broker.Broker
	gen     uint64
	commits int
	reads   time.Duration // how long a reader of the broker takes to begin
}

// slow is a bus where a reader takes a while to begin.
type slow struct {
	bus.Conn
	reads time.Duration
}

func (s slow) Read(ctx context.Context, c bus.Cursor, handle func([]bus.Msg) error) error {
	time.Sleep(s.reads)
	return s.Conn.Read(ctx, c, handle)
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, all: membus.New()}
	s.bus = s.all.Connect("test")
	s.must(s.bus.Prepare(t.Context()))
	return s
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// enforce brings a generation into force that has these hosts, each in the shard given. stands says when shards last changed.
func (s *site) enforce(shards int, hosts map[string]monitor.Shard, stands ...uint64) {
	s.t.Helper()
	s.gen++
	d := monitor.Directory{Generation: s.gen, Shards: shards, Hosts: hosts}
	s.must(s.bus.PutBlob(s.t.Context(), bus.CFG, wire.DirectoryName(s.gen), wire.Marshal(d)))
	e, _ := s.bus.Get(s.t.Context(), bus.CFG, "current")
	_, err := s.bus.Put(s.t.Context(), bus.CFG, "current", wire.Marshal(wire.Generation{Number: s.gen, Shards: uint16(shards), Stands: stands}), e.Revision)
	s.must(err)
}

// run starts a broker on a connection of its own.
func (s *site) run(exports ...modules.Exporter) (stop func()) {
	s.metrics = metrics.NewSet()
	b := broker.New(broker.Options{Bus: slow{s.all.Connect("broker"), s.reads}, Exports: exports, Log: slog.New(slog.DiscardHandler), Metrics: s.metrics})
	s.broker = b
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := b.Run(ctx); err != nil {
			s.t.Error(err)
		}
	}()
	synctest.Wait()
	return func() { cancel(); <-ended }
}

// checked tells of checks made.
func (s *site) checked(shard uint16, checks ...monitor.Check) {
	s.t.Helper()
	s.must(s.bus.Append(s.t.Context(), bus.Perf(shard), wire.AppendBatch(nil, checks), ""))
	s.must(s.bus.Publish(bus.Perf(shard), wire.AppendBatch(nil, checks)))
	synctest.Wait()
}

// record writes into the journal, as the owner of a shard.
func (s *site) record(shard uint16, records ...bus.Record) {
	s.t.Helper()
	f, err := s.bus.Claim(s.t.Context(), shard, []byte("test"))
	s.must(err)
	s.commits++
	_, err = s.bus.Commit(s.t.Context(), f, fmt.Sprint(s.commits), records)
	s.must(err)
	synctest.Wait()
}

// happened records broks of states, downtimes and the like.
func (s *site) happened(shard uint16, broks ...monitor.Brok) {
	s.t.Helper()
	for i := range broks {
		broks[i].Shard = monitor.Shard(shard)
	}
	s.record(shard, bus.Record{Subject: bus.States(shard), Data: wire.Ledger(wire.Position{}, wire.AppendBatch(nil, broks))})
}

// owner answers for a shard.
type owner struct {
	site       *site
	shard      uint16
	generation uint64
	page       int // statuses in an answer

	mu       sync.Mutex
	statuses []monitor.Status
	notes    wire.Answer
	explain  *monitor.Explanation
	asked    []wire.Question
	answers  time.Duration // how long what it says of notes is under way
}

// own starts an owner for a shard that gives its statuses two at a time.
func (s *site) own(shard uint16, statuses ...monitor.Status) (o *owner, stop func()) {
	s.t.Helper()
	o = &owner{site: s, shard: shard, generation: s.gen, page: 2, statuses: statuses}
	stop, err := s.bus.Subscribe(bus.Ask(shard), o.answer)
	s.must(err)
	s.t.Cleanup(stop)
	return o, stop
}

// set changes what the owner says.
func (o *owner) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

func (o *owner) questions() []wire.Question {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

func (o *owner) answer(m bus.Msg) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var q wire.Question
	if err := wire.Unmarshal(m.Data, &q); err != nil {
		o.site.t.Error(err)
	}
	o.asked = append(o.asked, q)
	a := wire.Answer{Generation: o.generation, Time: monitor.At(time.Now())}
	switch q.Kind {
	case wire.AskStatuses:
		end := min(int(q.From)+o.page, len(o.statuses))
		a.Statuses = o.statuses[q.From:end]
		if end < len(o.statuses) {
			a.Next = uint32(end)
		}
	case wire.AskNotes:
		a.Downtimes, a.Comments, a.Program = o.notes.Downtimes, o.notes.Comments, o.notes.Program
	case wire.AskExplain:
		a.Explanation = o.explain
	}
	if q.Kind == wire.AskNotes {
		time.Sleep(o.answers)
	}
	if err := m.Reply(wire.Marshal(a)); err != nil {
		o.site.t.Error(err)
	}
}

// status gives the status of HOST or HOST/SERVICE.
func status(name string, state monitor.State) monitor.Status {
	host, service, _ := strings.Cut(name, "/")
	return monitor.Status{Ref: monitor.Ref{Host: host, Service: service}, State: state, Type: monitor.Hard, Attempt: 1, MaxAttempts: 3}
}

func brok(kind monitor.BrokKind, s monitor.Status) monitor.Brok {
	return monitor.Brok{Kind: kind, Time: monitor.At(time.Now()), Status: &s}
}

// check is a check that was made just now.
func check(name string, state monitor.State) monitor.Check {
	host, service, _ := strings.Cut(name, "/")
	return monitor.Check{Ref: monitor.Ref{Host: host, Service: service}, State: state, Time: monitor.At(time.Now())}
}

// states gives the states that the API shows, by HOST or HOST/SERVICE.
func (s *site) states() map[string]string {
	s.t.Helper()
	synctest.Wait()
	out := map[string]string{}
	for _, what := range []string{"hosts", "services"} {
		var objects []api.Object
		s.get("/api/"+what, 200, &objects)
		for _, o := range objects {
			name := o.Host
			if o.Service != "" {
				name += "/" + o.Service
			}
			out[name] = o.State
		}
	}
	return out
}

func (s *site) shows(when string, want map[string]string) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.states()); diff != "" {
		s.t.Errorf("%s: %s", when, diff)
	}
}

func (s *site) count(metric string) int { return int(s.metrics.GetOrCreateCounter(metric).Get()) }

func inSite(t *testing.T, f func(t *testing.T, s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newSite(t)) })
}

func TestTheViewFollowsWhatIsCheckedAndWhatIsRecorded(t *testing.T) {
	inSite(t, func(_ *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"web": 0})
		s.own(0, status("web", monitor.Up), status("web/http", monitor.OK))
		stop := s.run()
		time.Sleep(time.Second)
		s.shows("after the start", map[string]string{"web": "UP", "web/http": "OK"})
		s.checked(0, check("web/http", monitor.Warning))
		s.shows("after a check", map[string]string{"web": "UP", "web/http": "WARNING"})
		time.Sleep(time.Second)
		s.happened(0, brok(monitor.BrokAlert, status("web", monitor.Down)), brok(monitor.BrokState, status("web/http", monitor.Critical)))
		s.shows("after a record", map[string]string{"web": "DOWN", "web/http": "CRITICAL"})
		stop()
	})
}

func TestTheViewIsFilledPageByPage(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(2, map[string]monitor.Shard{"a": 0, "b": 1})
		first, _ := s.own(0, status("a", monitor.Up), status("a/1", monitor.OK), status("a/2", monitor.Warning), status("a/3", monitor.Critical), status("a/4", monitor.Unknown))
		s.own(1, status("b", monitor.Pending))
		stop := s.run()
		s.shows("at the start", map[string]string{"a": "UP", "a/1": "OK", "a/2": "WARNING", "a/3": "CRITICAL", "a/4": "UNKNOWN", "b": "PENDING"})
		want := []wire.Question{
			{Kind: wire.AskStatuses}, {Kind: wire.AskStatuses, From: 2}, {Kind: wire.AskStatuses, From: 4}, {Kind: wire.AskNotes},
		}
		if diff := cmp.Diff(want, first.questions()); diff != "" {
			t.Error(diff)
		}
		stop()
	})
}

func TestAnOwnerThatAppearsLateHoldsUpNoOther(t *testing.T) {
	inSite(t, func(_ *testing.T, s *site) {
		s.enforce(3, map[string]monitor.Shard{"a": 0, "b": 1, "c": 2})
		s.own(1, status("b", monitor.Up))
		// Shard 2 has an owner that says nothing, as one does that is about to die.
		stopSilent, err := s.bus.Subscribe(bus.Ask(2), func(bus.Msg) {})
		s.must(err)
		stop := s.run()
		s.shows("without the others", map[string]string{"b": "UP"})
		time.Sleep(time.Hour)
		s.own(0, status("a", monitor.Down))
		stopSilent()
		s.own(2, status("c", monitor.Up))
		time.Sleep(6 * time.Second) // a question to the silent one may be under way
		s.shows("once all are there", map[string]string{"a": "DOWN", "b": "UP", "c": "UP"})
		stop()
	})
}

func TestAReloadForgetsWhatIsGoneAndWaitsForTheOwnersToFollow(t *testing.T) {
	inSite(t, func(_ *testing.T, s *site) {
		s.enforce(2, map[string]monitor.Shard{"a": 0, "old": 0, "b": 1})
		first, _ := s.own(0, status("a", monitor.Up), status("a/1", monitor.OK), status("a/old", monitor.OK), status("old", monitor.Up))
		second, _ := s.own(1, status("b", monitor.Up))
		stop := s.run()
		all := map[string]string{"a": "UP", "a/1": "OK", "a/old": "OK", "old": "UP", "b": "UP"}
		s.shows("before", all)
		time.Sleep(time.Second)
		s.enforce(2, map[string]monitor.Shard{"a": 0, "b": 1, "new": 1})
		time.Sleep(time.Second)
		s.shows("while the owners still have the old one", all)
		first.set(func() {
			first.generation = 2
			first.statuses = []monitor.Status{status("a", monitor.Down), status("a/1", monitor.OK)}
		})
		second.set(func() {
			second.generation = 2
			second.statuses = []monitor.Status{status("b", monitor.Up), status("new", monitor.Pending)}
		})
		time.Sleep(time.Second)
		s.shows("after", map[string]string{"a": "DOWN", "a/1": "OK", "b": "UP", "new": "PENDING"})
		stop()
	})
}

func TestOnlyShardsThatChangedAreAskedAgain(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(2, map[string]monitor.Shard{"a": 0, "b": 1, "old": 1})
		first, _ := s.own(0, status("a", monitor.Up), status("a/1", monitor.OK))
		second, _ := s.own(1, status("b", monitor.Up), status("b/old", monitor.OK), status("old", monitor.Up))
		stop := s.run()
		time.Sleep(time.Second)
		asked := len(first.questions())
		s.enforce(2, map[string]monitor.Shard{"a": 0, "b": 1}, 1, 2)
		time.Sleep(time.Second)
		second.set(func() {
			second.generation = 3
			second.statuses = []monitor.Status{status("b", monitor.Up), status("new", monitor.Pending)}
		})
		s.enforce(2, map[string]monitor.Shard{"a": 0, "b": 1, "new": 1}, 1, 3)
		time.Sleep(time.Second)
		s.shows("after", map[string]string{"a": "UP", "a/1": "OK", "b": "UP", "new": "PENDING"})
		if got := len(first.questions()); got != asked {
			t.Errorf("the shard that did not change was asked %d times again", got-asked)
		}
		stop()
	})
}

func TestNotesAreFilledAndFollowed(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"a": 0})
		o, _ := s.own(0, status("a", monitor.Up))
		ref := monitor.Ref{Host: "a"}
		o.notes = wire.Answer{
			Downtimes: []monitor.Downtime{{ID: 1, Ref: ref, Author: "ann", Comment: "move", Start: 5e9, End: 6e9, Fixed: true}},
			Comments:  []monitor.Comment{{ID: 2, Ref: ref, Author: "ann", Text: "seen", Entered: 4e9, Persistent: true}},
			Program:   &monitor.Program{},
		}
		stop := s.run()
		s.happened(0,
			monitor.Brok{Kind: monitor.BrokDowntime, Downtime: &monitor.Downtime{ID: 3, Ref: ref, Author: "bob", Start: 1e9, End: 2e9, Duration: 90 * time.Second, Began: 1.5e9}},
			monitor.Brok{Kind: monitor.BrokDowntimeGone, Downtime: &monitor.Downtime{ID: 1, Ref: ref}},
			monitor.Brok{Kind: monitor.BrokComment, Comment: &monitor.Comment{ID: 4, Ref: ref, Text: "later", Entered: 9e9}},
		)
		var downtimes []api.Downtime
		s.get("/api/downtimes", 200, &downtimes)
		if diff := cmp.Diff([]api.Downtime{{ID: 3, Host: "a", Author: "bob", Start: 1, End: 2, Duration: 90, Began: 1.5}}, downtimes); diff != "" {
			t.Error(diff)
		}
		var comments []api.Comment
		s.get("/api/comments", 200, &comments)
		want := []api.Comment{{ID: 2, Host: "a", Author: "ann", Text: "seen", Entered: 4, Persistent: true}, {ID: 4, Host: "a", Text: "later", Entered: 9}}
		if diff := cmp.Diff(want, comments); diff != "" {
			t.Error(diff)
		}
		stop()
	})
}

// What is noted while a broker begins, or asks anew, is in neither the answer nor, without care, in what it hears of the journal.
func TestANoteOfTheMomentInWhichABrokerAsksIsShown(t *testing.T) {
	for name, prepare := range map[string]func(*site, *owner){
		"the answer is under way":   func(_ *site, o *owner) { o.answers = time.Second },
		"the reader has not begun":  func(s *site, _ *owner) { s.reads = time.Second },
		"nothing takes any time":    func(*site, *owner) {},
		"both take the same moment": func(s *site, o *owner) { s.reads, o.answers = time.Second, time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			inSite(t, func(t *testing.T, s *site) {
				s.enforce(1, map[string]monitor.Shard{"a": 0})
				o, _ := s.own(0, status("a", monitor.Up))
				ref := monitor.Ref{Host: "a"}
				o.notes = wire.Answer{Comments: []monitor.Comment{{ID: 1, Ref: ref, Text: "gone soon"}, {ID: 2, Ref: ref, Text: "stays"}}}
				prepare(s, o)
				stop := s.run()
				s.happened(0,
					monitor.Brok{Kind: monitor.BrokComment, Comment: &monitor.Comment{ID: 4, Ref: ref, Text: "new"}},
					monitor.Brok{Kind: monitor.BrokCommentGone, Comment: &monitor.Comment{ID: 1, Ref: ref}})
				time.Sleep(3 * time.Second)
				var comments []api.Comment
				s.get("/api/comments", 200, &comments)
				if diff := cmp.Diff([]api.Comment{{ID: 2, Host: "a", Text: "stays"}, {ID: 4, Host: "a", Text: "new"}}, comments); diff != "" {
					t.Error(diff)
				}
				stop()
			})
		})
	}
}

func TestUnreadableMessagesAreCountedAndSurvived(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		m := &module{name: "m"}
		s.enforce(1, map[string]monitor.Shard{"a": 0})
		s.own(0, status("a", monitor.Up))
		stop := s.run(wanting(m, true, true))
		for _, rubbish := range [][]byte{{}, []byte("rubbish"), {1, 0xdd, 0xff, 0xff, 0xff, 0xff}} {
			s.must(s.bus.Publish(bus.Perf(0), rubbish))
		}
		s.record(0,
			bus.Record{Subject: bus.States(0), Data: []byte("rubbish")},
			bus.Record{Subject: bus.States(0), Data: wire.Ledger(wire.Position{}, wire.AppendBatch(nil, []monitor.Brok{{Kind: monitor.BrokDowntime}}))},
			bus.Record{Subject: bus.Actions(0, ""), Data: []byte{1, 2, 3}},
		)
		if got := s.count("onbu_broker_unreadable_messages_total"); got != 3+3 {
			t.Errorf("%d unreadable messages counted, want 3 checks and 3 records for the view", got)
		}
		time.Sleep(time.Second) // the module may be read for a moment later than the view
		if got := s.count(`onbu_export_unreadable_total{module="m"}`); got != 3 {
			t.Errorf("%d unreadable messages counted, want 3 records for the module", got)
		}
		s.happened(0, brok(monitor.BrokAlert, status("a", monitor.Down)))
		s.shows("afterwards", map[string]string{"a": "DOWN"})
		time.Sleep(time.Second)
		if diff := cmp.Diff([]string{"a DOWN"}, m.took()); diff != "" {
			t.Errorf("the module: %s", diff)
		}
		stop()
	})
}

func TestABrokerWithoutAConfigurationWaits(t *testing.T) {
	inSite(t, func(_ *testing.T, s *site) {
		stop := s.run()
		s.shows("before", map[string]string{})
		_, err := s.bus.Put(s.t.Context(), bus.CFG, "current", []byte("rubbish"), 0)
		s.must(err)
		time.Sleep(time.Minute)
		s.enforce(1, map[string]monitor.Shard{"a": 0})
		s.own(0, status("a", monitor.Up))
		time.Sleep(time.Second)
		s.shows("afterwards", map[string]string{"a": "UP"})
		stop()
	})
}

func TestTheEndDoesNotWaitForOwners(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(4, map[string]monitor.Shard{"a": 0})
		stopSilent, err := s.bus.Subscribe(bus.Ask(0), func(bus.Msg) {})
		s.must(err)
		defer stopSilent()
		stop := s.run()
		began := time.Now()
		stop()
		if took := time.Since(began); took > 0 {
			t.Errorf("the end took %s", took)
		}
	})
}
