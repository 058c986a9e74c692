package reactionner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/reactionner"
)

// post is a fake mail service: command lines that begin with "post" go through it, the second word is its server.
type post struct {
	mu   sync.Mutex
	sent []string
	send func(ctx context.Context, target, id string) error // nil for success
}

func (p *post) senders(line string) (modules.Sender, error) {
	rest, ok := strings.CutPrefix(line, "post ")
	switch {
	case !ok:
		return nil, modules.ErrNotMine
	case rest == "":
		return nil, errors.New("no server given")
	}
	return letter{p, rest}, nil
}

type letter struct {
	*post
	target string
}

func (l letter) Target() string { return l.target }

func (l letter) Send(ctx context.Context, a *monitor.Action, again bool) error {
	l.mu.Lock()
	mark := ""
	if again {
		mark = " again"
	}
	l.sent = append(l.sent, fmt.Sprintf("%s at %s%s", a.ID, time.Now().UTC().Format("15:04:05"), mark))
	l.mu.Unlock()
	if l.send == nil {
		return nil
	}
	return l.send(ctx, l.target, a.ID)
}

func (l *post) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.sent)
}

// notify puts notifications into the journal: "id server".
func notify(t *testing.T, c bus.Conn, change func(*monitor.Action), letters ...string) {
	t.Helper()
	f, err := c.Claim(t.Context(), 0, []byte("test"))
	if err != nil {
		t.Fatal(err)
	}
	var records []bus.Record
	for _, l := range letters {
		id, server, _ := strings.Cut(l, " ")
		a := &monitor.Action{
			ID: id, Line: "post " + server, Contact: "ann", Timeout: 10 * time.Second,
			Time: monitor.At(time.Now()), Notice: &monitor.Notice{},
		}
		if change != nil {
			change(a)
		}
		records = append(records, bus.Record{Subject: bus.Actions(0, ""), Data: wire.Marshal(monitor.Brok{Kind: monitor.BrokNotification, Action: a})})
	}
	if _, err := c.Commit(t.Context(), f, fmt.Sprint(letters), records); err != nil {
		t.Fatal(err)
	}
}

func TestATargetInTroubleRestsAndHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		began := time.Now()
		p := &post{send: func(_ context.Context, target, _ string) error {
			if target == "down" && time.Since(began) < 18*time.Second {
				return &modules.Later{Err: errors.New("connection refused")}
			}
			return nil
		}}
		stop := startWith(c, reactionner.Options{Pools: []string{""}, Senders: p.senders})
		notify(t, c, nil, "a down")
		time.Sleep(time.Second)
		notify(t, c, nil, "b down", "c up")
		got := outcomes(t, c, 3)
		stop()
		if got["a"] != "" || got["b"] != "" || got["c"] != "" {
			t.Errorf("recorded %q, want all sent", got)
		}
		// a at once, 5 s and 15 s later fail; then 35 s. b is not tried while the target rests.
		want := []string{"a at 00:00:00", "c at 00:00:01"}
		if sent := p.all(); !slices.Equal(sent[:2], want) || len(sent) > 8 {
			t.Errorf("sent %q", sent)
		}
		if took := time.Since(began); took < 18*time.Second || took > 2*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

func TestWhatCannotBeSentForAnHourIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		p := &post{send: func(context.Context, string, string) error {
			return &modules.Later{Err: errors.New("connection refused")}
		}}
		stop := startWith(c, reactionner.Options{Pools: []string{""}, Senders: p.senders})
		notify(t, c, nil, "a down")
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
		defer cancel()
		got := outcomesWithin(ctx, t, c, 1)
		stop()
		if want := "given up after 1h0m0s: connection refused"; got["a"] != want {
			t.Errorf("recorded %q, want %q", got["a"], want)
		}
		if n := len(p.all()); n < 20 || n > 60 {
			t.Errorf("tried %d times in an hour", n)
		}
	})
}

func TestWhatIsWrongForGoodIsRecordedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		p := &post{send: func(_ context.Context, target, _ string) error {
			if target == "odd" {
				panic("no idea")
			}
			return errors.New("no such mailbox")
		}}
		stop := startWith(c, reactionner.Options{Pools: []string{""}, Senders: p.senders})
		notify(t, c, nil, "a up", "b odd", "c")
		got := outcomes(t, c, 3)
		stop()
		for id, want := range map[string]string{"a": "no such mailbox", "b": "the module panicked: no idea", "c": "no server given"} {
			if got[id] != want {
				t.Errorf("%s: recorded %q, want %q", id, got[id], want)
			}
		}
	})
}

// icinga2 #9995: a problem was sent twice, a recovery by nobody, because two nodes both thought that they were to.
func TestOfTwoReactionnersOneTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := membus.New()
		c := b.Connect("test")
		if err := c.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := &post{send: func(context.Context, string, string) error { time.Sleep(time.Second); return nil }}
		var letters []string
		for i := range 40 {
			letters = append(letters, fmt.Sprintf("n%02d up", i))
		}
		one := startWith(b.Connect("one"), reactionner.Options{Pools: []string{""}, Senders: p.senders})
		two := startWith(b.Connect("two"), reactionner.Options{Pools: []string{""}, Senders: p.senders})
		notify(t, c, nil, letters...)
		outcomes(t, c, len(letters))
		one()
		two()
		told := map[string]int{}
		for _, s := range p.all() {
			told[s[:3]]++
		}
		for id, n := range told {
			if n != 1 {
				t.Errorf("%s was told %d times", id, n)
			}
		}
		if len(told) != len(letters) {
			t.Errorf("%d of %d were told", len(told), len(letters))
		}
	})
}

func TestARepetitionIsMarkedUnlessTheContactWantsNone(t *testing.T) {
	for _, once := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := membus.New()
			c, doomed := b.Connect("test"), b.Connect("doomed")
			if err := c.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			notify(t, c, func(a *monitor.Action) { a.Once = once }, "a up")
			p := &post{send: func(ctx context.Context, _, _ string) error { <-ctx.Done(); return ctx.Err() }}
			stop := startWith(doomed, reactionner.Options{Pools: []string{""}, Senders: p.senders})
			time.Sleep(time.Second)
			doomed.Close() // as kill -9: it can say nothing any more
			stop()
			p.send = nil
			stop = startWith(c, reactionner.Options{Pools: []string{""}, Senders: p.senders})
			got := outcomes(t, c, 1)
			stop()
			sent := p.all()
			switch {
			case !once && (len(sent) != 2 || !strings.HasSuffix(sent[1], "again") || got["a"] != ""):
				t.Errorf("sent %q, recorded %q; want a repetition that says so", sent, got["a"])
			case once && (len(sent) != 1 || !strings.HasPrefix(got["a"], "not repeated")):
				t.Errorf("sent %q, recorded %q; want none twice", sent, got["a"])
			}
		})
	}
}

// A command can tell a repetition too.
func TestACommandIsToldThatItIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := prepared(t)
		record(t, c, "", "a")
		var ran lines
		stop := start(t, c, func(ctx context.Context, _ string, env []string) (string, int, error) {
			ran.add(strings.Join(env, " "))
			<-ctx.Done()
			return "", -1, ctx.Err()
		}, "")
		time.Sleep(time.Second)
		stop()
		stop = start(t, c, func(_ context.Context, _ string, env []string) (string, int, error) {
			ran.add(strings.Join(env, " "))
			return "", 0, nil
		}, "")
		outcomes(t, c, 1)
		stop()
		if want := []string{"ONBU_ACTION_ID=a", "ONBU_ACTION_ID=a ONBU_POSSIBLE_DUPLICATE=1"}; !slices.Equal(ran.sorted(), want) {
			t.Errorf("environments %q, want %q", ran.sorted(), want)
		}
	})
}

// A target that took everything and then said nothing may have told: the second try says so, or there is none.
func TestWhatWasHandedOverWithoutAnAnswerIsARepetition(t *testing.T) {
	for _, once := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := prepared(t)
			first := true
			p := &post{send: func(context.Context, string, string) error {
				if first {
					first = false
					return &modules.Later{Err: errors.New("no answer"), Perhaps: true}
				}
				return nil
			}}
			stop := startWith(c, reactionner.Options{Pools: []string{""}, Senders: p.senders})
			notify(t, c, func(a *monitor.Action) { a.Once = once }, "a up")
			got := outcomes(t, c, 1)
			stop()
			sent := p.all()
			switch {
			case !once && (len(sent) != 2 || !strings.HasSuffix(sent[1], "again") || got["a"] != ""):
				t.Errorf("sent %q, recorded %q; want a repetition that says so", sent, got["a"])
			case once && (len(sent) != 1 || !strings.HasPrefix(got["a"], "not repeated")):
				t.Errorf("sent %q, recorded %q; want none twice", sent, got["a"])
			}
		})
	}
}
