package recall_test

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/recall"
)

// memory is a bus with the memory of shard 3, and a reader of it.
type memory struct {
	t          *testing.T
	bus        bus.Conn
	reader     recall.Reader
	unreadable int
}

func newMemory(t *testing.T) *memory {
	m := &memory{t: t, bus: membus.New().Connect("test")}
	m.must(m.bus.Prepare(t.Context()))
	m.reader = recall.Reader{Bus: m.bus, Log: slog.New(slog.DiscardHandler), Unreadable: func() { m.unreadable++ }}
	return m
}

func (m *memory) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *memory) blob(b bus.Bucket, name string, data []byte) {
	m.t.Helper()
	m.must(m.bus.PutBlob(m.t.Context(), b, name, data))
}

// status is a host's that was DOWN with that output, and heard of at that second.
func status(host, output string, at monitor.Time) monitor.Status {
	return monitor.Status{Ref: monitor.Ref{Host: host}, State: monitor.Down, Output: output, LastCheck: at * 1e9, LastUpdate: at * 1e9}
}

// read reads shard 3 into a core with the hosts a and b and gives their outputs.
func (m *memory) read(g wire.Generation) (recall.Memory, [2]string) {
	m.t.Helper()
	c := m.core()
	got, err := m.reader.Shard(m.t.Context(), 3, g, c, 0, &core.Decisions{})
	m.must(err)
	return got, [2]string{c.Status(0).Output, c.Status(1).Output}
}

// core gives a new core of shard 3 with the hosts a and b.
func (m *memory) core() *core.Core {
	m.t.Helper()
	inv := &monitor.Inventory{
		Shard: 3, Shards: 4, Args: [][]string{nil},
		Policies: []monitor.Policy{{
			CheckPeriod: monitor.None, NotificationPeriod: monitor.None, MaintenancePeriod: monitor.None, SnapshotPeriod: monitor.None,
			EventHandler: monitor.Call{Command: monitor.None}, Snapshot: monitor.Call{Command: monitor.None},
		}},
		Hosts: []monitor.Host{{Name: "a", Check: monitor.Call{Command: monitor.None}}, {Name: "b", Check: monitor.Call{Command: monitor.None}}},
	}
	c, err := core.New(inv, 1, core.Seed{})
	m.must(err)
	return c
}

func TestASnapshotIsFollowedByWhatWasRecordedAfterIt(t *testing.T) {
	m := newMemory(t)
	fence, err := m.bus.Claim(t.Context(), 3, nil)
	m.must(err)
	var after uint64
	for i, output := range []string{"before", "after"} {
		var batch wire.Batch
		s := status("a", output, monitor.Time(10+i))
		batch.Add(&monitor.Brok{Kind: monitor.BrokState, Time: s.LastUpdate, Status: &s})
		records := []bus.Record{
			{Subject: bus.States(3), Data: []byte("rubbish")},
			{Subject: bus.States(3), Data: wire.Ledger(wire.Position{Commands: uint64(i + 1)}, batch.Take())},
		}
		last, err := m.bus.Commit(t.Context(), fence, fmt.Sprint(i), records)
		m.must(err)
		if i == 0 {
			after = last
		}
	}
	c := m.core()
	c.RestoreStatuses([]monitor.Status{status("b", "saved", 5)})
	saved := recall.AppendSnapshot(nil, c, &recall.Noted{})
	recall.Stamp(saved, after)
	m.blob(bus.SNAP, recall.SnapshotName(3), saved)
	got, outputs := m.read(wire.Generation{})
	if got.Replayed != 1 || got.Used.Commands != 2 || m.unreadable != 1 || outputs != [2]string{"after", "saved"} {
		t.Errorf("%+v and %d unreadable, outputs %q", got, m.unreadable, outputs)
	}
	for n := range saved {
		m.blob(bus.SNAP, recall.SnapshotName(3), saved[:n])
		if got, _ := m.read(wire.Generation{}); got.Replayed != 2 {
			t.Errorf("%d broks replayed after a snapshot that is cut short at %d of %d bytes, want the whole journal: 2", got.Replayed, n, len(saved))
		}
	}
	m.blob(bus.SNAP, recall.SnapshotName(3), []byte("rubbish"))
	if got, outputs := m.read(wire.Generation{}); got.Replayed != 2 || outputs != [2]string{"after", ""} {
		t.Errorf("after an unreadable snapshot: %+v, outputs %q", got, outputs)
	}
}

func TestWhatCameIsLookedForInTheGenerationsThatAreStored(t *testing.T) {
	came := func(host, output string, at monitor.Time) []byte {
		return wire.Marshal([]core.Snapshot{{Time: at * 1e9, Statuses: []monitor.Status{status(host, output, at)}}})
	}
	for _, tt := range []struct {
		name  string
		blobs map[uint64][]byte
		g     wire.Generation
		moved int
		want  [2]string
	}{
		{"nothing ever moved", nil, wire.Generation{Number: 9}, 0, [2]string{}},
		{"one came now, one before", map[uint64][]byte{7: came("a", "7", 70), 9: came("b", "9", 90)}, wire.Generation{Number: 9, Moved: 9}, 2, [2]string{"7", "9"}},
		{"it came, went and came again", map[uint64][]byte{7: came("a", "7", 70), 9: came("a", "9", 90)}, wire.Generation{Number: 9, Moved: 9}, 2, [2]string{"9", ""}},
		{"that was too long ago", map[uint64][]byte{6: came("a", "6", 60)}, wire.Generation{Number: 9, Moved: 6}, 0, [2]string{}},
		{"not yet in force", map[uint64][]byte{10: came("a", "10", 100)}, wire.Generation{Number: 9, Moved: 7}, 0, [2]string{}},
		{"rubbish is passed over", map[uint64][]byte{8: []byte("rubbish"), 9: came("b", "9", 90)}, wire.Generation{Number: 9, Moved: 9}, 1, [2]string{"", "9"}},
		{"a young installation", map[uint64][]byte{2: came("a", "2", 20)}, wire.Generation{Number: 2, Moved: 2}, 1, [2]string{"2", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory(t)
			for n, data := range tt.blobs {
				m.blob(bus.CFG, wire.MovedName(n, 3), data)
			}
			if got, outputs := m.read(tt.g); got.Moved != tt.moved || outputs != tt.want {
				t.Errorf("%d hosts came, outputs %q; want %d, %q", got.Moved, outputs, tt.moved, tt.want)
			}
		})
	}
}
