package natsbus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/realpeer"
)

// onSmallDisk runs a test with a disk of its own of so many MiB: in a process with mounts of its own, which are gone with
// it. It returns the disk's folder there, and "" in the process that waits for the other.
func onSmallDisk(t *testing.T, mib int) string {
	t.Helper()
	if dir := os.Getenv("ONBU_TEST_DISK"); dir != "" {
		if err := syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), "ONBU_TEST_DISK="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) {
		realpeer.Skip(t, fmt.Sprintf("this system lets nobody mount a disk: %v", err))
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return ""
}

// fill writes a file until the disk is full, and gives its path.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "others"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<20); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return f.Name()
}

// leave makes the file as large as leaves so many bytes free.
func leave(t *testing.T, dir, others string, free int64) {
	t.Helper()
	var fs syscall.Statfs_t
	info, err := os.Stat(others)
	if err == nil {
		err = syscall.Statfs(dir, &fs)
	}
	if err == nil {
		err = os.Truncate(others, info.Size()+int64(fs.Bavail)*fs.Bsize-free)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskIsToldAndOvercome(t *testing.T) {
	t.Parallel()
	disk := onSmallDisk(t, 256)
	if disk == "" {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: filepath.Join(disk, "bus"), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	inside, err := s.Connect(ctx, natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	if err := inside.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	outside := dialled(t, s.URL())
	fence, err := inside.Claim(ctx, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	var read atomic.Int64
	for name, c := range map[string]*natsbus.Conn{"inside": inside, "outside": outside} {
		go c.Read(ctx, bus.Cursor{Stream: bus.EV, Filter: bus.AllEvents(), Durable: name}, func(batch []bus.Msg) error {
			read.Add(int64(len(batch)))
			return nil
		})
	}
	big := func(n int) (out []bus.Record) {
		for i := range n {
			out = append(out, bus.Record{Subject: bus.States(1), Data: fmt.Appendf(make([]byte, 100<<10), "%d", i)})
		}
		return out
	}
	batch, stored := 0, 0
	commit := func(ctx context.Context) error {
		n := 1 + batch%4
		_, err := inside.Commit(ctx, fence, fmt.Sprint(batch), big(n))
		if err == nil {
			batch, stored = batch+1, stored+n
		}
		return err
	}
	for range 20 {
		if err := commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Healthy(), inside.Healthy(), outside.Healthy()); err != nil {
		t.Errorf("before the disk is full: %v", err)
	}

	others := fill(t, disk)
	for err = nil; err == nil; {
		try, cancel := context.WithTimeout(ctx, time.Second)
		err = commit(try)
		cancel()
	}
	if err := inside.Healthy(); err == nil || !strings.Contains(err.Error(), "EV") || !strings.Contains(err.Error(), disk) {
		t.Errorf("with a full disk: %v", err)
	}
	if err := os.Remove(others); err != nil {
		t.Fatal(err)
	}
	for range 8 { // the first is the one that was refused, with the same id
		if err := commit(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := inside.Healthy(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	replayed := 0
	for _, c := range []*natsbus.Conn{inside, outside} {
		if _, err := c.Replay(ctx, 1, 0, func(b []bus.Msg) error { replayed += len(b); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if replayed != 2*stored {
		t.Errorf("each should find %d records, both found %d", stored, replayed)
	}
	for read.Load() < int64(2*stored) && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	if got := read.Load(); got < int64(2*stored) {
		t.Errorf("the readers got %d records, want both to get %d", got, stored)
	}
}

// What is not synced is handed to readers before it is on disk, so they have read messages that a full disk loses: what gets their
// sequences afterwards must reach them too, and nothing comes again.
func TestAReaderGoesOnAfterAFullDiskLostWhatItHasRead(t *testing.T) {
	t.Parallel()
	disk := onSmallDisk(t, 256)
	if disk == "" {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	s := startServer(t, filepath.Join(disk, "bus"))
	c, err := s.Connect(ctx, natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 1<<16)
	go c.Read(ctx, bus.Cursor{Stream: bus.PERF}, func(batch []bus.Msg) error {
		for _, m := range batch {
			got <- string(m.Data[:8])
		}
		return nil
	})
	n := 0
	add := func() error {
		try, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		n++
		return c.Append(try, bus.Perf(1), append(fmt.Appendf(nil, "%08d", n), make([]byte, 8<<10)...), "")
	}
	for range 50 {
		if err := add(); err != nil {
			t.Fatal(err)
		}
	}
	others := fill(t, disk)
	for err = nil; err == nil; err = add() {
	}
	if err := os.Remove(others); err != nil {
		t.Fatal(err)
	}
	for stored := 0; stored < 50 && ctx.Err() == nil; {
		if add() == nil {
			stored++
		}
	}
	read := map[string]bool{}
	for last := fmt.Sprintf("%08d", n); !read[last]; {
		select {
		case text := <-got:
			if read[text] {
				t.Fatalf("message %s came again", text)
			}
			read[text] = true
		case <-ctx.Done():
			t.Fatal("the last message did not come")
		}
	}
	there, cancel := context.WithCancel(ctx)
	err = c.Read(there, bus.Cursor{Stream: bus.PERF}, func(batch []bus.Msg) error {
		for _, m := range batch {
			text := string(m.Data[:8])
			if !read[text] {
				t.Errorf("message %s is stored as %d and was not read", text, m.Seq)
			}
			if text == fmt.Sprintf("%08d", n) {
				cancel()
			}
		}
		return nil
	})
	if ctx.Err() != nil {
		t.Error(err)
	}
}

func TestAFullDiskOfOneOfThreeCostsTheOthersNothing(t *testing.T) {
	t.Parallel()
	disk := onSmallDisk(t, 320)
	if disk == "" {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
	defer cancel()
	trio := startTrioOn(t, filepath.Join(disk, "bus"))
	full := trio.servers[0]
	c, err := trio.servers[1].Connect(ctx, natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	fence, err := c.Claim(ctx, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	stored := 0
	commit := func() {
		t.Helper()
		for range 5 {
			records := []bus.Record{{Subject: bus.States(1), Data: fmt.Appendf(make([]byte, 100<<10), "%d", stored)}}
			if _, err := c.Commit(ctx, fence, fmt.Sprint(stored), records); err != nil {
				t.Fatal(err)
			}
			stored++
		}
	}
	commit()
	if err := full.Healthy(); err != nil {
		t.Errorf("before the disk is full: %v", err)
	}
	others := fill(t, disk)
	for err = nil; err == nil; err = full.Healthy() {
		commit()
	}
	if !strings.Contains(err.Error(), "disk was full") || !strings.Contains(err.Error(), disk) {
		t.Errorf("with a full disk: %v", err)
	}
	commit()
	if err := os.Remove(others); err != nil {
		t.Fatal(err)
	}
	for full.Healthy() != nil || c.Standing(ctx).Leader == "" || len(c.Standing(ctx).Behind) > 0 {
		if ctx.Err() != nil {
			t.Fatalf("%v, %+v", full.Healthy(), c.Standing(context.Background()))
		}
		time.Sleep(50 * time.Millisecond)
	}
	commit()
	got := 0
	if _, err := c.Replay(ctx, 1, 0, func(b []bus.Msg) error { got += len(b); return nil }); err != nil || got != stored {
		t.Errorf("%d records are stored, %v, want %d", got, err, stored)
	}
}

func TestADiskThatIsTooSmallIsNamed(t *testing.T) {
	t.Parallel()
	disk := onSmallDisk(t, 64)
	if disk == "" {
		return
	}
	_, err := natsbus.StartServer(natsbus.ServerOptions{Dir: filepath.Join(disk, "bus")})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{disk, "134217728 bytes", "67108864 are free"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
}

func TestAStoreStartsAgainWhereRoomHasBecomeScarce(t *testing.T) {
	t.Parallel()
	disk := onSmallDisk(t, 512)
	if disk == "" {
		return
	}
	dir := filepath.Join(disk, "bus")
	s := startServer(t, dir)
	c, err := s.Connect(t.Context(), natsbus.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fence := writeAll(t, c)
	c.Close()
	s.Close()
	others := fill(t, disk)
	for _, free := range []int64{20 << 20, 100 << 20} {
		leave(t, disk, others, free)
		s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Connect(t.Context(), natsbus.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Prepare(t.Context()); err != nil {
			t.Errorf("with %d MiB free: %v", free>>20, err)
		}
		n := 0
		if _, err := c.Replay(t.Context(), 1, 0, func(b []bus.Msg) error { n += len(b); return nil }); err != nil || n < 301 {
			t.Errorf("with %d MiB free: %d records, %v", free>>20, n, err)
		}
		if _, err := c.Commit(t.Context(), fence, fmt.Sprint(free), records(1, 2)); err != nil {
			t.Errorf("with %d MiB free: %v", free>>20, err)
		}
		c.Close()
		s.Close()
	}
}
