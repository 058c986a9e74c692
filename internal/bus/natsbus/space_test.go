package natsbus_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

// onDisk gives how many bytes the files of a folder have.
func onDisk(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error { // files may go meanwhile
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}

// The server removes what expires amid what stays from its files too, and not only from its count: it writes blocks anew of
// which the smaller part is left.
func TestTheDiskGetsBackWhatExpiresInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: dir})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(err)
	defer s.Close()
	c, err := s.Connect(t.Context(), natsbus.Options{})
	must(err)
	defer c.Close()
	must(c.Prepare(t.Context()))
	fence, err := c.Claim(t.Context(), 1, nil)
	must(err)
	journal := filepath.Join(dir, "jetstream")
	empty := onDisk(t, journal)
	quiet, lasting := bytes.Repeat([]byte("q"), 64<<10), bytes.Repeat([]byte("l"), 2<<10)
	const commits, each = 60, 8
	for i := range commits {
		records := slices.Repeat([]bus.Record{{Subject: bus.Quiet(1), Data: quiet, TTL: 3 * time.Second}}, each)
		_, err := c.Commit(t.Context(), fence, fmt.Sprint(i), append(records, bus.Record{Subject: bus.States(1), Data: lasting}))
		must(err)
	}
	most := onDisk(t, journal) - empty
	for {
		left := onDisk(t, journal) - empty
		if left < most/2 {
			t.Logf("of %d KiB stored %d KiB were on disk, %d KiB are left, of which %d KiB last",
				commits*(each*len(quiet)+len(lasting))>>10, most>>10, left>>10, commits*len(lasting)>>10)
			return
		}
		if t.Context().Err() != nil {
			t.Fatalf("still %d of %d KiB on disk", left>>10, most>>10)
		}
		time.Sleep(time.Second)
	}
}
