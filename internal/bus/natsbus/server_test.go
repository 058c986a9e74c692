package natsbus_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

func TestOneServerOnlyUsesAStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := startServer(t, dir)
	_, err := natsbus.StartServer(natsbus.ServerOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("got %v, want the process that uses it", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	startServer(t, dir)
}

func TestAStoreStaysWhereItIsWhenTheWorkingDirectoryChanges(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	t.Chdir(home)
	s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: "store"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	t.Chdir(elsewhere)
	c, err := s.Connect(t.Context(), natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(home, "store", "jetstream", "$G", "streams", "EV")); err != nil {
		t.Error(err)
	}
	if there, err := os.ReadDir(elsewhere); err != nil || len(there) > 0 {
		t.Errorf("the new working directory has %v, %v", there, err)
	}
}

func TestTheStoreSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fence := writeAll(t, connect(t, startServer(t, dir), "writer"))
	copied := t.TempDir() // as the disk would be after a power cut: nothing is told to the server
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	readAll(t, connect(t, startServer(t, copied), "reader"), fence)
}

// writeAll writes to whatever is kept on disk and synced.
func writeAll(t *testing.T, c *natsbus.Conn) bus.Fence {
	t.Helper()
	ctx := t.Context()
	fence := bus.Fence{}
	err := c.Prepare(ctx)
	step := func(do func() error) {
		if err == nil {
			err = do()
		}
	}
	step(func() (err error) { fence, err = c.Claim(ctx, 1, []byte("me")); return err })
	step(func() error { _, err := c.Commit(ctx, fence, "1", records(1, 1)); return err })
	step(func() error { _, err := c.Commit(ctx, fence, "300", records(1, 300)); return err })
	step(func() error { return c.Append(ctx, bus.Passive(1, "h"), []byte("passive"), "") })
	step(func() error { _, err := c.Put(ctx, bus.CFG, "current", []byte("7"), 0); return err })
	step(func() error { return c.PutBlob(ctx, bus.SNAP, "s", make([]byte, 2<<20)) })
	if err != nil {
		t.Fatal(err)
	}
	return fence
}

func readAll(t *testing.T, c *natsbus.Conn, fence bus.Fence) {
	t.Helper()
	ctx := t.Context()
	n := 0
	if _, err := c.Replay(ctx, 1, 0, func(batch []bus.Msg) error { n += len(batch); return nil }); err != nil || n != 301 {
		t.Errorf("replayed %d records, %v", n, err)
	}
	if _, err := c.Commit(ctx, fence, "300", records(1, 300)); err != nil {
		t.Errorf("committing a batch again with its fence: %v", err)
	}
	if last, err := c.Commit(ctx, fence, "next", records(1, 2)); err != nil || last != fence.Seq+303 {
		t.Errorf("committing the next batch: %d, %v", last, err)
	}
	if e, err := c.Get(ctx, bus.CFG, "current"); err != nil || string(e.Value) != "7" {
		t.Errorf("got %q, %v", e.Value, err)
	}
	if data, err := c.Blob(ctx, bus.SNAP, "s"); err != nil || len(data) != 2<<20 {
		t.Errorf("got a blob of %d bytes, %v", len(data), err)
	}
	ctx, cancel := context.WithCancel(ctx)
	err := c.Read(ctx, bus.Cursor{Stream: bus.PASSIVE, Durable: "d"}, func(batch []bus.Msg) error {
		if len(batch) != 1 || string(batch[0].Data) != "passive" {
			t.Errorf("got %d messages", len(batch))
		}
		cancel()
		return nil
	})
	if ctx.Err() == nil {
		t.Error(err)
	}
}

func records(shard uint16, n int) []bus.Record {
	var out []bus.Record
	for i := range n {
		out = append(out, bus.Record{Subject: bus.States(shard), Data: fmt.Append(nil, i)})
	}
	return out
}

func TestConnectRefusesAServerThatIsTooOld(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go serveOldNATS(l)
	_, err = natsbus.Connect(t.Context(), "nats://"+l.Addr().String(), natsbus.Options{})
	if err == nil || !strings.Contains(err.Error(), "nats-server 2.9.10") || !strings.Contains(err.Error(), "2.14") {
		t.Errorf("got %v", err)
	}
}

// serveOldNATS answers as far as Connect needs it.
func serveOldNATS(l net.Listener) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	fmt.Fprint(c, `INFO {"server_id":"x","version":"2.9.10","max_payload":1048576,"headers":true}`+"\r\n")
	for lines := bufio.NewScanner(c); lines.Scan(); {
		if lines.Text() == "PING" {
			fmt.Fprint(c, "PONG\r\n")
		}
	}
}

// plainServer runs a server that is not set up as ours.
func plainServer(t *testing.T, o *server.Options) string {
	t.Helper()
	o.Host, o.Port, o.NoSigs, o.NoLog = "127.0.0.1", server.RANDOM_PORT, true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("server not ready")
	}
	return s.ClientURL()
}

func TestConnectRefusesAServerWithoutJetStream(t *testing.T) {
	t.Parallel()
	url := plainServer(t, &server.Options{})
	_, err := natsbus.Connect(t.Context(), url, natsbus.Options{})
	if err == nil || !strings.Contains(err.Error(), "without JetStream") {
		t.Errorf("got %v", err)
	}
}

func TestARefusedPermissionIsLoud(t *testing.T) {
	t.Parallel()
	url := plainServer(t, &server.Options{JetStream: true, StoreDir: t.TempDir(), Users: []*server.User{{
		Username: "poller", Password: "p",
		Permissions: &server.Permissions{Publish: &server.SubjectPermission{Allow: []string{"$JS.API.INFO"}}},
	}}})
	lines := make(chanHandler, 100)
	c, err := natsbus.Connect(t.Context(), strings.Replace(url, "nats://", "nats://poller:p@", 1), natsbus.Options{Log: slog.New(lines)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Publish(bus.Done(1), nil); err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case r := <-lines:
			if r.Level == slog.LevelError && strings.Contains(r.Message, "refuses this daemon") {
				return
			}
		case <-time.After(10 * time.Second):
			t.Fatal("no log line")
		}
	}
}

// chanHandler is a slog.Handler that hands on records.
type chanHandler chan slog.Record

func (h chanHandler) Enabled(context.Context, slog.Level) bool      { return true }
func (h chanHandler) Handle(_ context.Context, r slog.Record) error { h <- r; return nil }
func (h chanHandler) WithAttrs([]slog.Attr) slog.Handler            { return h }
func (h chanHandler) WithGroup(string) slog.Handler                 { return h }

func TestAServerWithUsersLetsOnlyThemIn(t *testing.T) {
	t.Parallel()
	s, err := natsbus.StartServer(natsbus.ServerOptions{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", Users: []natsbus.User{{Name: "onbu", Password: "secret"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := natsbus.Connect(ctx, s.URL(), natsbus.Options{}); err == nil || !strings.Contains(err.Error(), "uthorization") {
		t.Errorf("without a user: got %v", err)
	}
	with, err := natsbus.Connect(ctx, strings.Replace(s.URL(), "nats://", "nats://onbu:secret@", 1), natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer with.Close()
	inside, err := s.Connect(ctx, natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	inside.Close()
}

func TestStreamsShrinkWhereThereIsLittleRoom(t *testing.T) {
	t.Parallel()
	s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: t.TempDir(), MaxStore: 400 << 20, MaxMemory: 100 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	lines := make(chanHandler, 100)
	c, err := s.Connect(t.Context(), natsbus.Options{Log: slog.New(lines)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		if err := c.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(lines) == 0 {
		t.Error("the log says nothing")
	}
}

func TestStreamsGoOnWhereTheirServerHasNoMoreRoomForThem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var fence bus.Fence
	for _, room := range []int64{20 << 30, 64 << 20} {
		s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: dir, MaxStore: room})
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Connect(t.Context(), natsbus.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if fence.Seq == 0 {
			fence = writeAll(t, c)
		} else {
			if err := c.Prepare(t.Context()); err != nil {
				t.Error(err)
			}
			readAll(t, c, fence)
		}
		c.Close()
		s.Close()
	}
}

// The streams for payloads came later than others: a store from before has promised its room to those.
func TestAnOlderStoreGetsTheStreamsForPayloads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, streams := range [][]bus.Stream{{bus.PB, bus.PBO, bus.PBX}, nil} {
		s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: dir, Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Connect(t.Context(), natsbus.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, subject := range []bus.Subject{bus.PayloadFor("a", "s"), bus.Outbound("x", "a", "s"), bus.Orphan("a", "s")} {
			if _, err := c.Post(t.Context(), []bus.Letter{{Subject: subject, TTL: time.Hour}}); err != nil {
				t.Error(err)
			}
		}
		for _, stream := range streams {
			remove(t, s, stream)
		}
		c.Close()
		s.Close()
	}
}

func remove(t *testing.T, s *natsbus.Server, stream bus.Stream) {
	t.Helper()
	nc, err := nats.Connect(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err == nil {
		err = js.DeleteStream(t.Context(), string(stream))
	}
	if err != nil {
		t.Fatal(err)
	}
}
