package spooldir

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ready is the end of the name of the file that says that another one is whole.
const ready = ".ok"

// file is one that can be read.
type file struct {
	path    string
	written time.Time
}

// remove removes the file and the one that says that it is ready, which goes first: what is not ready is not read again.
func (f file) remove() error {
	return errors.Join(gone(os.Remove(f.path+ready)), gone(os.Remove(f.path)))
}

// gone makes nothing of the error that there is no such file.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// look gives the files that are ready, those written first in front; more says that there are more than are looked at at once.
// Files that are too old are removed, ready or not.
func (l *Listener) look() (files []file, more bool, err error) {
	d, err := os.Open(l.dir)
	if err != nil {
		return nil, false, err
	}
	defer d.Close()
	for len(files) < mostFiles {
		entries, err := d.ReadDir(1000)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, false, err
		}
		for _, e := range entries {
			if f, ok := l.one(e); ok {
				files = append(files, f)
			}
		}
	}
	slices.SortFunc(files, func(a, b file) int {
		return cmp.Or(a.written.Compare(b.written), cmp.Compare(a.path, b.path))
	})
	return files, len(files) >= mostFiles, nil
}

// one says whether there are check results in an entry of the folder, and whether they are ready.
func (l *Listener) one(e fs.DirEntry) (file, bool) {
	name, _ := strings.CutSuffix(e.Name(), ready)
	if len(name) != len("cXXXXXX") || name[0] != 'c' || !e.Type().IsRegular() {
		return file{}, false
	}
	info, err := e.Info()
	if err != nil { // somebody has removed it meanwhile
		return file{}, false
	}
	f := file{filepath.Join(l.dir, e.Name()), info.ModTime()}
	if l.age > 0 && time.Since(f.written) > l.age {
		l.tally.Refused("old")
		if err := gone(os.Remove(f.path)); err != nil {
			l.complain("an old file of check results cannot be removed", f, err)
		}
		return file{}, false
	}
	if name != e.Name() {
		return file{}, false
	}
	if written, applied := l.stuck[f.path]; applied && written.Equal(f.written) {
		return file{}, false
	}
	_, err = os.Lstat(f.path + ready)
	return f, err == nil
}

// read gives what is in a file. One that is no ordinary file, or too large, is discarded.
func (l *Listener) read(f file) ([]byte, bool) {
	data, err := contents(f.path)
	switch {
	case err == nil:
		return data, true
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, fs.ErrPermission):
		l.tally.Refused("unreadable")
		l.complain("a file of check results cannot be read: may this user read what its writer writes?", f, err)
	default:
		l.tally.Refused("broken")
		l.complain("a file of check results is refused", f, err)
		l.discard(f, true)
	}
	return nil, false
}

func contents(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > largest {
		return nil, fmt.Errorf("it is no ordinary file of at most %d bytes", largest)
	}
	return io.ReadAll(io.LimitReader(f, largest))
}
