package feed_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/feed"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/logtest"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// sink is an export module that keeps what it took; trouble, asked before, says why it takes nothing.
type sink struct {
	wants   modules.Wants
	trouble func(ctx context.Context) error

	mu  sync.Mutex
	all []string
}

func (s *sink) Name() string { return "m" }

func (s *sink) Wants() modules.Wants { return s.wants }

func (s *sink) Export(ctx context.Context, broks []monitor.Brok) error {
	if s.trouble != nil {
		if err := s.trouble(ctx); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range broks {
		s.all = append(s.all, broks[i].Text)
	}
	return nil
}

// took gives what it took since the last time.
func (s *sink) took() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = nil
	return all
}

func checks() *sink { return &sink{wants: modules.Wants{Checks: true}} }

// site is a bus, in a bubble. Its messages are texts of broks, with blanks between.
type site struct {
	t       *testing.T
	all     *membus.Bus
	bus     bus.Conn
	wrap    func(bus.Conn) bus.Conn // what lies between brokers that begin now and the bus; nil for nothing
	log     logtest.Log
	defined atomic.Pointer[map[string]bool]
}

func inSite(t *testing.T, limit int64, f func(s *site)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &site{t: t, all: membus.NewLimited(limit)}
		s.defined.Store(&map[string]bool{"m": true})
		s.bus = s.all.Connect("test")
		if err := s.bus.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		f(s)
	})
}

// broker is a broker that hosts a module until stop, or until it is killed.
type broker struct {
	*feed.Feeder
	stop, kill func()
	metrics    *metrics.Set
}

func (s *site) host(name string, m modules.Exporter) broker {
	s.t.Helper()
	b := broker{metrics: metrics.NewSet()}
	conn := s.all.Connect(name)
	var via bus.Conn = conn
	if s.wrap != nil {
		via = s.wrap(conn)
	}
	b.Feeder = feed.New(feed.Options{
		Bus: via, Broker: name, Boot: name + time.Now().String(), Metrics: b.metrics, Log: slog.New(slog.NewTextHandler(&s.log, nil)),
		Defined: func(context.Context) (map[string]bool, error) { return *s.defined.Load(), nil },
		Decode: func(_ *wire.Decoder, m bus.Msg) (broks []monitor.Brok, err error) {
			for text := range strings.FieldsSeq(string(m.Data)) {
				broks = append(broks, monitor.Brok{Text: text})
			}
			return broks, nil
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { b.Run(ctx) })
	wg.Go(func() { b.Host(ctx, m, feed.Asked{Of: "m"}) })
	b.stop = func() { cancel(); wg.Wait() }
	b.kill = func() { conn.Close(); cancel(); wg.Wait() }
	time.Sleep(time.Second)
	return b
}

// checked appends messages to PERF.
func (s *site) checked(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if err := s.bus.Append(s.t.Context(), bus.Perf(1), []byte(text), ""); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *site) want(what string, m *sink, want ...string) {
	s.t.Helper()
	if diff := cmp.Diff(want, m.took()); diff != "" {
		s.t.Errorf("%s: %s", what, diff)
	}
}

// export gives how the module is.
func (s *site) export(b broker) api.Export {
	s.t.Helper()
	all, err := b.Exports(s.t.Context())
	if err != nil || len(all) != 1 {
		s.t.Fatalf("%+v, %v", all, err)
	}
	return all[0]
}

func TestANewPlaceBeginsNowUnlessTheModuleWantsThePast(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		s.checked("old")
		m := checks()
		b := s.host("b1", m)
		s.checked("new")
		time.Sleep(time.Second)
		s.want("from now", m, "new")
		b.stop()
	})
	inSite(t, 1<<20, func(s *site) {
		s.checked("old")
		m := checks()
		m.wants.Past = true
		b := s.host("b1", m)
		s.want("with the past", m, "old")
		b.stop()
	})
}

func TestOneOfTwoBrokersIsActiveAndTheOtherGoesOnWhereItWas(t *testing.T) {
	for name, test := range map[string]struct {
		end    func(broker) func()
		within time.Duration
	}{
		"good-bye": {func(b broker) func() { return b.stop }, 2 * time.Second},
		"silence":  {func(b broker) func() { return b.kill }, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inSite(t, 1<<20, func(s *site) {
				one, two := checks(), checks()
				first, second := s.host("b1", one), s.host("b2", two)
				s.checked("1", "2")
				time.Sleep(3 * time.Second) // and the place is stored
				if got := s.export(second); got.Broker != "b1" || got.Sent != 2 {
					t.Errorf("while both run: %+v", got)
				}
				test.end(first)()
				s.checked("3")
				time.Sleep(test.within)
				s.want("the first", one, "1", "2")
				s.want("the second", two, "3")
				if got := s.export(second); got.Broker != "b2" || got.Sent != 3 {
					t.Errorf("afterwards: %+v", got)
				}
				second.stop()
			})
		})
	}
}

func TestWithAPlaceOfItsOwnEachBrokersModuleGetsEverything(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		one, two := checks(), checks()
		one.wants.Own, two.wants.Own = true, true
		first, second := s.host("b1", one), s.host("b2", two)
		s.checked("1")
		time.Sleep(time.Second)
		s.want("the first", one, "1")
		s.want("the second", two, "1")
		first.stop()
		second.stop()
	})
}

func TestAModuleThatHangsForAnHourDrainsInOrder(t *testing.T) {
	inSite(t, 1<<30, func(s *site) {
		free := make(chan struct{})
		m := checks()
		m.trouble = func(ctx context.Context) error {
			select {
			case <-free:
			case <-ctx.Done():
			}
			return ctx.Err()
		}
		b := s.host("b1", m)
		var want []string
		for i := range 3600 {
			s.checked(fmt.Sprintf("%d.a %d.b", i, i))
			want = append(want, fmt.Sprint(i, ".a"), fmt.Sprint(i, ".b"))
			time.Sleep(time.Second)
		}
		if got := s.export(b); got.Streams[0].Waiting != 3600 || got.Streams[0].OldestAge < 3590 || got.Failing != 0 {
			t.Errorf("after an hour: %+v", got)
		}
		if got := b.Behind(); got < 3590*time.Second || got > 3610*time.Second {
			t.Errorf("after an hour the broker says it is %s behind", got)
		}
		close(free)
		time.Sleep(5 * time.Second)
		s.want("afterwards", m, want...)
		time.Sleep(5 * time.Second)
		if got := b.Behind(); got != 0 {
			t.Errorf("afterwards the broker says it is %s behind", got)
		}
		b.stop()
	})
}

func TestWhatTheLimitsRemovedIsCountedAndTold(t *testing.T) {
	inSite(t, 100<<10, func(s *site) {
		m := checks()
		var up atomic.Bool
		m.trouble = func(context.Context) error {
			if !up.Load() {
				return errors.New("the other side is down")
			}
			return nil
		}
		b := s.host("b1", m)
		large := " " + strings.Repeat(" ", 1000)
		s.checked("first" + large)
		time.Sleep(time.Second)
		for i := range 85 {
			s.checked(fmt.Sprint(i) + large)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := s.export(b); got.Streams[0].LimitUsed < 0.8 || got.Streams[0].Lost != 0 || got.Error != "the other side is down" || got.Failing == 0 {
			t.Errorf("before anything is lost: %+v", got)
		}
		if !strings.Contains(s.log.String(), "nearly too far behind") {
			t.Error("not warned before")
		}
		if err := b.Healthy(); err == nil || !strings.Contains(err.Error(), "export module m is too far behind") {
			t.Errorf("health before anything is lost: %v", err)
		}
		for i := range 200 {
			s.checked(fmt.Sprint("later", i) + large)
		}
		up.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		all := m.took()
		got := s.export(b)
		if lost := 286 - len(all); lost < 100 || got.Streams[0].Lost != uint64(lost) || all[len(all)-1] != "later199" {
			t.Errorf("%d of 286 came; %+v", len(all), got)
		}
		if got := b.metrics.GetOrCreateCounter(`onbu_export_lost_total{module="m",stream="PERF"}`).Get(); got != uint64(286-len(all)) {
			t.Errorf("counted %d", got)
		}
		if err := b.Healthy(); err != nil || !strings.Contains(s.log.String(), "level=ERROR") {
			t.Errorf("the log has no error, or health speaks of what is over: %v", err)
		}
		b.stop()
		again := s.host("b1", m)
		if lost := s.export(again).Streams[0]; lost.Lost != got.Streams[0].Lost || lost.LastLost == 0 {
			t.Error("forgotten with a restart")
		}
		again.stop()
	})
}

func TestTroubleIsTriedAgainMoreAndMoreRarelyAndSaidOnce(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		var tries []time.Time
		m := checks()
		m.trouble = func(context.Context) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			if tries = append(tries, time.Now()); len(tries) < 20 {
				return errors.New("down")
			}
			return nil
		}
		b := s.host("b1", m)
		s.checked("1")
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		var pauses []time.Duration
		for i, at := range tries[1:8] {
			pauses = append(pauses, at.Sub(tries[i]))
		}
		want := []time.Duration{1e9, 2e9, 4e9, 8e9, 16e9, 30e9, 30e9}
		if diff := cmp.Diff(want, pauses); diff != "" {
			t.Error(diff)
		}
		if n := strings.Count(s.log.String(), "takes nothing"); n != 1 {
			t.Errorf("said %d times", n)
		}
		s.want("in the end", m, "1")
		b.stop()
	})
}

// A reload replaces the module: what the old one failed with is over as soon as the new one takes something.
func TestAMendByAReloadEndsTheTrouble(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		m := checks()
		m.trouble = func(context.Context) error { return errors.New("wrong port") }
		b := s.host("b1", m)
		s.checked("1")
		time.Sleep(time.Minute)
		if x := s.export(b); x.Failing == 0 || x.Error != "wrong port" || time.Since(time.Unix(int64(x.ErrorAt), 0)) > 31*time.Second {
			t.Errorf("before: %+v", x)
		}
		b.stop()
		m = checks()
		b = s.host("b1", m)
		s.want("after the mend", m, "1")
		time.Sleep(time.Second)
		if x := s.export(b); x.Failing != 0 || x.Error != "wrong port" || time.Since(time.Unix(int64(x.ErrorAt), 0)) > time.Minute {
			t.Errorf("after: %+v", x)
		}
		if !strings.Contains(s.log.String(), "takes what it gets again") {
			t.Error("the log does not say that it is over")
		}
		b.stop()
	})
}

// picky passes over one brok of each batch.
type picky struct {
	sink
	refused atomic.Uint64
}

func (p *picky) Export(ctx context.Context, broks []monitor.Brok) error {
	p.refused.Add(1)
	return p.sink.Export(ctx, broks)
}

func (p *picky) Refused() uint64 { return p.refused.Load() }

func TestWhatIsPassedOverIsTold(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		for i := range 2 { // the count outlives the module
			b := s.host("b1", &picky{sink: *checks()})
			s.checked("1 2 3")
			time.Sleep(time.Second)
			if x := s.export(b); x.Refused != uint64(i+1) || time.Since(time.Unix(int64(x.LastRefused), 0)) > 2*time.Second {
				t.Errorf("%+v, want %d refused just now", x, i+1)
			}
			b.stop()
		}
	})
}

func TestAModuleThatIsNoLongerConfiguredSaysSo(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		keeper := s.host("b1", checks())
		if x := s.export(keeper); x.Forgotten != 0 {
			t.Errorf("%+v", x)
		}
		s.defined.Store(&map[string]bool{})
		for range 2 { // at once, and when it is marked
			x := s.export(keeper)
			if in := time.Until(time.Unix(int64(x.Forgotten), 0)); in < 23*time.Hour || in > 24*time.Hour {
				t.Errorf("forgotten in %s, want a day", in)
			}
			time.Sleep(15 * time.Minute)
		}
		keeper.stop()
	})
}

func TestWhoAsksToBeLeftAloneIs(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		var tries []time.Time
		m := checks()
		m.trouble = func(context.Context) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			if tries = append(tries, time.Now()); len(tries) < 3 {
				return errors.Join(nil, &modules.Later{Err: errors.New("busy"), After: 5 * time.Minute})
			}
			return nil
		}
		b := s.host("b1", m)
		s.checked("1")
		time.Sleep(11 * time.Minute)
		s.want("in the end", m, "1")
		if len(tries) != 3 || tries[1].Sub(tries[0]) != 5*time.Minute {
			t.Errorf("tried at %v", tries)
		}
		b.stop()
	})
}

func TestAModuleGetsAgainWhatTheOtherSideMayHaveLost(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		m := checks()
		var fail atomic.Pointer[modules.Rewind]
		m.trouble = func(context.Context) error {
			if err := fail.Swap(nil); err != nil {
				return *err
			}
			return nil
		}
		b := s.host("b1", m)
		for i := range 10 {
			s.checked(fmt.Sprint(i))
			time.Sleep(2 * time.Second)
		}
		s.want("before", m, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
		fail.Store(&modules.Rewind{By: 3 * time.Second, Err: errors.New("it ended and began again")})
		s.checked("10")
		time.Sleep(10 * time.Second)
		s.want("afterwards", m, "8", "9", "10")
		s.checked("11")
		time.Sleep(time.Second)
		s.want("and then", m, "11")
		b.stop()
	})
}

func TestThePlaceOfAModuleThatIsGoneIsForgottenAfterADay(t *testing.T) {
	inSite(t, 1<<20, func(s *site) {
		other := &named{sink: *checks(), name: "other"}
		keeper := s.host("b2", other)
		b := s.host("b1", checks())
		b.stop()
		s.defined.Store(&map[string]bool{})
		time.Sleep(20 * time.Hour)
		m := checks() // it was a mistake
		b = s.host("b1", m)
		s.defined.Store(&map[string]bool{"m": true})
		b.stop()
		s.checked("meanwhile")
		b = s.host("b1", m)
		s.want("after the mistake", m, "meanwhile")
		b.stop()
		s.defined.Store(&map[string]bool{})
		time.Sleep(25 * time.Hour)
		s.checked("forgotten")
		b = s.host("b1", m)
		s.want("a day later", m)
		b.stop()
		keeper.stop()
	})
}

// named is a sink with another name.
type named struct {
	sink
	name string
}

func (n *named) Name() string { return n.name }
