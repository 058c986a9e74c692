package arbiter_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/recall"
)

// tie makes a the parent of b.
func (f files) tie(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(f.objects)
	if err != nil {
		t.Fatal(err)
	}
	tied := strings.Replace(string(text), "host_name b\n", "host_name b\n parents a\n", 1) // the host stands before its service
	if tied == string(text) {
		t.Fatal("no host b")
	}
	put(t, f.objects, tied)
}

// remember leaves a snapshot of a shard, as its owner does, in which a host is DOWN, acknowledged and in a downtime.
func (s *started) remember(shard monitor.Shard, host string) {
	s.t.Helper()
	ref := monitor.Ref{Host: host}
	state := core.Snapshot{
		Time:      100e9,
		Statuses:  []monitor.Status{{Ref: ref, State: monitor.Down, LastCheck: 90e9, Attempt: 2, Ack: monitor.AckSticky, DowntimeDepth: 1}},
		Downtimes: []monitor.Downtime{{ID: 77, Ref: ref, Author: "ann", Start: 1, End: 1e18, Fixed: true, Began: 2}},
		Comments:  []monitor.Comment{{ID: 78, Ref: ref, Text: "seen"}},
		Told:      []core.Told{{Ref: ref, Telling: monitor.Telling{Contact: "ann", Type: "PROBLEM", Number: 1}}},
	}
	c, err := core.New(&monitor.Inventory{
		Shard: shard, Args: [][]string{nil}, Hosts: []monitor.Host{{Name: host, Check: monitor.Call{Command: monitor.None}}},
		Policies: []monitor.Policy{{
			MaxAttempts: 3,
			CheckPeriod: monitor.None, NotificationPeriod: monitor.None, MaintenancePeriod: monitor.None, SnapshotPeriod: monitor.None,
			EventHandler: monitor.Call{Command: monitor.None}, Snapshot: monitor.Call{Command: monitor.None},
		}},
	}, 1, core.Seed{})
	if err != nil {
		s.t.Fatal(err)
	}
	c.Restore(state)
	if err := s.bus.PutBlob(s.t.Context(), bus.SNAP, recall.SnapshotName(shard), recall.AppendSnapshot(nil, c, &recall.Noted{})); err != nil {
		s.t.Fatal(err)
	}
}

// movedBlobs gives the names of the blobs that hold the state of hosts that moved.
func (s *started) movedBlobs() []string {
	s.t.Helper()
	names, err := s.bus.BlobNames(s.t.Context(), bus.CFG)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, name := range names {
		if strings.Contains(name, ".moved.") {
			out = append(out, name)
		}
	}
	return out
}

func TestTheStateOfHostsThatMoveIsStoredForTheirNewShard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a", "b", "c")
		s := start(t, membus.New().Connect("arbiter"), f)
		before := s.stored(1)
		for _, host := range []string{"a", "b", "c"} {
			s.remember(before[host], host)
		}
		f.tie(t)
		s.again()
		g, after := s.inForce(), s.stored(2)
		if after["a"] != after["b"] || before["a"] == before["b"] {
			t.Fatalf("hosts were at %v and are at %v: a and b should have come together", before, after)
		}
		moved := "a"
		if after["b"] != before["b"] {
			moved = "b"
		}
		name := wire.MovedName(2, after[moved])
		if diff := cmp.Diff([]string{name}, s.movedBlobs()); g.Moved != 2 || diff != "" {
			t.Fatalf("%+v in force; moved states: %s", g, diff)
		}
		var memories []core.Snapshot
		s.blob(name, &memories)
		if len(memories) != 1 {
			t.Fatalf("%d memories, want one", len(memories))
		}
		m := memories[0]
		if m.Time != 100e9 || len(m.Statuses) != 2 || m.Statuses[0].Host != moved || m.Statuses[0].State != monitor.Down ||
			m.Statuses[0].Ack != monitor.AckSticky || m.Statuses[0].Attempt != 2 {
			t.Errorf("of host %s and its service is stored: %+v", moved, m)
		}
		if len(m.Downtimes) != 1 || m.Downtimes[0].ID != 77 || len(m.Comments) != 1 || len(m.Told) != 1 {
			t.Errorf("downtimes %+v, comments %+v, told %+v", m.Downtimes, m.Comments, m.Told)
		}
		// The next generation says that hosts moved in this one, for owners that were not there.
		f.hosts(t, "a", "c")
		s.again()
		if g := s.inForce(); g.Number != 3 || g.Moved != 2 || len(s.movedBlobs()) != 1 {
			t.Errorf("%+v in force with %v", g, s.movedBlobs())
		}
		s.stop()
	})
}

func TestNothingIsStoredWhenNothingMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a", "b")
		s := start(t, membus.New().Connect("arbiter"), f)
		f.hosts(t, "b", "c")
		s.again()
		if g := s.inForce(); g.Number != 2 || g.Moved != 0 || len(s.movedBlobs()) != 0 {
			t.Errorf("%+v in force with %v", g, s.movedBlobs())
		}
		s.stop()
	})
}

// amnesic is a connection on which no snapshot can be read.
type amnesic struct{ bus.Conn }

func (a amnesic) Blob(ctx context.Context, b bus.Bucket, name string) ([]byte, error) {
	if b == bus.SNAP {
		return nil, errors.New("no memory today")
	}
	return a.Conn.Blob(ctx, b, name)
}

func TestAReloadThatWouldLoseStateIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, "a", "b")
		s := start(t, amnesic{membus.New().Connect("arbiter")}, f)
		f.tie(t)
		s.again()
		if g := s.inForce(); g.Number != 1 {
			t.Errorf("%+v in force", g)
		}
		for _, want := range []string{"(hosts: 1)", "no memory today", "goes on"} {
			if !strings.Contains(s.log.String(), want) {
				t.Errorf("the log lacks %q:\n%s", want, s.log)
			}
		}
		s.stop()
	})
}
