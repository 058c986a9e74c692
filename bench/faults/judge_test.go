package faults

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// heard is a record of the service result of h000.
func heard(at monitor.Time, output, held string) record {
	st := &monitor.Status{Output: output, LastUpdate: at}
	st.Host, st.Service = host(0), "result"
	if held != "" {
		st.Held = &monitor.Held{Finished: at, Outcome: monitor.Outcome{Output: held}}
	}
	return record{broks: []monitor.Brok{{Kind: monitor.BrokState, Status: st}}}
}

func TestEveryViolationOfOneResultIsSeen(t *testing.T) {
	acks := []ack{{n: 1, by: "left", alone: true}, {n: 2, by: "left", alone: true}, {n: 3, by: "right", alone: true}}
	for _, test := range []struct {
		name    string
		records []record
		want    string // empty for none
	}{
		{"each once", []record{heard(1, "number 1", ""), heard(2, "number 2", ""), heard(9, "number 3", "")}, ""},
		{"two broks of one moment", []record{heard(1, "number 1", ""), heard(1, "number 1", ""), heard(2, "number 2", ""), heard(9, "number 3", "")}, ""},
		{"held and then applied", []record{heard(1, "number 1", "number 2"), heard(3, "number 2", ""), heard(9, "number 3", "")}, ""},
		{"held and replaced", []record{heard(1, "", "number 1"), heard(2, "number 2", ""), heard(9, "number 3", "")}, ""},
		{"what shows stays while what is held changes", []record{heard(1, "number 1", "number 3"), heard(1, "number 1", "number 2"), heard(3, "number 2", "")}, ""},
		{"one comes again behind its own verdict", []record{heard(1, "number 1", "number 2"), heard(3, "number 2", ""), heard(4, "number 3", ""), heard(5, "number 2", "")}, "number 2 was applied twice"},
		{"one comes again behind what took its place", []record{heard(1, "", "number 1"), heard(2, "number 2", ""), heard(3, "number 1", ""), heard(9, "number 3", "")}, "number 1 was applied twice"},
		{"one is missing", []record{heard(2, "number 2", ""), heard(9, "number 3", "")}, "number 1 was answered with 200 and never applied"},
		{"one comes twice", []record{heard(1, "number 1", ""), heard(2, "number 2", ""), heard(3, "number 2", ""), heard(9, "number 3", "")}, "number 2 was applied twice"},
		{"from a spool behind what another receiver took", []record{heard(1, "number 3", ""), heard(2, "number 1", ""), heard(3, "number 2", "")}, ""},
		{"out of order", []record{heard(1, "number 2", ""), heard(2, "number 1", ""), heard(3, "number 3", "")}, "number 1 was applied behind number 2"},
	} {
		e := evidence{records: test.records}
		var got []string
		for _, v := range e.resultsOnce(newLoad(&Site{}), acks) {
			if strings.Contains(v, host(0)+":") {
				got = append(got, v)
			}
		}
		switch {
		case test.want == "" && len(got) > 0:
			t.Errorf("%s: %q, want no violation", test.name, got)
		case test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)):
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// A receiver that was stopped takes what its sender gave up long ago when it goes on, and brings it to the bus before the one that
// answered instead has emptied its spool. That one's results are out of order only where no other receiver can have brought the newer one.
func TestWhatTwoReceiversHadMayComeFromEither(t *testing.T) {
	records := []record{heard(1, "number 2", ""), heard(2, "number 1", "")}
	for _, test := range []struct {
		name          string
		first, second bool // no other receiver had number 1, and number 2
		want          int
	}{
		{"the newer one was with another receiver", true, false, 0},
		{"both were", false, false, 0},
		{"the older one was", false, true, 1},
		{"none was", true, true, 1},
	} {
		acked := map[int]ack{1: {n: 1, by: "left", alone: test.first}, 2: {n: 2, by: "left", alone: test.second}}
		applied := (&evidence{records: records}).applied("result")[host(0)]
		if got := inOrder(host(0), applied, acked); len(got) != test.want {
			t.Errorf("%s: %q, want %d violations", test.name, got, test.want)
		}
	}
}

func TestEveryViolationOfTellingIsSeen(t *testing.T) {
	due := record{broks: []monitor.Brok{{Kind: monitor.BrokNotification, Action: &monitor.Action{ID: "a"}}}}
	for _, test := range []struct {
		name string
		told []telling
		want string
	}{
		{"once", []telling{{id: "a"}}, ""},
		{"again with a mark", []telling{{id: "a"}, {id: "a", marked: true}}, ""},
		{"never", nil, "nobody was told of a"},
		{"again without a mark", []telling{{id: "a"}, {id: "a"}}, "told 2 times of a without a mark"},
		{"of nothing", []telling{{id: "a"}, {id: "b"}}, "told of b"},
	} {
		e := evidence{records: []record{due}, told: test.told}
		got := strings.Join(e.toldOnce(), "; ")
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestAGapReachesFromTheOldOwnersLastCommitToTheNewOnesFirst(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	e := evidence{records: []record{
		{shard: 1, claim: true, at: at(0)},
		{shard: 1, at: at(1)},
		{shard: 2, claim: true, at: at(1)},
		{shard: 2, at: at(2)},
		{shard: 1, claim: true, at: at(12)},
		{shard: 1, at: at(14)},
		{shard: 2, at: at(15)},
	}}
	if got := e.gaps(at(10)); len(got) != 1 || got[0] != 13*time.Second {
		t.Errorf("%v, want 13s for shard 1 alone", got)
	}
}

func TestWhatTheJournalForgetsIsKept(t *testing.T) {
	var q quietly
	var heard wire.Batch
	heard.Add(monitor.Brok{Kind: monitor.BrokHeard})
	q.take(bus.Msg{Subject: bus.Quiet(3), Seq: 4, Data: wire.Ledger(wire.Position{}, heard.Take())})
	q.take(bus.Msg{Subject: bus.Quiet(3), Seq: 2, Data: wire.Ledger(wire.Position{}, nil)})
	q.take(bus.Msg{Subject: bus.Quiet(3), Seq: 3, Data: []byte("rubbish")})
	var got []uint64
	for _, r := range q.among([]record{{seq: 1}, {seq: 4, broks: make([]monitor.Brok, 1)}, {seq: 5}}) {
		got = append(got, r.seq)
	}
	if want := []uint64{1, 2, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("records %v, want %v", got, want)
	}
}
