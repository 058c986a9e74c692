package live_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/modules/export/web/live"
)

// counter is a Source whose present is a number that somebody else sets.
type counter struct {
	mu           sync.Mutex
	value, shown int
	looks        int
}

func (c *counter) set(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.value = n
}

func (c *counter) looked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.looks
}

func (c *counter) Change(context.Context) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks++
	if c.value == c.shown {
		return nil
	}
	add := c.value - c.shown
	c.shown = c.value
	return fmt.Appendf(nil, "%+d", add)
}

func (c *counter) Whole() []byte { return fmt.Appendf(nil, "%d", c.shown) }

// browser is a page that is open: it keeps what it gets.
type browser struct {
	mu    sync.Mutex
	head  http.Header
	got   strings.Builder
	code  int
	stuck bool // it takes nothing
	gone  context.CancelFunc
	ended chan struct{}
}

func (b *browser) Header() http.Header { return b.head }
func (b *browser) WriteHeader(code int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.code = code
}
func (b *browser) Flush()                           {}
func (b *browser) SetWriteDeadline(time.Time) error { return nil }
func (b *browser) Write(p []byte) (int, error) {
	if b.stuck {
		time.Sleep(time.Hour)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.got.Write(p)
}

// events gives what it got, as "name data" parted by semicolons, and begins anew.
func (b *browser) events() string {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for part := range strings.SplitSeq(b.got.String(), "\n\n") {
		if name, data, ok := strings.Cut(part, "\ndata: "); ok && name != "event: breath" {
			all = append(all, strings.TrimPrefix(name, "event: ")+" "+data)
		}
	}
	b.got.Reset()
	return strings.Join(all, "; ")
}

func open(h *live.Hub, key string, s live.Source) *browser {
	ctx, cancel := context.WithCancel(context.Background())
	b := &browser{head: http.Header{}, gone: cancel, ended: make(chan struct{})}
	r := httptest.NewRequestWithContext(ctx, "GET", "/live", nil)
	go func() {
		defer close(b.ended)
		h.Serve(b, r, key, time.Second, func() live.Source { return s })
	}()
	synctest.Wait()
	return b
}

func TestPagesGetTheWholeAndThenWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := live.New(slog.New(slog.DiscardHandler)), &counter{value: 5}
		first := open(h, "k", s)
		time.Sleep(time.Second / 2) // between two looks
		if got := first.events(); got != "whole 5" {
			t.Errorf("at first: %q", got)
		}
		s.set(7)
		time.Sleep(time.Second)
		second := open(h, "k", s)
		if got := first.events(); got != "change +2" {
			t.Errorf("after a change: %q", got)
		}
		if got := second.events(); got != "whole 7" {
			t.Errorf("a page that came later: %q", got)
		}
		time.Sleep(3 * time.Second)
		s.set(6)
		time.Sleep(time.Second)
		if a, b := first.events(), second.events(); a != "change -1" || b != a {
			t.Errorf("both: %q, %q", a, b)
		}
		if got, want := s.looked(), 6; got != want {
			t.Errorf("looked %d times for two pages, want %d", got, want)
		}
		first.gone()
		second.gone()
		<-first.ended
		<-second.ended
	})
}

func TestAPageHearsWhatTimeItIsBeforeWhatWasMadeLongAgo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := live.New(slog.New(slog.DiscardHandler)), &counter{value: 5}
		first := open(h, "k", s)
		time.Sleep(time.Hour)
		second := open(h, "k", s)
		now := float64(time.Now().UnixMilli()) / 1e3
		synctest.Wait()
		if got, want := second.got.String(), fmt.Sprintf("event: breath\ndata: %.3f\n\nevent: whole\ndata: 5\n\n", now); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := strings.Count(first.got.String(), "event: breath"); got < 240 {
			t.Errorf("a quiet stream breathes %d times in an hour", got)
		}
		first.gone()
		second.gone()
		<-first.ended
		<-second.ended
	})
}

func TestTheWholeIsComposedOnlyWhenItIsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := live.New(slog.New(slog.DiscardHandler)), &composed{counter: counter{value: 5}}
		b := open(h, "k", s)
		time.Sleep(time.Minute)
		b.gone()
		<-b.ended
		if s.wholes != 1 {
			t.Errorf("the whole was composed %d times, want once", s.wholes)
		}
	})
}

// composed counts how often all of it is asked for.
type composed struct {
	counter
	wholes int
}

func (c *composed) Whole() []byte {
	c.wholes++
	return c.counter.Whole()
}

func TestNobodyLooksForPagesThatAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := live.New(slog.New(slog.DiscardHandler)), &counter{}
		b := open(h, "k", s)
		if got := b.events(); got != "whole 0" {
			t.Errorf("something that is as it was from the beginning: %q", got)
		}
		b.gone()
		<-b.ended
		looked := s.looked()
		time.Sleep(time.Minute)
		if got := s.looked(); got > looked+1 || h.Pages() != 0 {
			t.Errorf("looked %d times more, %d pages", got-looked, h.Pages())
		}
	})
}

func TestAPageThatTakesNothingHoldsUpNobodyAndIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := live.New(slog.New(slog.DiscardHandler)), &counter{value: 1}
		slow := &browser{head: http.Header{}, stuck: true, ended: make(chan struct{})}
		go func() {
			defer close(slow.ended)
			h.Serve(slow, httptest.NewRequest("GET", "/live", nil), "k", time.Second, func() live.Source { return s })
		}()
		quick := open(h, "k", s)
		time.Sleep(time.Second / 2) // between two looks
		for n := range 40 {
			s.set(n + 2)
			time.Sleep(time.Second)
		}
		if got := strings.Count(quick.events(), "change"); got != 40 {
			t.Errorf("the other page got %d changes, want 40", got)
		}
		time.Sleep(20 * time.Hour)
		<-slow.ended
		if got := h.Pages(); got != 1 {
			t.Errorf("%d pages are open, want the quick one", got)
		}
		quick.gone()
		<-quick.ended
	})
}

func TestPagesOfABrokerThatEndsItsWorkAreSentAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := live.New(slog.New(slog.DiscardHandler)), &counter{value: 5}
		before := open(h, "k", s)
		h.Close()
		<-before.ended
		if during := open(h, "k", s); during.code != http.StatusServiceUnavailable {
			t.Errorf("a page that comes meanwhile is answered with %d", during.code)
		}
		h.Open()
		after := open(h, "k", s)
		if got := after.events(); got != "whole 5" || h.Pages() != 1 {
			t.Errorf("a page that comes afterwards: %q, %d pages", got, h.Pages())
		}
		after.gone()
		<-after.ended
	})
}

func TestTooManyPagesAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(slog.New(slog.DiscardHandler))
		var all []*browser
		for range 2000 {
			all = append(all, open(h, "k", &counter{}))
		}
		b := open(h, "k", &counter{})
		<-b.ended
		if b.code != http.StatusServiceUnavailable {
			t.Errorf("one too many got %d", b.code)
		}
		for _, b := range all {
			b.gone()
		}
		for _, b := range all {
			<-b.ended
		}
		if h.Pages() != 0 {
			t.Errorf("%d pages are left", h.Pages())
		}
	})
}

func TestWhatIsSmallIsSentWholeWhenItIsAnother(t *testing.T) {
	n, err := 1, error(nil)
	s := &live.Same{Make: func(context.Context) (any, error) { return map[string]int{"n": n}, err }}
	for _, tt := range []struct {
		n    int
		err  error
		want string
	}{{1, nil, `{"n":1}`}, {1, nil, ""}, {2, nil, `{"n":2}`}, {2, context.Canceled, `{"error":"context canceled"}`}} {
		n, err = tt.n, tt.err
		if got := string(s.Change(t.Context())); got != tt.want {
			t.Errorf("%d, %v: %q, want %q", tt.n, tt.err, got, tt.want)
		}
	}
	if got := string(s.Whole()); got != `{"error":"context canceled"}` {
		t.Errorf("the whole is %q", got)
	}
}

// A number that JSON has no word for is a bug somewhere; a page must not be sent nothing in place of what it shows.
func TestWhatIsNoJSONChangesNothingAndIsToldOnce(t *testing.T) {
	var log bytes.Buffer
	value := any(math.NaN())
	s := &live.Same{Make: func(context.Context) (any, error) { return value, nil }, Log: slog.New(slog.NewTextHandler(&log, nil))}
	if got, whole := string(s.Change(t.Context())), string(s.Whole()); !strings.HasPrefix(got, `{"error":"json: `) || got != whole {
		t.Errorf("before there was a good one: %q, the whole is %q", got, whole)
	}
	value = 5
	if got := string(s.Change(t.Context())); got != "5" {
		t.Errorf("a good one: %q", got)
	}
	value = math.Inf(1)
	for range 3 {
		if got, whole := string(s.Change(t.Context())), string(s.Whole()); got != "" || whole != "5" {
			t.Errorf("afterwards %q, the whole is %q", got, whole)
		}
	}
	if got := strings.Count(log.String(), "level=ERROR"); got != 2 {
		t.Errorf("%d lines in the log, want one for each time that it went wrong:\n%s", got, &log)
	}
}

func TestAPageIsSentNothingWhileThereIsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(live.New(slog.New(slog.DiscardHandler)), "k", nothing{})
		time.Sleep(5 * time.Second)
		if got := b.events(); got != "" {
			t.Errorf("got %q", got)
		}
		b.gone()
		<-b.ended
	})
}

// A page that names something odd must not be the end of the process that has everybody's checks.
func TestASourceThatPanicsLosesItsPagesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := live.New(slog.New(slog.NewTextHandler(&log, nil)))
		other := open(h, "other", &counter{value: 1})
		<-open(h, "k?x", broken{}).ended
		<-open(h, "k?x", broken{}).ended // it came again
		if got := strings.Count(log.String(), "met a bug"); got != 2 || !strings.Contains(log.String(), "pages=k ") {
			t.Errorf("the log: %s", &log)
		}
		if got := other.events(); got != "whole 1" || h.Pages() != 1 {
			t.Errorf("the other page got %q, %d are open", got, h.Pages())
		}
		other.gone()
		<-other.ended
	})
}

// broken is a Source with a bug.
type broken struct{}

func (broken) Change(context.Context) []byte { panic("there is no such thing") }
func (broken) Whole() []byte                 { return nil }

// nothing is a Source that has nothing to show yet.
type nothing struct{}

func (nothing) Change(context.Context) []byte { return nil }
func (nothing) Whole() []byte                 { return nil }

// slow is a counter that takes long to look.
type slow struct{ counter }

func (s *slow) Change(ctx context.Context) []byte {
	time.Sleep(20 * time.Millisecond)
	return s.counter.Change(ctx)
}

func TestManyDifferentPagesTakeHalfACoreAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, all := live.New(slog.New(slog.DiscardHandler)), make([]*slow, 100)
		defer time.Sleep(time.Minute) // until nobody looks any more
		for i := range all {
			all[i] = &slow{counter{value: 1}}
			defer open(h, fmt.Sprintf("tree?%d", i), all[i]).gone()
		}
		other := &counter{value: 1}
		defer open(h, "engine", other).gone()
		time.Sleep(time.Minute)
		looks := 0
		for _, s := range all {
			looks += s.looked()
		}
		if most := int(time.Minute/(20*time.Millisecond))/2 + len(all); looks > most || looks < most*9/10-len(all) {
			t.Errorf("%d looks in a minute, and the half of it has room for %d", looks, most)
		}
		if n := other.looked(); n < 59 {
			t.Errorf("a page of another kind was looked at %d times", n)
		}
	})
}
