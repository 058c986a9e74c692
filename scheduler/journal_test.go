package scheduler

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// stored is a journal that notes what is committed, a second for each commit.
type stored struct {
	bus.Journal
	commits [][]bus.Record
}

func (s *stored) Commit(_ context.Context, _ bus.Fence, _ string, records []bus.Record) (uint64, error) {
	time.Sleep(time.Second)
	s.commits = append(s.commits, records)
	return uint64(len(s.commits)), nil
}

// withJournal runs a test with a journal of shard 3 that may be quiet.
func withJournal(t *testing.T, f func(t *testing.T, j *journal, s *stored)) {
	synctest.Test(t, func(t *testing.T) {
		s := &stored{}
		j := newJournal(s, slog.New(slog.DiscardHandler), bus.Fence{Shard: 3}, "boot", held)
		j.quietly, j.quietFor = true, time.Minute
		f(t, j, s)
		j.abandon()
	})
}

func about(kind monitor.BrokKind, host, output string) *monitor.Brok {
	return &monitor.Brok{Kind: kind, Status: &monitor.Status{Ref: monitor.Ref{Host: host}, Output: output}}
}

// written gives what records hold: their outputs behind the kind and the position, and how long they stay.
func written(t *testing.T, records []bus.Record) (all []string) {
	t.Helper()
	for _, r := range records {
		text := map[bus.Kind]string{bus.KindStates: "lasting", bus.KindQuiet: "quiet", bus.KindAction: "action"}[bus.KindOf(r.Subject)]
		if (r.TTL == time.Minute) != (bus.KindOf(r.Subject) == bus.KindQuiet) {
			t.Errorf("%s stays for %s", text, r.TTL)
		}
		if text == "action" {
			all = append(all, text)
			continue
		}
		var d wire.Decoder
		p, broks, err := wire.DecodeLedger(&d, r.Data, nil)
		if err != nil {
			t.Fatal(err)
		}
		text += string(rune('0' + p.Passive))
		for _, b := range broks {
			text += " " + b.Status.Output
		}
		all = append(all, text)
	}
	return all
}

func TestThePositionStandsInARecordThatLasts(t *testing.T) {
	heard, state := monitor.BrokHeard, monitor.BrokState
	action := &monitor.Brok{Kind: monitor.BrokNotification, Action: &monitor.Action{}}
	for _, tt := range []struct {
		name  string
		loud  bool
		broks []*monitor.Brok
		want  []string
	}{
		{"quiet ones alone", false, []*monitor.Brok{about(heard, "a", "1"), about(heard, "b", "2")}, []string{"quiet7 1 2"}},
		{"nothing at all", false, nil, []string{"quiet7"}},
		{"both", false, []*monitor.Brok{about(state, "a", "1"), about(heard, "b", "2")}, []string{"quiet0 2", "lasting7 1"}},
		{"one object", false, []*monitor.Brok{about(heard, "a", "1"), about(state, "a", "2"), about(heard, "a", "3")}, []string{"quiet0 1", "lasting7 2 3"}},
		{"an action", false, []*monitor.Brok{about(state, "a", "1"), action, about(heard, "b", "2")}, []string{"quiet0 2", "lasting7 1", "action"}},
		{"an action alone", false, []*monitor.Brok{action}, []string{"action", "lasting7"}},
		{"no snapshots", true, []*monitor.Brok{about(heard, "a", "1"), about(state, "b", "2")}, []string{"lasting7 1 2"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withJournal(t, func(t *testing.T, j *journal, s *stored) {
				j.quietly = !tt.loud
				for _, b := range tt.broks {
					j.add(b)
				}
				j.at(wire.Position{Passive: 7})
				if err := j.settle(t.Context()); err != nil {
					t.Fatal(err)
				}
				if len(s.commits) != 1 {
					t.Fatalf("%d commits", len(s.commits))
				}
				if diff := cmp.Diff(tt.want, written(t, s.commits[0])); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestNoPositionIsStoredBeforeWhatLedToIt(t *testing.T) {
	withJournal(t, func(t *testing.T, j *journal, s *stored) {
		for range (2*commitMax+10)*actionsAtOnce + 1 { // more than two commits take
			j.add(&monitor.Brok{Kind: monitor.BrokNotification, Action: &monitor.Action{}})
		}
		j.add(about(monitor.BrokState, "a", "led to it"))
		j.at(wire.Position{Passive: 7})
		j.flush()
		j.add(about(monitor.BrokHeard, "b", "heard"))
		if err := j.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, records := range s.commits {
			all = append(all, written(t, records)...)
		}
		all = slices.DeleteFunc(all, func(text string) bool { return text == "action" })
		if diff := cmp.Diff([]string{"quiet0 heard", "lasting0 led to it", "lasting7"}, all); diff != "" {
			t.Error(diff)
		}
	})
}

// A server syncs every record: a storm of notifications must not cost a record each.
func TestTheActionsOfAStormShareRecords(t *testing.T) {
	withJournal(t, func(t *testing.T, j *journal, s *stored) {
		var want []string
		for i := range 100 {
			j.add(about(monitor.BrokAlert, "a", "down"))
			id := string(rune('0' + i))
			want = append(want, id)
			j.add(&monitor.Brok{Kind: monitor.BrokNotification, Action: &monitor.Action{ID: id}})
		}
		if err := j.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(s.commits) != 1 || len(s.commits[0]) > 2*100/actionsAtOnce+3 {
			t.Errorf("%d commits, the first with %d records", len(s.commits), len(s.commits[0]))
		}
		var got []string
		alerts := 0
		for _, r := range s.commits[0] {
			var d wire.Decoder
			if bus.KindOf(r.Subject) != bus.KindAction {
				_, broks, err := wire.DecodeLedger(&d, r.Data, nil)
				if err != nil {
					t.Fatal(err)
				}
				alerts += len(broks)
				continue
			}
			broks, err := wire.DecodeActions(&d, r.Data)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range broks {
				got = append(got, b.Action.ID)
			}
			if len(got) > alerts {
				t.Errorf("%d actions stand before the alerts that they follow from: %d do", len(got), alerts)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// What was stored waits no more: else a shard would rest once it had stored as much as may wait.
func TestNothingWaitsOnceAllIsStored(t *testing.T) {
	withJournal(t, func(t *testing.T, j *journal, s *stored) {
		for i := range 10 {
			j.add(about(monitor.BrokState, "a", "state"))
			j.add(about(monitor.BrokHeard, "b", "heard"))
			j.add(&monitor.Brok{Kind: monitor.BrokNotification, Action: &monitor.Action{}})
			j.at(wire.Position{Passive: uint64(i)})
			if j.size() == 0 {
				t.Fatal("nothing waits, although it was not stored")
			}
			j.flush()
			if err := j.landed(<-j.done); err != nil {
				t.Fatal(err)
			}
			if n := j.size(); n != 0 {
				t.Fatalf("%d bytes wait after %d commits that took all", n, len(s.commits))
			}
		}
	})
}

func TestWhatIsDecidedDuringACommitSharesTheNext(t *testing.T) {
	withJournal(t, func(t *testing.T, j *journal, s *stored) {
		for i := range 10 {
			j.add(about(monitor.BrokHeard, "a", string(rune('0'+i))))
			j.at(wire.Position{Passive: uint64(i)})
			j.flush()
		}
		if err := j.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(s.commits) != 2 || len(s.commits[1]) != 1 {
			t.Errorf("%d commits, the last with %d records", len(s.commits), len(s.commits[len(s.commits)-1]))
		}
	})
}

func TestASnapshotWaitsUntilNothingElseCanJoinItsRecord(t *testing.T) {
	withJournal(t, func(t *testing.T, j *journal, _ *stored) {
		taken := false
		s := &shard{journal: j, snapDue: func() { taken = true }}
		j.add(about(monitor.BrokState, "a", "1"))
		j.flush()
		j.add(about(monitor.BrokState, "a", "2"))
		j.flush()
		if s.trySnapshot(); taken {
			t.Error("what comes before the next commit would be in the record that the snapshot names, and not in the snapshot")
		}
		if err := j.landed(<-j.done); err != nil {
			t.Fatal(err)
		}
		j.flush()
		if s.trySnapshot(); !taken {
			t.Error("not taken")
		}
		if err := j.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// held is what the lease of a test's journal says.
func held() time.Duration { return holdFor }

func TestWhatIsStoredDoesNotCountAsWaiting(t *testing.T) {
	withJournal(t, func(t *testing.T, j *journal, _ *stored) {
		for round := range 3 {
			j.add(about(monitor.BrokHeard, "quiet", strings.Repeat("q", 500)))
			j.add(about(monitor.BrokState, "web", strings.Repeat("s", 500)))
			j.add(&monitor.Brok{Kind: monitor.BrokNotification, Action: &monitor.Action{ID: "a"}})
			j.add(about(monitor.BrokAlert, "db", "down"))
			j.at(wire.Position{Passive: uint64(round + 1)})
			j.flush()
			j.add(about(monitor.BrokState, "while it is under way", strings.Repeat("s", 500)))
			if n := j.size(); n < 1500 {
				t.Errorf("round %d: %d bytes wait, less than there are", round, n)
			}
			for j.busy || j.pending() {
				if j.busy {
					if err := j.landed(<-j.done); err != nil {
						t.Fatal(err)
					}
				}
				j.flush()
			}
			if n := j.size(); n != 0 {
				t.Errorf("round %d: %d bytes wait although all is stored", round, n)
			}
		}
	})
}
