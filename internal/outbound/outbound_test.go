package outbound_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/outbound"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// store is the other side: it keeps lines, and answers as it is told.
type store struct {
	*httptest.Server
	mu    sync.Mutex
	lines []string
	posts int
	// answer says what a post gets; 0 takes it, -1 resets the connection, -2 never answers.
	answer func(post int, lines []string) int
	header http.Header
	said   string // with an answer that is not 204
}

func newStore(t *testing.T, answer func(post int, lines []string) int) *store {
	s := &store{answer: answer, header: http.Header{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	lines := strings.Fields(string(body))
	s.mu.Lock()
	s.posts++
	code := s.answer(s.posts, lines)
	if code == 0 {
		s.lines = append(s.lines, lines...)
	}
	s.mu.Unlock()
	switch code {
	case 0:
		w.WriteHeader(http.StatusNoContent)
	case -1:
		c, _, _ := w.(http.Hijacker).Hijack()
		_ = c.(*net.TCPConn).SetLinger(0)
		c.Close()
	case -2:
		<-r.Context().Done()
	default:
		maps.Copy(w.Header(), s.header)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, s.said)
	}
}

func (s *store) got() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

// perf makes a line HOST:TIME of each check.
var perf = outbound.Format{
	Encode: func(b *outbound.Batch, c *monitor.Check) {
		b.Bytes = fmt.Appendf(b.Bytes, "%s:%d\n", c.Host, c.Time)
		b.Cut(c)
	},
	Wrap: func(dst, points []byte) []byte { return append(dst, points...) },
}

// pump builds a pump and gives what it logs.
func pump(t *testing.T, url string, set ...string) (*outbound.Pump, *metrics.Set, *bytes.Buffer) {
	t.Helper()
	m := &monitor.Module{Name: "x", Type: "x", Settings: []monitor.Setting{{Name: "url", Value: url}, {Name: "timeout", Value: "300ms"}}}
	for i := 0; i < len(set); i += 2 {
		m.Settings = append(m.Settings, monitor.Setting{Name: set[i], Value: set[i+1]})
	}
	s, counters, log := modules.Read(m), metrics.NewSet(), &bytes.Buffer{}
	p := outbound.NewPump(s, modules.Env{Log: slog.New(slog.NewTextHandler(log, nil)), Metrics: counters}, "x", "", perf)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, counters, log
}

// checks gives broks of checks h<from>…h<to-1>, all of one time.
func checks(from, to int, at monitor.Time) []monitor.Brok {
	var broks []monitor.Brok
	for i := from; i < to; i++ {
		broks = append(broks, (&monitor.Check{Ref: monitor.Ref{Host: fmt.Sprintf("h%d", i)}, Time: at}).Brok())
	}
	return broks
}

func TestWhatGoesWrongOnceComesAgainAndArrivesOnce(t *testing.T) {
	for name, trouble := range map[string]int{
		"429": 429, "500": 500, "503": 503, "reset": -1, "hangs": -2, "not found": 404, "who are you": 401, "moved": 302, "408": 408, "415": 415,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, func(post int, _ []string) int {
				if post == 3 {
					return trouble
				}
				return 0
			})
			p, counters, _ := pump(t, s.URL, "batch", "10", "senders", "1")
			broks := checks(0, 50, 1)
			if err := p.Send(t.Context(), broks); err == nil {
				t.Fatal("no error")
			}
			// They come again in other pieces, with newer ones behind.
			again := append(broks, checks(0, 50, 2)...)
			for piece := range slices.Chunk(again, 33) {
				if err := p.Send(t.Context(), piece); err != nil {
					t.Fatal(err)
				}
			}
			var want []string
			for at := 1; at <= 2; at++ {
				for i := range 50 {
					want = append(want, fmt.Sprintf("h%d:%d", i, at))
				}
			}
			got := s.got()
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%d lines, want %d, each once", len(got), len(want))
			}
			if n := counters.GetOrCreateCounter(`onbu_x_points_sent_total{module="x"}`).Get(); n != 100 {
				t.Errorf("%d points are counted as sent, want 100", n)
			}
		})
	}
}

func TestBadPointsArePassedOverAndTheGoodOnesAroundThemAreNot(t *testing.T) {
	bad := map[string]bool{"h7:1": true, "h500:1": true, "h501:1": true}
	s := newStore(t, func(_ int, lines []string) int {
		if slices.ContainsFunc(lines, func(l string) bool { return bad[l] }) {
			return 400
		}
		return 0
	})
	s.said = "out of order\n" + strings.Repeat("x", 1<<20)
	p, counters, log := pump(t, s.URL, "senders", "1")
	if err := p.Send(t.Context(), checks(0, 1000, 1)); err != nil {
		t.Fatal(err)
	}
	if got := s.got(); len(got) != 997 || slices.ContainsFunc(got, func(l string) bool { return bad[l] }) {
		t.Errorf("%d lines, want 997 good ones", len(got))
	}
	if n := counters.GetOrCreateCounter(`onbu_x_points_refused_total{module="x"}`).Get(); n != 3 {
		t.Errorf("%d refused, want 3", n)
	}
	if text := log.String(); strings.Count(text, "passed over") != 1 || !strings.Contains(text, "out of order") || len(text) > 600 {
		t.Errorf("logged %q, want one short line that says why", text)
	}
}

func TestAStoreThatRefusesEverythingHoldsEverything(t *testing.T) {
	wrong := true
	s := newStore(t, func(int, []string) int {
		if wrong {
			return 400
		}
		return 0
	})
	s.said = "unsupported path requested"
	p, _, _ := pump(t, s.URL, "senders", "1")
	err := p.Send(t.Context(), checks(0, 5000, 1))
	if err == nil || !strings.Contains(err.Error(), "unsupported path requested") || !strings.Contains(err.Error(), "check the url") {
		t.Errorf("got %v, want what the store says and what to do", err)
	}
	if n := p.Refused(); n != 0 || s.posts > 20 {
		t.Errorf("%d refused after %d posts, want none after at most 20", n, s.posts)
	}
	wrong = false
	if err := p.Send(t.Context(), checks(0, 5000, 1)); err != nil || len(s.got()) != 5000 {
		t.Errorf("%d arrived once the path is right, %v; want all", len(s.got()), err)
	}
}

// A batch that is bad to its last point must not hold up for ever what comes after it.
func TestABatchOfBadPointsAloneIsPassedOverWhereOthersAreTaken(t *testing.T) {
	s := newStore(t, func(_ int, lines []string) int {
		if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "h") }) {
			return 400
		}
		return 0
	})
	p, _, _ := pump(t, s.URL)
	if err := p.Send(t.Context(), checks(0, 3, 1)); err != nil {
		t.Fatal(err)
	}
	if got := s.got(); p.Refused() != 3 || len(got) != 1 || !strings.HasPrefix(got[0], "onbu:") {
		t.Errorf("%d refused and %q taken, want all three and one probe", p.Refused(), got)
	}
}

func TestAStoreThatRefusesMuchCostsBoundedlyMany(t *testing.T) {
	s := newStore(t, func(_ int, lines []string) int {
		if len(lines) > 1 || strings.HasPrefix(lines[0], "h") {
			return 400
		}
		return 0
	})
	p, counters, _ := pump(t, s.URL, "senders", "1")
	if err := p.Send(t.Context(), checks(0, 5000, 1)); err != nil {
		t.Fatal(err)
	}
	if n := counters.GetOrCreateCounter(`onbu_x_points_refused_total{module="x"}`).Get(); n != 5000 || s.posts > 600 {
		t.Errorf("%d refused after %d posts, want 5000 after at most 600", n, s.posts)
	}
}

func TestEachObjectsPointsStayInOrder(t *testing.T) {
	s := newStore(t, func(post int, _ []string) int {
		if post%5 == 0 {
			return 503
		}
		return 0
	})
	p, _, _ := pump(t, s.URL, "batch", "40", "senders", "8")
	for at := 1; at < 20; at++ {
		broks := checks(0, 300, monitor.Time(at))
		for p.Send(t.Context(), broks) != nil {
		}
	}
	newest := map[string]int{}
	for _, line := range s.got() {
		var at int
		host, text, _ := strings.Cut(line, ":")
		fmt.Sscan(text, &at)
		if at != newest[host]+1 {
			t.Fatalf("%s came after %d", line, newest[host])
		}
		newest[host] = at
	}
	if len(newest) != 300 {
		t.Errorf("%d hosts", len(newest))
	}
}

func TestAStoreThatWantsToBeLeftAloneSaysForHowLong(t *testing.T) {
	for text, want := range map[string]time.Duration{"7": 7 * time.Second, "604800": 10 * time.Minute, "-1": 0, "soon": 0} {
		s := newStore(t, func(int, []string) int { return 429 })
		s.header.Set("Retry-After", text)
		p, _, _ := pump(t, s.URL)
		err := p.Send(t.Context(), checks(0, 1, 1))
		later, ok := errors.AsType[*modules.Later](err)
		if err == nil || ok != (want > 0) || ok && later.After != want {
			t.Errorf("Retry-After: %s: %v, want %s", text, err, want)
		}
	}
}

// A store that keeps in memory what it has taken, and is gone, may have lost it: everything of the last seconds comes again.
func TestWhatAStoreMayHaveLostIsAskedForAgain(t *testing.T) {
	trouble := 429
	s := newStore(t, func(post int, _ []string) int {
		if post == 2 {
			return trouble
		}
		return 0
	})
	p, _, _ := pump(t, s.URL, "batch", "10", "senders", "1", "resend", "30s")
	err := p.Send(t.Context(), checks(0, 20, 1))
	if _, ok := errors.AsType[modules.Rewind](err); err == nil || ok {
		t.Errorf("it is there and busy: %v", err)
	}
	s.posts, trouble = 0, -1
	err = p.Send(t.Context(), checks(0, 20, 2))
	if r, ok := errors.AsType[modules.Rewind](err); !ok || r.By != 30*time.Second {
		t.Errorf("it is gone: %v", err)
	}
	before := len(s.got())
	if err := p.Send(t.Context(), checks(0, 20, 2)); err != nil || len(s.got())-before != 20 {
		t.Errorf("%d came again, %v; want all 20", len(s.got())-before, err)
	}
}

func TestTheEndEndsIt(t *testing.T) {
	s := newStore(t, func(int, []string) int { return -2 })
	p, _, _ := pump(t, s.URL, "timeout", "1m")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Send(ctx, checks(0, 1, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNothingButEventsIsNothingToDo(t *testing.T) {
	s := newStore(t, func(int, []string) int { return 500 })
	p, _, _ := pump(t, s.URL)
	if err := p.Send(t.Context(), []monitor.Brok{{Kind: monitor.BrokState}}); err != nil || s.posts > 0 {
		t.Errorf("%v after %d posts", err, s.posts)
	}
}
