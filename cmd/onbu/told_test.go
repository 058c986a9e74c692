package main_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor/api"
)

// doubt is how far back from a kill of the bus itself a notification may be told again, or be under way: the bus writes
// ten times a second to disk how far its readers are, and a command cannot be run exactly once.
const doubt = 2 * time.Second

// eventAck is how long the bus waits before it gives a batch of events again whose reader was killed.
const eventAck = time.Minute

// telling is a notification in the event log.
type telling struct {
	text         string
	at           time.Time
	logged, done int
}

// allTold wants each notification that follows from the results to be in the event log with one id, and ada to be told
// of it: once, unless it was under way when the kill came.
func (h *history) allTold(o *onbu, c *config, events string) {
	h.t.Helper()
	again, later := 0, 0
	within(o.t, patience+eventAck, "everybody was told of everything", func() error {
		all, err := o.objects()
		if err != nil {
			return err
		}
		logged, err := tellingsOf(events)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(h.tellings(all), texts(logged)); diff != "" {
			return fmt.Errorf("event log (-want +got):\n%s", diff)
		}
		lines, err := c.tellings()
		if err != nil {
			return err
		}
		again, later, err = h.toldOnce(logged, lines)
		return err
	})
	h.t.Logf("under way at the kill: %d were told again, %d are told later", again, later)
}

// toldOnce compares what was told with the event log and counts what was in doubt.
func (h *history) toldOnce(logged map[string]*telling, lines []string) (again, later int, err error) {
	told := map[string]int{}
	for _, line := range lines {
		told[line]++
	}
	for _, one := range logged {
		n := told[one.text]
		delete(told, one.text)
		switch inDoubt := h.killed.Sub(one.at) < doubt; {
		case n == 1 && one.logged == 1:
		case n > 0 && inDoubt:
			again++
		case n == 0 && one.done == 0 && inDoubt && one.at.Before(h.killed):
			later++
		default:
			err = errors.Join(err, fmt.Errorf("%q was told %d times, logged %d times and done %d times; it was due %s before the kill",
				one.text, n, one.logged, one.done, h.killed.Sub(one.at)))
		}
	}
	if len(told) > 0 {
		err = errors.Join(err, fmt.Errorf("told without being in the event log: %v", told))
	}
	return again, later, err
}

// tellings gives, in order of their text, what ada must have been told of, given the results that arrived: a WARNING is
// the first attempt of two, everything after it is said.
func (h *history) tellings(all map[string]api.Object) (want []string) {
	for host := noted; host < fleet; host++ {
		name := fmt.Sprintf("h%03d/told", host)
		for n := 2; n <= number(all[name]); n++ {
			switch n % 4 {
			case 0:
				want = append(want, fmt.Sprintf("RECOVERY %s result %d", name, n))
			case 2, 3:
				want = append(want, fmt.Sprintf("PROBLEM %s result %d", name, n))
			}
		}
	}
	slices.Sort(want)
	return want
}

func texts(all map[string]*telling) (texts []string) {
	for one := range maps.Values(all) {
		texts = append(texts, one.text)
	}
	slices.Sort(texts)
	return texts
}

// tellingsOf reads an event log and gives its notifications by id, with their texts as ada reads them.
func tellingsOf(path string) (map[string]*telling, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all := map[string]*telling{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e struct {
			Time                                time.Time
			Kind, Type, Host, Service, ID, Text string
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%w in %s", err, lines.Text())
		}
		if all[e.ID] == nil && e.ID != "" {
			all[e.ID] = &telling{}
		}
		switch one := all[e.ID]; e.Kind {
		case "notification":
			output := e.Text[strings.LastIndexByte(e.Text, ';')+1:]
			one.text, one.at = fmt.Sprintf("%s %s/%s %s", e.Type, e.Host, e.Service, output), e.Time
			one.logged++
		case "action_done":
			one.done++
		}
	}
	return all, nil
}
