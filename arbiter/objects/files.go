package objects

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Sizes that no honest configuration reaches.
const (
	maxFile  = 512 << 20
	maxTotal = 2 << 30
)

// wanted is a file to be read, and what named it.
type wanted struct {
	path string
	from Pos
	// main is set for the main file and resource files.
	main bool
	// script says that it is a trigger.
	script bool
	// kept says that text is what it holds; otherwise it is on the disk.
	kept bool
	text string
}

// byteOrderMark is what editors on Windows put before a text in UTF-8.
const byteOrderMark = "\ufeff"

// readFile reads a whole file without copying it a second time, and leaves a byte order mark out. A pipe or device is
// opened without waiting for somebody at its other end, and refused.
func (l *loader) readFile(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", reason(err)
	case info.IsDir():
		return "", errors.New("is a directory: name it with cfg_dir=")
	case !info.Mode().IsRegular():
		return "", errors.New("is not a regular file but a pipe or device: name a file with text in it")
	case info.Size() > maxFile:
		return "", fmt.Errorf("has %d MB, more than the %d MB that are read of one file: cut it in several", info.Size()>>20, maxFile>>20)
	case l.total.Add(info.Size()) > maxTotal:
		return "", fmt.Errorf("brings the configuration above %d MB: this cannot be meant", maxTotal>>20)
	}
	var b strings.Builder
	b.Grow(int(info.Size()))
	if _, err := io.Copy(&b, io.LimitReader(f, maxFile)); err != nil {
		return "", reason(err)
	}
	return strings.TrimPrefix(b.String(), byteOrderMark), nil
}

// reason takes the path from an error that is shown beside it.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// relative gives a path as the main file means it.
func (l *loader) relative(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(l.config.Main), path)
}

// replays says that files are not looked for: they are those of Opts.Texts.
func (l *loader) replays() bool { return l.opts.Texts != nil }

func (l *loader) addFile(p param, pos Pos) {
	if l.replays() {
		return
	}
	path := l.relative(p.value)
	if !l.first(path) {
		l.warnAt(pos, "%s is named twice: it is read once; take one of the lines away", path)
		return
	}
	l.queue = append(l.queue, wanted{path: path, from: pos})
}

func (l *loader) addResource(p param, pos Pos) {
	if l.replays() {
		return
	}
	l.queue = append(l.queue, wanted{path: l.relative(p.value), from: pos, main: true})
}

// addDir takes every *.cfg file below a folder, in the order of names; hidden files and folders are left out, as Nagios
// does. Symbolic links are followed, but no file or folder is read twice.
func (l *loader) addDir(p param, pos Pos) {
	if l.replays() {
		return
	}
	l.walk(l.relative(strings.TrimSuffix(p.value, "/")), pos)
}

func (l *loader) walk(dir string, pos Pos) {
	if !l.first(dir) {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.errorAt(pos, "reading folder %s: %v", dir, reason(err))
		return
	}
	for _, e := range entries {
		l.member(filepath.Join(dir, e.Name()), pos)
	}
}

// member takes one entry of a folder.
func (l *loader) member(path string, pos Pos) {
	base := filepath.Base(path)
	if strings.HasPrefix(base, ".") {
		return
	}
	info, err := os.Stat(path)
	switch {
	case err != nil && strings.HasSuffix(base, ".cfg"):
		l.errorAt(pos, "reading %s: %v", path, reason(err))
	case err != nil:
	case info.IsDir():
		l.walk(path, pos)
	case info.Mode().IsRegular() && strings.HasSuffix(base, ".cfg") && len(base) > len(".cfg") && l.first(path):
		l.queue = append(l.queue, wanted{path: path, from: pos})
	}
}

// first says that neither path nor anything that it is a link to has been taken before.
func (l *loader) first(path string) bool {
	real := path
	if r, err := filepath.EvalSymlinks(path); err == nil {
		real = r
	}
	if l.taken[real] {
		return false
	}
	l.taken[real] = true
	return true
}
