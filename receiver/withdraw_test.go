package receiver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/receiver"
)

// stuck runs f with a receiver without a spool, whose bus is full until f says otherwise.
func stuck(t *testing.T, f func(t *testing.T, r *receiver.Receiver, m *moody)) {
	synctest.Test(t, func(t *testing.T) {
		m := &moody{Conn: membus.New().Connect("test")}
		configured(t, m, map[string]monitor.Shard{"web": 1, "db": 1})
		r := receiver.New(receiver.Options{Boot: "one", Name: "test", Bus: m, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- r.Run(ctx) }()
		submit(t, r, "web", 0, 1)
		m.full.Store(true)
		f(t, r, m)
		stop()
		must(t, <-ended)
	})
}

// tries gives a request up after five seconds.
func tries(t *testing.T, request func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := request(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while nothing can be stored: %v", err)
	}
}

func TestARequestThatIsGivenUpIsTakenBackUnlessItIsOnItsWay(t *testing.T) {
	stuck(t, func(t *testing.T, r *receiver.Receiver, m *moody) {
		say := func(host, output string) func(context.Context) error {
			return func(ctx context.Context) error {
				_, err := r.Submit(ctx, []monitor.Submission{{Ref: monitor.Ref{Host: host}, Source: "http x", Outcome: monitor.Outcome{Output: output}}})
				return err
			}
		}
		tries(t, say("web", "on its way"))
		patient := make(chan error, 2)
		for i := range 2 {
			go func() { patient <- say("db", fmt.Sprint("patient ", i))(t.Context()) }()
			synctest.Wait()
			for range 10 {
				tries(t, say("web", "given up"))
			}
		}
		m.full.Store(false)
		must(t, errors.Join(<-patient, <-patient))
		must(t, say("web", "last")(t.Context()))
		got := outputs(t, m, 5)
		if fmt.Sprint(got["web"], got["db"]) != "[0 on its way last] [patient 0 patient 1]" {
			t.Errorf("stored: %q", got)
		}
	})
}

func TestACommandThatIsGivenUpIsTakenBackUnlessItIsOnItsWay(t *testing.T) {
	stuck(t, func(t *testing.T, r *receiver.Receiver, m *moody) {
		for range 10 {
			tries(t, func(ctx context.Context) error { return r.Obey(ctx, "ADD_HOST_COMMENT;web;1;me;hello", "nrdp x") })
		}
		m.full.Store(false)
		time.Sleep(time.Second)
		if got := len(stored(t, m, "CMD", 1)); got != 1 {
			t.Errorf("%d messages of commands are stored, want the one that was on its way", got)
		}
		e, err := m.Extent(t.Context(), "CMD", 0)
		if must(t, err); e.Last != 1 {
			t.Errorf("%d are", e.Last)
		}
	})
}

// Sending a request again, slower, has all of it stored once, however large it is.
func TestARequestOverTheQuotaIsTakenAsAWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := limited(t, modules.Limits{Quota: 10, Burst: 100})
		request := func(n int) []monitor.Submission {
			var hosts []string
			for range n {
				hosts = append(hosts, "web")
			}
			return from("http x", hosts...)
		}
		receives(t, s, request(60), modules.Receipt{Stored: 60})
		receives(t, s, request(60), modules.Receipt{Over: 60})
		time.Sleep(2 * time.Second)
		receives(t, s, request(60), modules.Receipt{Stored: 60})
		receives(t, s, request(200), modules.Receipt{Over: 200})
		time.Sleep(10 * time.Second)
		receives(t, s, request(200), modules.Receipt{Stored: 200})
		time.Sleep(10 * time.Second)
		receives(t, s, request(1), modules.Receipt{Over: 1})
		if got := len(outputs(t, c, 320)["web"]); got != 320 {
			t.Errorf("%d are stored", got)
		}
	})
}

func TestOneIDForTwoHostsNamesTwoResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := limited(t, modules.Limits{})
		named := from("http a", "web", "db", "web/http")
		for i := range named {
			named[i].ID = "run-7"
		}
		receives(t, s, named, modules.Receipt{Stored: 3})
		e, err := c.Extent(t.Context(), "PASSIVE", 0)
		if must(t, err); e.Last != 3 {
			t.Errorf("%d of 3 are stored", e.Last)
		}
	})
}

// Of one machine with IPv6 there may be as many addresses as a /64 has.
func TestASubscriberHasOneQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := limited(t, modules.Limits{Quota: 1, Burst: 2})
		for _, c := range []struct {
			source string
			want   modules.Receipt
		}{
			{"tsca 2001:db8::1", modules.Receipt{Stored: 2}},
			{"tsca 2001:db8::2", modules.Receipt{Over: 2}},
			{"tsca 2001:db8:0:1::1", modules.Receipt{Stored: 2}},
			{"nsca 10.0.0.1", modules.Receipt{Stored: 2}},
			{"nsca ::ffff:10.0.0.1", modules.Receipt{Over: 2}},
			{"nsca 10.0.0.2", modules.Receipt{Stored: 2}},
			{"http a:b", modules.Receipt{Stored: 2}},
		} {
			t.Log(c.source)
			receives(t, s, from(c.source, "web", "db"), c.want)
		}
	})
}
