//go:build unix

package keys

import (
	"os"
	"path/filepath"
	"syscall"
)

// locked runs do while no other process works in a folder. The kernel drops the lock when the process ends.
func locked(dir string, do func() error) error {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return do()
}
