package sign

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// lookAgain is how long a file is believed to be as it was.
	lookAgain = time.Second
	// mostFile bounds how much of one is read.
	mostFile = 8 << 20
)

// file is what a file says, read again when it has changed; without a path it is what it was made with. Any goroutine may use it.
type file[T any] struct {
	path string
	// read makes something of the text, or says why that cannot be; then what was there before stays. A file that is not there is
	// an empty one.
	read func(text []byte) (T, error)
	// told gets each error once.
	told func(error)

	mu     sync.Mutex
	looked time.Time
	as     stamp
	known  bool
	now    T
	last   string // of the errors
}

// stamp tells one state of a file from another; the zero stamp is that of none.
type stamp struct {
	changed time.Time
	size    int64
	inode   uint64
}

// get gives what the file says.
func (f *file[T]) get() T {
	if f.path == "" {
		return f.now
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.looked.IsZero() && time.Since(f.looked) < lookAgain {
		return f.now
	}
	f.looked = time.Now()
	switch err := f.lookLocked(); {
	case err == nil:
		f.last = ""
	case err.Error() != f.last:
		f.last = err.Error()
		f.told(err)
	}
	return f.now
}

// trouble is why the file could not be read when it was looked at last; empty if it could.
func (f *file[T]) trouble() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

func (f *file[T]) lookLocked() error {
	as, err := stampOf(f.path)
	if err != nil {
		return err
	}
	if f.known && as == f.as {
		return nil
	}
	text, err := readBounded(f.path)
	if err != nil {
		return err
	}
	v, err := f.read(text)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.now, f.as, f.known, f.last = v, as, true, ""
	return nil
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return stamp{}, nil
	}
	if err != nil {
		return stamp{}, err
	}
	s := stamp{changed: info.ModTime(), size: info.Size()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = sys.Ino
	}
	return s, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	if err == nil && len(text) > mostFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, mostFile)
	}
	return text, err
}
