package live_test

import (
	"context"
	"fmt"
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
		if name, data, ok := strings.Cut(part, "\ndata: "); ok {
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
		h, s := live.New(), &counter{value: 5}
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

func TestNobodyLooksForPagesThatAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, s := live.New(), &counter{}
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
		h, s := live.New(), &counter{value: 1}
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

func TestTooManyPagesAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New()
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

// slow is a counter that takes long to look.
type slow struct{ counter }

func (s *slow) Change(ctx context.Context) []byte {
	time.Sleep(20 * time.Millisecond)
	return s.counter.Change(ctx)
}

func TestManyDifferentPagesTakeHalfACoreAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, all := live.New(), make([]*slow, 100)
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
