package sign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// editWithin is how long Edit waits for somebody else who edits the same file, looking editEvery.
	editWithin, editEvery = 10 * time.Second, 10 * time.Millisecond
)

// lockFor keeps others from editing a file until it is released. The lock is a file beside it, since the file itself is replaced; the
// kernel drops it when the process ends.
func lockFor(path string, owner fs.FileInfo) (release func(), err error) {
	beside := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
	f, err := openLock(beside, owner)
	if err != nil {
		return nil, err
	}
	for began := time.Now(); ; time.Sleep(editEvery) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Since(began) > editWithin {
			f.Close()
			return nil, fmt.Errorf("%s is being changed by somebody else (%w): try again, or see who has %s open", path, err, beside)
		}
	}
}

// openLock opens the file of a lock. A new one is given to the owner; one that is there is not, and is no link: whoever may write the
// folder could have root give him any file.
func openLock(path string, owner fs.FileInfo) (*os.File, error) {
	const how = os.O_RDWR | os.O_CREATE | syscall.O_NOFOLLOW
	f, err := os.OpenFile(path, how|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return os.OpenFile(path, how, 0o600)
	}
	if err != nil {
		return nil, err
	}
	if err := give(f, owner); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
