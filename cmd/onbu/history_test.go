package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

const (
	talkers = 4  // who give commands at the same time
	noted   = 90 // the hosts before this one get one command each, the others results
)

// history is what was acknowledged and what was seen until the kill.
type history struct {
	t    *testing.T
	seed uint64

	mu      sync.Mutex
	notes   map[int]bool // by host: its command was given, and whether it was acknowledged
	results map[int]int  // by host: the number of the last result that was acknowledged
	acked   int
	seen    map[string]api.Object // the last look
	killed  time.Time
}

func newHistory(t *testing.T, seed uint64) *history {
	return &history{t: t, seed: seed, notes: map[int]bool{}, results: map[int]int{}}
}

// talk gives commands and looks at what comes of them, until so many were acknowledged; then it kills.
func (h *history) talk(o *onbu, enough int) {
	h.t.Helper()
	var wg sync.WaitGroup
	for who := range talkers {
		wg.Go(func() { h.talker(o, who) })
	}
	wg.Go(func() {
		for all, err := o.objects(); err == nil; all, err = o.objects() {
			h.seen = all
		}
	})
	o.eventually(fmt.Sprint(enough, " commands are acknowledged"), func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.acked < enough {
			return fmt.Errorf("%d are", h.acked)
		}
		return nil
	})
	h.killed = time.Now()
	o.kill()
	wg.Wait()
	h.t.Logf("killed after %d acknowledged commands for %d hosts", h.acked, len(h.notes)+len(h.results))
}

// talker gives commands for every fourth host until nobody answers any more: a result, then something to note, and so on.
func (h *history) talker(o *onbu, who int) {
	r := rand.New(rand.NewPCG(h.seed, uint64(who)))
	next, numbers := who, map[int]int{}
	for {
		host := noted + who + talkers*r.IntN((fleet-noted)/talkers)
		numbers[host]++
		if !h.give(o, result(host, numbers[host]), func() { h.results[host] = numbers[host] }) {
			return
		}
		if next >= noted {
			continue
		}
		h.mu.Lock()
		h.notes[next] = false
		h.mu.Unlock()
		for _, line := range notes[next%len(notes)].give {
			line = fmt.Sprintf(line, fmt.Sprintf("h%03d;told", next))
			if !h.give(o, line, func() {}) {
				return
			}
		}
		h.mu.Lock()
		h.notes[next] = true
		h.mu.Unlock()
		next += talkers
	}
}

// give gives a command and notes that it was acknowledged; false if nobody was there to do so.
func (h *history) give(o *onbu, line string, note func()) bool {
	_, err := o.Command(context.Background(), line)
	if refusal, ok := errors.AsType[*console.Refusal](err); ok {
		h.t.Errorf("%s was refused: %v", line, refusal)
		return false
	}
	if err != nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	note()
	h.acked++
	return true
}

// result is the passive result with a number: in turn WARNING, CRITICAL, UNKNOWN and OK.
func result(host, number int) string {
	return fmt.Sprintf("PROCESS_SERVICE_CHECK_RESULT;h%03d;told;%d;result %d", host, number%4, number)
}

// note is what can be noted on a service, and how it shows.
type note struct {
	give []string
	// shows gives how often it shows.
	shows func(one api.Object, n notebook) int
}

var notes = []note{
	{
		[]string{"PROCESS_SERVICE_CHECK_RESULT;%s;2;broken", "ACKNOWLEDGE_SVC_PROBLEM;%s;2;0;0;ada;I see"},
		func(one api.Object, _ notebook) int { return count(one.Acknowledged) },
	},
	{
		[]string{"SCHEDULE_SVC_DOWNTIME;%s;0;4000000000;1;0;0;ada;moving house"},
		func(one api.Object, n notebook) int { return min(int(one.DowntimeDepth), 1) * n.downtimes[one.Host] },
	},
	{[]string{"DISABLE_SVC_NOTIFICATIONS;%s"}, func(one api.Object, _ notebook) int { return count(!one.Notifications) }},
	{[]string{"DISABLE_PASSIVE_SVC_CHECKS;%s"}, func(one api.Object, _ notebook) int { return count(!one.Passive) }},
	{[]string{"ADD_SVC_COMMENT;%s;1;ada;mind the gap"}, func(one api.Object, n notebook) int { return n.comments[one.Host] }},
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// notebook counts downtimes and comments by host.
type notebook struct{ downtimes, comments map[string]int }

func notebookOf(o *onbu) (notebook, error) {
	downtimes, err := countByHost(o, "downtimes", "moving house")
	if err != nil {
		return notebook{}, err
	}
	comments, err := countByHost(o, "comments", "mind the gap")
	return notebook{downtimes, comments}, err
}

func countByHost(o *onbu, what, text string) (map[string]int, error) {
	resp, err := http.Get("http://" + o.Addr + "/api/" + what)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var all []struct{ Host, Comment, Text string }
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		return nil, err
	}
	n := map[string]int{}
	for _, one := range all {
		if one.Comment == text || one.Text == text {
			n[one.Host]++
		}
	}
	return n, nil
}

// notesHold wants what was acknowledged to show once, and what was not acknowledged at most once.
func (h *history) notesHold(o *onbu, all map[string]api.Object) error {
	book, err := notebookOf(o)
	if err != nil {
		return err
	}
	for host, acked := range h.notes {
		kind := notes[host%len(notes)]
		n := kind.shows(all[fmt.Sprintf("h%03d/told", host)], book)
		if acked && n != 1 || n > 1 {
			err = errors.Join(err, fmt.Errorf("%s of h%03d shows %d times, acknowledged: %t", kind.give, host, n, acked))
		}
	}
	return err
}

// resultsHold wants no result to be older than the last that was acknowledged or seen, and states to be those of the
// results.
func (h *history) resultsHold(all map[string]api.Object) (err error) {
	for host := noted; host < fleet; host++ {
		name := fmt.Sprintf("h%03d/told", host)
		got := number(all[name])
		if least := max(h.results[host], number(h.seen[name])); got < least {
			err = errors.Join(err, fmt.Errorf("%s shows result %d; %d was there before the kill", name, got, least))
		}
		want := []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[got%4]
		if got > 0 && all[name].State != want {
			err = errors.Join(err, fmt.Errorf("%s is %s with result %d", name, all[name].State, got))
		}
	}
	return err
}

// number is that of the last result of a service; 0 for none.
func number(one api.Object) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(one.Output, "result "))
	return n
}
