package receiver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/receiver"
)

// door is a listener that hands its Sink out.
type door chan modules.Sink

func (door) Name() string { return "door" }

func (d door) Listen(ctx context.Context, s modules.Sink) error {
	d <- s
	<-ctx.Done()
	return nil
}

// limited gives the Sink of a listener with a definition that says so, in a configuration with web (10.0.0.1) and its
// service http, and db.
func limited(t *testing.T, l modules.Limits) (modules.Sink, bus.Conn) {
	t.Helper()
	c := membus.New().Connect("test")
	configured(t, c, map[string]monitor.Shard{"web": 1, "db": 0})
	all := monitor.Modules{List: []monitor.Module{{Name: "door", Type: "door"}}}
	roster := monitor.Roster{
		Services: monitor.PackServices([]monitor.Ref{{Host: "web", Service: "http"}}), Addresses: []monitor.HostAddress{{Address: "10.0.0.1", Host: "web"}},
	}
	must(t, errors.Join(c.PutBlob(t.Context(), bus.CFG, wire.ModulesName(1), wire.Marshal(all)), c.PutBlob(t.Context(), bus.CFG, wire.ServicesName(1), wire.Marshal(roster))))
	d := make(door, 1)
	r := receiver.New(receiver.Options{
		Boot: "b", Name: "test", Bus: c, Log: slog.New(slog.DiscardHandler),
		Build: func(*monitor.Module) (modules.Listener, modules.Limits, error) { return d, l, nil },
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return <-d, c
}

func from(source string, refs ...string) (all []monitor.Submission) {
	for _, ref := range refs {
		host, service, _ := strings.Cut(ref, "/")
		all = append(all, monitor.Submission{Ref: monitor.Ref{Host: host, Service: service}, Source: source, Outcome: monitor.Outcome{Output: "says " + ref}})
	}
	return all
}

func receives(t *testing.T, s modules.Sink, results []monitor.Submission, want modules.Receipt) {
	t.Helper()
	got, err := s.Submit(t.Context(), results)
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func TestASourceSpeaksForTheHostsOfItsListenerOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := limited(t, modules.Limits{Hosts: []string{"w?b*", "x"}})
		receives(t, s, from("nsca 1", "web", "web/http", "10.0.0.1", "db", "webby", "wb"), modules.Receipt{Stored: 3, Refused: 2, Unknown: 1})
		if got := outputs(t, c, 3)["web"]; len(got) != 3 {
			t.Errorf("stored for web: %q", got)
		}
		for line, want := range map[string]string{
			"SCHEDULE_FORCED_HOST_CHECK;web;9":               "",
			"SCHEDULE_FORCED_HOST_CHECK;db;9":                "may not",
			"DISABLE_NOTIFICATIONS":                          "may not",
			"DISABLE_HOST_AND_CHILD_NOTIFICATIONS;web":       "may not",
			"CHANGE_HOST_CHECK_COMMAND;web;run!rm":           "may not",
			"ACKNOWLEDGE_HOST_PROBLEM;web;1;0;0;ann;seen":    "",
			"PROCESS_SERVICE_CHECK_RESULT;10.0.0.1;http;0;x": "",
			"PROCESS_HOST_CHECK_RESULT;db;0;x":               "may not",
		} {
			if err := s.Obey(t.Context(), line, "nsca 1"); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", line, err, want)
			}
		}
	})
}

func TestASourceAtItsQuotaIsToldAtOnceAndSlowsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := limited(t, modules.Limits{Quota: 2, Burst: 3})
		five := []string{"web", "web", "web", "web", "web"}
		receives(t, s, from("nsca 1", five...), modules.Receipt{Stored: 5})
		receives(t, s, from("nsca 2", five...), modules.Receipt{Stored: 5})
		time.Sleep(time.Second)
		receives(t, s, from("nsca 1", five...), modules.Receipt{Over: 5})
		if err := s.Obey(t.Context(), "PROCESS_HOST_CHECK_RESULT;web;0;x", "nsca 1"); err == nil {
			t.Error("results that come as commands are over the quota too")
		}
	})
}

func TestManySourcesShareAQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := limited(t, modules.Limits{Quota: 1, Burst: 1})
		stored := 0
		for i := range 5000 {
			receipt, err := s.Submit(t.Context(), from(fmt.Sprint("nsca ", i), "web"))
			must(t, err)
			stored += receipt.Stored
		}
		if stored != 4096+1 {
			t.Errorf("%d results of 5000 sources at the same time, want one for each of 4096 and one for the others", stored)
		}
	})
}

func TestUnknownNamesAreListedAndAFloodOfThemIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := limited(t, modules.Limits{})
		for range 3 {
			receives(t, s, from("nsca 1", "web/htpp", "web/http"), modules.Receipt{Stored: 1, Unknown: 1})
		}
		for i := range 3000 {
			receives(t, s, from("nsca 2", fmt.Sprint("stranger", i)), modules.Receipt{Unknown: 1})
		}
		receives(t, s, from("nsca 3", "web/htpp"), modules.Receipt{Unknown: 1})
		time.Sleep(time.Minute)
		e, err := c.Get(t.Context(), bus.STRAY, bus.Token("test"))
		must(t, err)
		var list []monitor.UnknownResult
		must(t, wire.Unmarshal(e.Value, &list))
		if len(list) == 0 || len(list) > 500 {
			t.Fatalf("%d are listed", len(list))
		}
		now := monitor.At(time.Now().Add(-time.Minute))
		want := monitor.UnknownResult{Ref: monitor.Ref{Host: "web", Service: "htpp"}, Source: "nsca 3", Output: "says web/htpp", Count: 4, First: now, Last: now}
		for _, u := range list {
			if u.Ref == want.Ref {
				if diff := cmp.Diff(want, u); diff != "" {
					t.Error(diff)
				}
				return
			}
		}
		t.Error("what came again and again is not listed")
	})
}

func TestANamedResultCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := limited(t, modules.Limits{})
		named := from("http a", "web", "db", "web")
		named[0].ID, named[1].ID, named[2].ID = "1", "1", "2"
		named[1].Source = "http b"
		receives(t, s, named, modules.Receipt{Stored: 3})
		again := from("http a", "web")
		again[0].ID = "1"
		receives(t, s, again, modules.Receipt{Stored: 1})
		receives(t, s, from("http a", "db"), modules.Receipt{Stored: 1})
		want := map[string][]string{"web": {"says web", "says web"}, "db": {"says db", "says db"}}
		if diff := cmp.Diff(want, outputs(t, c, 4)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestManyCommandsKeepTheirOrderAndTellWhichAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c := limited(t, modules.Limits{})
		var lines []string
		for i := range 100 {
			lines = append(lines, fmt.Sprintf("PROCESS_SERVICE_CHECK_RESULT;web;http;0;%d", i), fmt.Sprintf("SCHEDULE_FORCED_HOST_CHECK;web;%d", i))
		}
		lines = append(lines, "PROCESS_SERVICE_CHECK_RESULT;web;htpp;0;x", "NONSENSE")
		out := s.(modules.Bulk).ObeyAll(t.Context(), lines, "cmdfile")
		for i, err := range out {
			if (err != nil) != (i >= 200) {
				t.Errorf("%s: %v", lines[i], err)
			}
		}
		if len(out) != 202 || out[200] == nil || !strings.Contains(out[200].Error(), `no service "htpp"`) {
			t.Errorf("%v", out)
		}
		var got []string
		for _, m := range stored(t, c, bus.CMD, 1) {
			var d wire.Decoder
			all, err := wire.DecodeBatch(&d, m.Data, []command.Request(nil))
			if !wire.IsBatch(m.Data) {
				all, err = make([]command.Request, 1), nil
				must(t, d.Decode(m.Data, &all[0]))
			}
			must(t, err)
			for _, r := range all {
				got = append(got, r.Args[len(r.Args)-1])
			}
		}
		for i, arg := range got {
			if arg != fmt.Sprint(i/2) {
				t.Fatalf("command %d has %s", i, arg)
			}
		}
	})
}
