package keys_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/internal/realpeer"
)

// TestWhatRootWritesBelongsToWhomTheFolderBelongsTo: a daemon whose certificate root's cron job renews has to be able to read it.
func TestWhatRootWritesBelongsToWhomTheFolderBelongsTo(t *testing.T) {
	realpeer.Root(t, "it gives files away")
	const daemon = 61001
	v := vault(t)
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, daemon, daemon); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Join(t.Context(), token(t, v, desk(t, v), time.Hour, time.Now()), dir, false); err != nil {
		t.Fatal(err)
	}
	belong(t, dir, daemon)
	if _, err := keys.Renew(t.Context(), dir, ""); err != nil {
		t.Fatal(err)
	}
	belong(t, dir, daemon)
	if err := v.Hand(dir, keys.Grant{Identity: identity(t, "p1", bus.Poller)}, true, time.Now()); err != nil {
		t.Fatal(err)
	}
	belong(t, dir, daemon)
	belong(t, v.Dir(), 0)
}

// belong checks whose the files in a folder are, and that they are for nobody else.
func belong(t *testing.T, dir string, owner uint32) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if sys, ok := info.Sys().(*syscall.Stat_t); !ok || sys.Uid != owner || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s belongs to %d with mode %v, want %d", f.Name(), sys.Uid, info.Mode(), owner)
		}
	}
}
