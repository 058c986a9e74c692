package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/onbu/onbu/monitor/brokjson"
)

// mostTwice is how many broks of a module come twice after a kill -9 at most: a batch, which is full at 1,000, or longer by what one
// message holds.
const mostTwice = 2 * 1024

// Two brokers host one module, one at a time, in the middle of 2,000 results a second: everything comes to its far end in order.
// Nothing comes twice when one broker says good-bye, and at most a batch when the other one is killed.
func TestTheOtherBrokerGoesOn(t *testing.T) {
	t.Parallel()
	p := newPosting(t)
	p.config.Define("module", "module_name far", "module_type nats_subject", "url "+p.cluster.url, "subject far", "jetstream no")
	for _, line := range []string{"bus", "arbiter", "scheduler", "receiver"} {
		p.daemon(line)
	}
	far := newFarEnd(t, p.cluster.url)
	one := p.daemon("broker --name one")
	one.listening()
	p.known(one)
	activeOn(one, "one")
	two := p.daemon("broker --name two")
	two.says(standsBy + "one")
	two.listening()
	p.begin()
	p.flows()

	interrupt(one)
	activeOn(two, "two")
	pause(500 * time.Millisecond)
	if again := far.again(); again > 0 {
		t.Errorf("%d broks came twice although the broker said good-bye", again)
	}
	if strings.Contains(two.Output(), fellSilent) {
		t.Error("the broker that said good-bye was waited for")
	}

	one = p.daemon("broker --name one")
	one.listening()
	one.says(standsBy + "two")
	two.kill()
	one.says(fellSilent)
	activeOn(one, "one")
	p.end()
	far.holds(p)
	again := far.again()
	t.Logf("%d broks came, %d of them twice", far.came, again)
	if again > mostTwice {
		t.Errorf("%d broks came twice, want %d at most", again, mostTwice)
	}
}

const (
	standsBy   = "active_on="
	fellSilent = "an export module goes on after a broker that fell silent"
)

// activeOn waits until a broker works with the module and its place is settled: what happens from then on comes to its far end.
func activeOn(o *onbu, broker string) {
	o.t.Helper()
	o.eventually("works with the module", func() error {
		all, err := o.Exports(o.t.Context())
		for _, x := range all {
			if x.Module == "far" && x.Broker == broker && len(x.Streams) == 3 {
				return nil
			}
		}
		return errors.Join(err, fmt.Errorf("not among %+v", all))
	})
}

// farEnd is who listens to what the module says.
type farEnd struct {
	t *testing.T

	mu   sync.Mutex
	all  map[string][]int // the numbers of the results, as they came, by kind and host
	came int
}

func newFarEnd(t *testing.T, url string) *farEnd {
	t.Helper()
	f := &farEnd{t: t, all: map[string][]int{}}
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	sub, err := conn.Subscribe("far.>", f.take)
	if err == nil {
		err = errors.Join(sub.SetPendingLimits(-1, -1), conn.Flush())
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *farEnd) take(m *nats.Msg) {
	var e brokjson.Event
	if err := json.Unmarshal(m.Data, &e); err != nil {
		f.t.Errorf("%s: %v: %s", m.Subject, err, m.Data)
		return
	}
	number, is := strings.CutPrefix(e.Output, "number ")
	if e.Service != "told" || !is {
		return
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		f.t.Errorf("%s: %v", m.Subject, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.came++
	f.all[e.Kind+" "+e.Host] = append(f.all[e.Kind+" "+e.Host], n)
}

// again gives how many broks came twice. They may do so by one step back of each object; the test fails if anything else is out of
// order.
func (f *farEnd) again() (all int) {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for key, numbers := range f.all {
		most, last, back := 0, 0, 0
		for _, n := range numbers {
			if n <= most {
				all++
			}
			if n <= last {
				back++
			}
			most, last = max(most, n), n
		}
		if back > 1 {
			f.t.Errorf("%s: came out of order: %v", key, numbers)
		}
	}
	return all
}

// holds waits until every result is there that was answered, as a check and as an alert: each has another state than the one before.
func (f *farEnd) holds(p *posting) {
	f.t.Helper()
	within(f.t, patience, "everything comes to the far end", func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		for i := range p.answered {
			for _, kind := range []string{"check", "alert"} {
				host := fmt.Sprintf("h%03d", i)
				there := map[int]bool{}
				for _, n := range f.all[kind+" "+host] {
					there[n] = true
				}
				for _, n := range p.all[i/sendersServices] {
					if !there[n] {
						return fmt.Errorf("the %s of number %d of %s is not", kind, n, host)
					}
				}
			}
		}
		return nil
	})
}
