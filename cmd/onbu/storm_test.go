package main_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// make storm asks for 200 kills. Where the disk is slow the storm is over sooner, but not before a fifth of them.
var storms = flag.Int("storms", 50, "how often TestKillsInAStormOfNotifications kills the process")

const (
	// killEvery is how long a kill takes at most, on average; waves is how many services are told what they are at the same time.
	killEvery = 500 * time.Millisecond
	waves     = 8
	// inFlight is how long before a kill an action that is repeated after it may have begun.
	inFlight = 2 * time.Second
)

// kill -9 of the whole process at random moments of a storm of problems and recoveries: nobody misses one, and what is
// told twice was under way at a kill and says so.
func TestKillsInAStormOfNotifications(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	r := rand.New(rand.NewPCG(1, 12))
	patience := time.Duration(*storms) * killEvery
	for began := time.Now(); len(s.kills) < *storms && (len(s.kills) < *storms/5 || time.Since(began) < patience); {
		s.serve()
		s.kill(time.Duration(r.Int64N(int64(250 * time.Millisecond))))
	}
	s.serve()
	s.end()
	s.everybodyWasTold()
	interrupt(s.now())
}

// storm is a process that is killed again and again while results are handed in.
type storm struct {
	t         *testing.T
	c         *config
	main, dir string
	kills     []time.Time
	talking   sync.WaitGroup
	stop      context.CancelFunc

	mu    sync.Mutex
	o     *onbu
	taken [waves]int // the number of the last result that was acknowledged
}

func newStorm(t *testing.T) *storm {
	s := &storm{t: t, c: newConfig(t), dir: t.TempDir()}
	note := s.c.script("note", fmt.Sprintf(`echo "$(date +%%s%%N) ${ONBU_POSSIBLE_DUPLICATE:-0} $1" >> %s`, s.c.told))
	s.c.Command("note", note+` "$NOTIFICATIONTYPE$ $SERVICEDESC$ $SERVICEOUTPUT$"`)
	s.c.Define("contact", "contact_name eve", "host_notification_period always", "service_notification_period always",
		"host_notification_options d,r", "service_notification_options c,r", "host_notification_commands note", "service_notification_commands note")
	s.c.host("h")
	for i := range waves {
		s.c.service("h", fmt.Sprint("s", i), "note", "active_checks_enabled 0", "max_check_attempts 1", "contacts eve")
	}
	s.main = s.c.write()
	ctx, stop := context.WithCancel(t.Context())
	s.stop = stop
	for i := range waves {
		s.talking.Go(func() { s.talk(ctx, i) })
	}
	return s
}

// serve starts the process and waits until it takes results again.
func (s *storm) serve() {
	o := serve(s.t, s.dir, "run", s.main, "--command-file", "-", "--shards", "2")
	s.mu.Lock()
	s.o = o
	before := s.taken
	s.mu.Unlock()
	o.eventually("results are taken again", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.taken == before {
			return errors.New("none yet")
		}
		return nil
	})
}

func (s *storm) kill(after time.Duration) {
	pause(after)
	s.kills = append(s.kills, time.Now())
	s.now().kill()
}

func (s *storm) now() *onbu {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.o
}

// talk hands in CRITICAL and OK in turn, each until it was acknowledged. One that was taken although nobody could say so
// any more comes twice, which changes nothing.
func (s *storm) talk(ctx context.Context, service int) {
	for n := 1; ctx.Err() == nil; n++ {
		line := fmt.Sprintf("PROCESS_SERVICE_CHECK_RESULT;h;s%d;%d;result %d", service, 2*(n%2), n)
		for !s.give(ctx, line) && ctx.Err() == nil {
			pause(5 * time.Millisecond)
		}
		if ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		s.taken[service] = n
		s.mu.Unlock()
	}
}

func (s *storm) give(ctx context.Context, line string) bool {
	o := s.now()
	if o == nil {
		return false
	}
	_, err := o.Command(ctx, line)
	return err == nil
}

// end stops the storm.
func (s *storm) end() {
	s.stop()
	s.talking.Wait()
}

// everybodyWasTold waits until each change that was acknowledged has been told of.
func (s *storm) everybodyWasTold() {
	repeated, told := 0, map[string][]jotting{}
	within(s.t, 2*time.Minute, "everybody was told of everything", func() (err error) {
		if told, err = s.notes(); err != nil {
			return err
		}
		for service, last := range s.taken {
			for n := 1; n <= last; n++ {
				if text := wanted(service, n); len(told[text]) == 0 {
					return fmt.Errorf("nobody was told of %q", text)
				}
			}
		}
		return nil
	})
	for text, notes := range told {
		if len(notes) > 1 {
			repeated++
		}
		for i, n := range notes {
			if i > 0 && !n.marked {
				s.t.Errorf("%q was told %d times, and the repetition does not say so", text, len(notes))
			}
			if i > 0 && !s.wasKilledAfter(notes[0].at) {
				s.t.Errorf("%q was told again although no kill came within %s of the first time", text, inFlight)
			}
		}
	}
	s.t.Logf("%d kills, %d notifications, %d of them repeated", len(s.kills), len(told), repeated)
	if len(told) < 5*len(s.kills) {
		s.t.Errorf("only %d notifications: no storm", len(told))
	}
}

// wanted is what eve is told of a result.
func wanted(service, n int) string {
	kind := "RECOVERY"
	if n%2 == 1 {
		kind = "PROBLEM"
	}
	return fmt.Sprintf("%s s%d result %d", kind, service, n)
}

func (s *storm) wasKilledAfter(at time.Time) bool {
	for _, kill := range s.kills {
		if d := kill.Sub(at); d > -inFlight && d < inFlight {
			return true
		}
	}
	return false
}

// jotting is one line that was written for a notification.
type jotting struct {
	at     time.Time
	marked bool
}

// notes gives what eve was told, in the order of the file.
func (s *storm) notes() (map[string][]jotting, error) {
	text, err := os.ReadFile(filepath.Clean(s.c.told))
	if err != nil {
		return nil, err
	}
	all := map[string][]jotting{}
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if len(fields) < 3 {
			return nil, fmt.Errorf("a line is cut off: %q", line)
		}
		nanos, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return nil, err
		}
		all[fields[2]] = append(all[fields[2]], jotting{time.Unix(0, nanos), fields[1] == "1"})
	}
	return all, nil
}
