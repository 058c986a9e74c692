package main_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

const (
	// senders post the results of sendersServices each, pace apart: 2,000 a second in all.
	senders         = 8
	sendersServices = 25
	pace            = 100 * time.Millisecond
)

// kill -9 of processes in the middle of 2,000 results a second over HTTP, one behind the other: every result that was answered
// with 200 is in the state once they run again, and the journal says that each was applied, once and in order.
func TestEveryResultAnsweredIsInTheState(t *testing.T) {
	for _, victims := range [][]string{{"receiver"}, {"scheduler"}, {"bus"}, {"bus", "receiver"}, {"bus", "receiver", "scheduler"}} {
		t.Run("kill -9 of "+strings.Join(victims, " and "), func(t *testing.T) {
			t.Parallel()
			p := newPosting(t)
			d := p.start()
			p.known(d["broker"])
			p.begin()
			p.flows()
			for _, victim := range victims {
				d[victim].kill()
				pause(700 * time.Millisecond) // what comes without a bus is spooled
			}
			p.half() // so that nothing newer hides what was lost
			for _, victim := range victims {
				d[victim] = p.daemon(victim) // with its folder
			}
			p.goesOn()
			pause(500 * time.Millisecond)
			p.end()
			p.holds(d["broker"])
			p.eachOnce()
		})
	}
}

// The same of one process that is everything, its bus too.
func TestEveryResultAnsweredByOneProcessIsInTheState(t *testing.T) {
	t.Parallel()
	p := newPosting(t)
	p.bus = "embedded:"
	o := p.daemon("run")
	o.listening()
	p.known(o)
	p.begin()
	p.flows()
	o.kill()
	p.half()
	o = p.daemon("run")
	o.listening()
	p.goesOn()
	pause(500 * time.Millisecond)
	p.end()
	p.holds(o)
	interrupt(o) // its bus is read without it
	p.eachOnce()
}

// posting is senders of results and what they were told.
type posting struct {
	t       *testing.T
	config  *config // until the first daemon starts
	main    string
	port    int
	cluster *cluster
	bus     string            // its address
	states  map[string]string // folders, by daemon

	senders      sync.WaitGroup
	rest, others context.CancelFunc

	mu       sync.Mutex
	answered [senders * sendersServices]int // the number of the last result that was answered with 200
	all      [senders][]int                 // the numbers of all that were; each was sent once
	posts    int
}

func newPosting(t *testing.T) *posting {
	c := newConfig(t)
	p := &posting{t: t, config: c, port: realpeer.Port(t), cluster: openCluster(t), states: map[string]string{}}
	p.bus = p.cluster.url
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	for i := range senders * sendersServices {
		host := fmt.Sprintf("h%03d", i)
		c.host(host)
		c.service(host, "told", "fine", "active_checks_enabled 0", "max_check_attempts 1", "notifications_enabled 0")
	}
	c.host("knock")
	c.Define("module", "module_name door", "module_type http_results", "host 127.0.0.1", fmt.Sprint("port ", p.port), "anonymous 1")
	return p
}

// start starts all daemons.
func (p *posting) start() map[string]*onbu {
	all := map[string]*onbu{"bus": p.daemon("bus")}
	for _, name := range []string{"arbiter", "scheduler", "receiver", "broker"} {
		all[name] = p.daemon(name)
	}
	all["broker"].listening()
	return all
}

// state gives the folder of a daemon, which outlives it.
func (p *posting) state(daemon string) string {
	if p.states[daemon] == "" {
		p.states[daemon] = filepath.Join(p.t.TempDir(), "state")
		if err := os.MkdirAll(p.states[daemon], 0o700); err != nil {
			p.t.Fatal(err)
		}
	}
	return p.states[daemon]
}

// daemon starts a daemon: a role, and options that are not the same for all of them.
func (p *posting) daemon(line string) *onbu {
	if p.main == "" {
		p.main = p.config.write()
	}
	words := strings.Fields(line)
	role, args := words[0], append(words, "--state", p.state(line))
	switch role {
	case "bus":
		args = append(args, "--listen", p.cluster.addr)
	case "run":
		args = append(args, p.main, "--shards", "4", "--command-file", "-", "--http", "127.0.0.1:0")
	case "arbiter":
		args = append(args, p.main, "--shards", "4")
		fallthrough
	default:
		args = append(args, "--bus", p.bus, "--http", "127.0.0.1:0")
	}
	o := launch(p.t, args...)
	if role == "bus" {
		o.Listening(p.t, p.cluster.addr)
	}
	return o
}

// begin lets all senders begin; half of them end with half, the others with end.
func (p *posting) begin() {
	rest, stopRest := context.WithCancel(p.t.Context())
	others, stopOthers := context.WithCancel(p.t.Context())
	p.rest, p.others = stopRest, stopOthers
	p.goesOn() // the port is open
	for i := range senders {
		ctx := rest
		if i%2 == 0 {
			ctx = others
		}
		p.senders.Go(func() { p.send(ctx, i) })
	}
}

// flows waits until many results were answered: a second, or longer on a machine that has other things to do.
func (p *posting) flows() {
	p.t.Helper()
	within(p.t, patience, "results flow", func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.posts < 10*senders {
			return fmt.Errorf("%d posts were answered", p.posts)
		}
		return nil
	})
}

func (p *posting) half() { p.others() }

func (p *posting) end() {
	p.others()
	p.rest()
	p.senders.Wait()
	p.t.Logf("%d posts of %d results were answered with 200", p.posts, sendersServices)
}

// send posts numbers for the services of a sender, each a higher one, until ctx ends.
func (p *posting) send(ctx context.Context, sender int) {
	for n := 1; ctx.Err() == nil; n++ {
		if p.post(ctx, numbered(sender, n)) {
			p.mu.Lock()
			p.posts++
			p.all[sender] = append(p.all[sender], n)
			for i := range sendersServices {
				p.answered[sender*sendersServices+i] = n
			}
			p.mu.Unlock()
		}
		pause(pace)
	}
}

// numbered are results of a sender as JSON.
func numbered(sender, n int) string {
	var all []string
	for i := range sendersServices {
		all = append(all, fmt.Sprintf(`{"host": "h%03d", "service": "told", "state": %d, "output": "number %d"}`, sender*sendersServices+i, n%4, n))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// post says whether results were answered with 200.
func (p *posting) post(ctx context.Context, results string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/results", p.port), strings.NewReader(results))
	if err != nil {
		p.t.Error(err)
		return false
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		return true
	}
	if answer.StatusCode < 500 {
		p.t.Errorf("%s", answer.Status)
	}
	return false
}

// goesOn waits until results are taken again.
func (p *posting) goesOn() {
	p.t.Helper()
	within(p.t, patience, "results are taken", func() error {
		if !p.post(p.t.Context(), `{"host": "knock", "state": 0, "output": "anybody there?"}`) {
			return errors.New("not yet")
		}
		return nil
	})
}

// known waits until a broker shows all services.
func (p *posting) known(o *onbu) {
	p.t.Helper()
	o.eventually("all services are known", func() error {
		all, err := o.objects()
		if err == nil && len(all) < 2*senders*sendersServices {
			err = fmt.Errorf("%d are", len(all))
		}
		return err
	})
}

// holds waits until a broker shows, for each service, the last result that was answered, or a later one.
func (p *posting) holds(o *onbu) {
	p.t.Helper()
	o.eventually("all that was answered with 200 is in the state", func() error {
		all, err := o.objects()
		if err != nil {
			return err
		}
		return p.missing(all)
	})
}

func (p *posting) missing(all map[string]api.Object) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, want := range p.answered {
		one := all[fmt.Sprintf("h%03d/told", i)]
		got, _ := strconv.Atoi(strings.TrimPrefix(one.Output, "number "))
		if got < want {
			return fmt.Errorf("h%03d/told says %q, and number %d was answered with 200", i, one.Output, want)
		}
	}
	return nil
}

// eachOnce reads in the journal what was applied: every result that was answered, none twice, and each sender's in order.
func (p *posting) eachOnce() {
	p.t.Helper()
	missing, again := 0, 0
	for service, applied := range p.applied() {
		var sender int
		if _, err := fmt.Sscanf(service, "h%d", &sender); err != nil {
			p.t.Fatal(err)
		}
		there := map[int]bool{}
		for i, n := range applied {
			if there[n] || i > 0 && n < applied[i-1] {
				again++
				p.t.Logf("%s: number %d was applied behind number %d", service, n, applied[i-1])
			}
			there[n] = true
		}
		for _, n := range p.all[sender/sendersServices] {
			if !there[n] {
				missing++
				p.t.Logf("%s: number %d was answered with 200 and never applied", service, n)
			}
		}
	}
	if missing > 0 || again > 0 {
		p.t.Errorf("%d results that were answered with 200 were never applied, and %d were applied twice or out of order", missing, again)
	}
}

// applied gives the numbers of the results that were applied to each host's service, in the order of the journal.
func (p *posting) applied() map[string][]int {
	p.t.Helper()
	conn, done, err := dial.Open(p.t.Context(), p.bus, dial.Options{Name: "test", StateDir: p.state("run"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = done() }()
	type moment struct {
		output string
		at     monitor.Time
	}
	all, last := map[string][]int{}, map[string]moment{}
	for i := range senders * sendersServices {
		all[fmt.Sprintf("h%03d", i)] = nil
	}
	for shard := range uint16(4) {
		_, err := conn.Replay(p.t.Context(), shard, 0, func(msgs []bus.Msg) error {
			for _, m := range msgs {
				var d wire.Decoder
				if bus.KindOf(m.Subject) == bus.KindAction {
					continue
				}
				_, broks, err := wire.DecodeLedger(&d, m.Data, nil)
				if err != nil {
					return err
				}
				for _, b := range broks {
					number, told := "", false
					if b.Status != nil && b.Status.Service == "told" {
						number, told = strings.CutPrefix(b.Status.Output, "number ")
					}
					// One result may cause several broks, of one moment.
					if !told || last[b.Status.Host] == (moment{number, b.Status.LastUpdate}) {
						continue
					}
					n, _ := strconv.Atoi(number)
					last[b.Status.Host] = moment{number, b.Status.LastUpdate}
					all[b.Status.Host] = append(all[b.Status.Host], n)
				}
			}
			return nil
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
	return all
}
