package livestatus_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules/export/livestatus"
	"github.com/onbu/onbu/monitor"
)

// session has a module work with a connection inside of the test, where time is the test's own. It ends with the connection.
func session(t *testing.T, m *livestatus.Module) net.Conn {
	ours, theirs := net.Pipe()
	go func() {
		livestatus.Session(m, t.Context(), &serve.Conn{Conn: theirs, Source: netip.MustParseAddr("10.0.0.9")})
		theirs.Close()
	}()
	t.Cleanup(func() { ours.Close() })
	return ours
}

func built(t *testing.T, e *engine, settings ...string) *livestatus.Module {
	t.Helper()
	m, err := define(t, e, settings...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAClientThatSendsAByteASecondIsGivenUpInTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := session(t, built(t, newEngine()))
		var writing sync.WaitGroup
		defer writing.Wait()
		writing.Go(func() {
			for {
				if _, err := c.Write([]byte{'G'}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		})
		began := time.Now()
		answer, _ := io.ReadAll(c)
		if took := time.Since(began); took != 10*time.Second || !strings.HasPrefix(string(answer), "Client connection terminated") {
			t.Errorf("after %s: %q", took, answer)
		}
	})
}

func TestAClientThatSaysNothingIsGivenUpInFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := session(t, built(t, newEngine()))
		began := time.Now()
		answer, _ := io.ReadAll(c)
		if took := time.Since(began); took != 5*time.Minute || len(answer) > 0 {
			t.Errorf("after %s: %q", took, answer)
		}
	})
}

func TestAClientThatDoesNotReadIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := session(t, built(t, newEngine()))
		if _, err := io.WriteString(c, "GET hosts\n\n"); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		time.Sleep(11 * time.Second)
		if _, err := io.ReadAll(c); err != nil || time.Since(began) != 11*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestAWaitEndsWhenTheConditionHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine()
		c := session(t, built(t, e))
		began := time.Now()
		_, err := io.WriteString(c, "GET hosts\nColumns: plugin_output state\nFilter: name = web\nWaitObject: web\nWaitCondition: last_check >= 1000\nWaitTrigger: check\nWaitTimeout: 30000\nKeepAlive: on\nResponseHeader: fixed16\n\n")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(3 * time.Second)
			e.check("web", 1, 1000e9)
		}()
		in := bufio.NewReader(c)
		if got := answered(t, in); got != "checked;1\n" {
			t.Errorf("got %q", got)
		}
		if took := time.Since(began); took < 3*time.Second || took > 3200*time.Millisecond {
			t.Errorf("after %s", took)
		}
		began = time.Now()
		if _, err := io.WriteString(c, "GET hosts\nColumns: state\nFilter: name = web\nWaitObject: web\nWaitCondition: state = 0\nWaitTimeout: 2500\nResponseHeader: fixed16\n\n"); err != nil {
			t.Fatal(err)
		}
		if got := answered(t, in); got != "1\n" || time.Since(began) != 2500*time.Millisecond {
			t.Errorf("a wait whose time is up: %q after %s", got, time.Since(began))
		}
	})
}

func TestATriggerWakesThoseWhoWaitForIt(t *testing.T) {
	for trigger, brok := range map[string]monitor.Brok{
		"downtime": {Kind: monitor.BrokDowntimeGone},
		"comment":  {Kind: monitor.BrokCommentGone},
		"command":  {Kind: monitor.BrokCommand},
		"program":  {Kind: monitor.BrokProgram},
		"state":    {Kind: monitor.BrokState},
		"log":      {Kind: monitor.BrokLog},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := built(t, newEngine())
			c := session(t, m)
			began := time.Now()
			if _, err := fmt.Fprintf(c, "GET hosts\nColumns: name\nFilter: name = web\nWaitTrigger: %s\nResponseHeader: fixed16\nWaitTimeout: 60000\n\n", trigger); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			other := monitor.BrokEventHandler // fires log
			if trigger == "log" {
				other = monitor.BrokState
			}
			for _, b := range []monitor.Brok{{Kind: other}, brok} {
				if err := m.Export(t.Context(), []monitor.Brok{b}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
			}
			if got := answered(t, bufio.NewReader(c)); got != "web\n" || time.Since(began) > 4*time.Second {
				t.Errorf("%s: %q after %s", trigger, got, time.Since(began))
			}
		})
	}
}

// Idle clients cost little, and nobody who asks waits for them.
func TestAThousandIdleConnectionsDisturbNobody(t *testing.T) {
	path := serving(t, newEngine(), "max_connections 1000", "max_connections_per_source 1000")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 1000 {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "G"); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(t, path, "GET hosts\nColumns: name\nFilter: name = web\n\n"); got != "web\n" {
		t.Errorf("got %q", got)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (int64(after.HeapAlloc+after.StackInuse) - int64(before.HeapAlloc+before.StackInuse)) / 1000; each > 32<<10 {
		t.Errorf("an idle connection costs %d bytes", each)
	}
}

// Clients that ask as fast as they can are all answered.
func TestManyClientsAtOnceAreAllAnswered(t *testing.T) {
	path := serving(t, newEngine())
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			c, err := net.Dial("unix", path)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			in := bufio.NewReader(c)
			for range 20 {
				if _, err := io.WriteString(c, "GET services\nStats: state = 0\nStats: state = 2\nKeepAlive: on\nResponseHeader: fixed16\n\n"); err != nil {
					t.Error(err)
					return
				}
				if line, err := in.ReadString('\n'); err != nil || line != "200           4\n" {
					t.Errorf("%q, %v", line, err)
					return
				}
				if line, err := in.ReadString('\n'); err != nil || line != "2;1\n" {
					t.Errorf("%q, %v", line, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestAQueryThatPanicsIsOnlyItsOwnEnd(t *testing.T) {
	e := newEngine()
	e.catalog.Inventories[0].Timeperiods = nil // as no configuration is
	path := serving(t, e)
	if got := ask(t, path, "GET contacts\nResponseHeader: fixed16\n\n"); !strings.HasPrefix(got, "452 ") {
		t.Errorf("got %q", got)
	}
	if got := ask(t, path, "GET hosts\nColumns: name\nFilter: name = web\n\n"); got != "web\n" {
		t.Errorf("got %q", got)
	}
}

// Answers that nobody reads take memory up to a bound; then the next large one is refused, and small ones are not.
func TestLargeAnswersThatNobodyReadsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := built(t, newEngine(), "max_answer 64K")
		large := "GET columns\nResponseHeader: fixed16\nLimit: 750\n\n" // some 58 KB
		for range 4 {
			if _, err := io.WriteString(session(t, m), large); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		for request, want := range map[string]string{large: "413 ", "GET hosts\nColumns: name\nResponseHeader: fixed16\nLimit: 1\n\n": "200 "} {
			c := session(t, m)
			if _, err := io.WriteString(c, request); err != nil {
				t.Fatal(err)
			}
			if answer, err := io.ReadAll(c); !strings.HasPrefix(string(answer), want) {
				t.Errorf("got %.80q, %v; want %s", answer, err, want)
			}
		}
	})
}
