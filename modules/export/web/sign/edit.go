package sign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// List is a users file that is being changed: lines that hold no user, and those that are wrong, stay as they are.
type List struct{ lines []string }

// Edit changes a users file in place, whole or not at all, readable by its owner alone. Who owned it keeps it; a new one belongs to
// the owner of its folder, so that what root writes can be read by the broker. An error of change leaves everything as it was. One
// process at a time edits a file; what another program wrote meanwhile is not written over.
func Edit(path string, change func(*List) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	owner, err := ownerOf(path)
	if err != nil {
		return err
	}
	release, err := lockFor(path, owner)
	if err != nil {
		return err
	}
	defer release()
	before, err := stampOf(path)
	if err != nil {
		return err
	}
	l, err := Load(path)
	if err != nil {
		return err
	}
	if err := change(l); err != nil {
		return err
	}
	if now, err := stampOf(path); err != nil || now != before {
		return errors.Join(err, fmt.Errorf("%s was changed by another program meanwhile, and nothing is written: do it again", path))
	}
	if err := writeFile(path, []byte(strings.Join(l.lines, "\n")+"\n"), owner); err != nil {
		return fmt.Errorf("writing the users file: %w", err)
	}
	return nil
}

// ownerOf gives whose a file is, or is to be if it is new.
func ownerOf(path string) (fs.FileInfo, error) {
	owner, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		owner, err = os.Stat(filepath.Dir(path))
	}
	return owner, err
}

// Load reads a users file; one that is not there is empty.
func Load(path string) (*List, error) {
	text, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	l := &List{}
	for line := range strings.Lines(string(text)) {
		l.lines = append(l.lines, strings.TrimRight(line, "\r\n"))
	}
	return l, nil
}

// Users are the users in the order of the file, without those whose line is wrong.
func (l *List) Users() []*User {
	var all []*User
	for _, line := range l.lines {
		if u, err := ParseUser(line); err == nil && u != nil {
			all = append(all, u)
		}
	}
	return all
}

// at gives the line of a user, right or wrong; -1 if there is none.
func (l *List) at(name string) int {
	return slices.IndexFunc(l.lines, func(line string) bool {
		first, _, ok := strings.Cut(strings.TrimSpace(line), ":")
		return ok && first == name
	})
}

// Has says whether there is a line for a user.
func (l *List) Has(name string) bool { return l.at(name) >= 0 }

// Find gives a user, or why there is none.
func (l *List) Find(name string) (*User, error) {
	i := l.at(name)
	if i < 0 {
		return nil, fmt.Errorf("there is no user %s: `onbu user list` shows them", name)
	}
	u, err := ParseUser(l.lines[i])
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", i+1, err)
	}
	return u, nil
}

// Put adds a user, or writes his line anew.
func (l *List) Put(u *User) error {
	if err := CheckName(u.Name); err != nil {
		return err
	}
	if i := l.at(u.Name); i >= 0 {
		l.lines[i] = u.String()
		return nil
	}
	l.lines = append(l.lines, u.String())
	return nil
}

// Remove takes a user out, and says whether there was one.
func (l *List) Remove(name string) bool {
	n := len(l.lines)
	for i := l.at(name); i >= 0; i = l.at(name) {
		l.lines = slices.Delete(l.lines, i, i+1)
	}
	return len(l.lines) < n
}

// give has a file belong to whom another one belongs to; only root can give files away.
func give(f *os.File, like fs.FileInfo) error {
	sys, ok := like.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(int(sys.Uid), int(sys.Gid))
}
