package feed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/modules"
)

// large makes a message of a kilobyte; the limit of these streams is a hundred of them.
func large(text string) string { return text + strings.Repeat(" ", 1000) }

func downUnless(up *atomic.Bool) *sink {
	m := checks()
	m.trouble = func(context.Context) error {
		if !up.Load() {
			return errors.New("down")
		}
		return nil
	}
	return m
}

func TestALossIsCountedOnceHoweverOftenTheBrokerBeginsAgain(t *testing.T) {
	inSite(t, 100<<10, func(s *site) {
		var up atomic.Bool
		m := downUnless(&up)
		s.host("b1", m).stop()
		for i := range 300 {
			s.checked(large(fmt.Sprint(i)))
		}
		for range 5 {
			b := s.host("b1", m)
			time.Sleep(time.Minute)
			b.stop()
		}
		up.Store(true)
		b := s.host("b1", m)
		time.Sleep(3 * time.Minute)
		if lost, told := 300-len(m.took()), s.export(b).Streams[0].Lost; lost == 0 || told != uint64(lost) {
			t.Errorf("lost %d, told %d", lost, told)
		}
		b.stop()
	})
}

func TestWhatAModuleHadIsNotLostWhenItIsToComeAgainAndIsGone(t *testing.T) {
	inSite(t, 100<<10, func(s *site) {
		m := checks()
		var fail atomic.Pointer[modules.Rewind]
		m.trouble = func(context.Context) error {
			if err := fail.Swap(nil); err != nil {
				return *err
			}
			return nil
		}
		b := s.host("b1", m)
		for i := range 600 {
			s.checked(large(fmt.Sprint(i)))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second)
		if n := len(m.took()); n != 600 {
			t.Fatalf("had %d", n)
		}
		fail.Store(&modules.Rewind{By: time.Minute, Err: errors.New("it ended and began again")})
		s.checked("last")
		time.Sleep(10 * time.Second)
		if n := len(m.took()); n < 50 || n > 150 {
			t.Errorf("%d came again", n)
		}
		if got := s.export(b).Streams[0].Lost; got != 0 {
			t.Errorf("nothing was lost, told %d", got)
		}
		b.stop()
	})
}

func TestALossIsToldWhileItHappens(t *testing.T) {
	inSite(t, 100<<10, func(s *site) {
		var up atomic.Bool
		m := downUnless(&up)
		b := s.host("b1", m)
		s.checked("first")
		time.Sleep(time.Second)
		for i := range 1000 {
			s.checked(large(fmt.Sprint(i)))
			time.Sleep(time.Second)
		}
		x := s.export(b).Streams[0]
		if x.Lost < 850 || x.Lost > 950 || x.LastLost == 0 {
			t.Errorf("told %+v", x)
		}
		if err := b.Healthy(); err == nil || !strings.Contains(err.Error(), "loses messages") {
			t.Errorf("health: %v", err)
		}
		if n := strings.Count(s.log.String(), "loses messages now"); n != 1 {
			t.Errorf("%d lines in the log", n)
		}
		up.Store(true)
		time.Sleep(time.Minute)
		if lost, told := 1001-len(m.took()), s.export(b).Streams[0].Lost; told != uint64(lost) {
			t.Errorf("afterwards: lost %d, told %d", lost, told)
		}
		if err := b.Healthy(); err != nil {
			t.Errorf("health when it is over: %v", err)
		}
		b.stop()
	})
}

func TestWhoIsNotAtWorkWithAModuleSaysNothingOfItsLag(t *testing.T) {
	inSite(t, 100<<10, func(s *site) {
		b := s.host("b1", downUnless(new(atomic.Bool)))
		for i := range 85 {
			s.checked(large(fmt.Sprint(i)))
		}
		gauges := func() bool {
			var out bytes.Buffer
			b.metrics.WritePrometheus(&out)
			return strings.Contains(out.String(), "onbu_export_waiting_messages") || strings.Contains(out.String(), "onbu_export_limit_used_ratio")
		}
		time.Sleep(time.Minute)
		if !gauges() {
			t.Error("no gauges at work")
		}
		b.stop()
		if gauges() {
			t.Error("gauges stay when it is at work no more")
		}
	})
}
