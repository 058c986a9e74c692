package sign

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// mostName bounds the name of a user, in bytes.
	mostName = 64
	// mostUsers bounds how many there are; what stands behind them in the file does not count.
	mostUsers = 10000
	// NoPassword stands in place of a hash for somebody who only comes through a reverse proxy.
	NoPassword = "*"
)

// User is somebody whom the users file names.
type User struct {
	Name string
	Role Role
	// Hash is his password as Hash gives it, or NoPassword.
	Hash string

	hash *hash // nil for none
}

// Users are those of a file. They are not changed any more.
type Users struct {
	named map[string]*User
	// work is that of the first of them: what trying a password for an unknown name costs too.
	work Work
}

// ParseUsers reads a users file: a line NAME:ROLE:HASH for each, empty lines, and comments behind # at the beginning of a line. A
// line that is wrong counts for nothing and is told, as path:line.
func ParseUsers(text, path string) (*Users, []error) {
	u := &Users{named: map[string]*User{}}
	var wrong []error
	n := 0
	for line := range strings.Lines(text) {
		n++
		user, err := ParseUser(line)
		switch {
		case err != nil:
		case user == nil:
			continue
		case u.named[user.Name] != nil:
			err = fmt.Errorf("%s is there already: the line above counts", user.Name)
		case len(u.named) == mostUsers:
			return u, append(wrong, fmt.Errorf("%s:%d: more than %d users: those from here on do not count", path, n, mostUsers))
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s:%d: %w", path, n, err))
			continue
		}
		u.add(user)
	}
	return u, wrong
}

func (u *Users) add(user *User) {
	u.named[user.Name] = user
	if user.hash != nil && u.work == (Work{}) {
		u.work = user.hash.work
	}
}

// ParseUser reads a line of a users file; nil for one without a user. Its errors show nothing of the password.
func ParseUser(line string) (*User, error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return nil, nil
	}
	parts := strings.SplitN(line, ":", 3)
	if len(parts) != 3 {
		return nil, errors.New("a user is written as NAME:ROLE:HASH: `onbu user add` writes such a line")
	}
	if err := CheckName(parts[0]); err != nil {
		return nil, err
	}
	role, err := ParseRole(parts[1])
	if err != nil {
		return nil, err
	}
	user := &User{Name: parts[0], Role: role, Hash: parts[2]}
	if user.Hash != NoPassword {
		if user.hash, err = parseHash(user.Hash); err != nil {
			return nil, err
		}
	}
	return user, nil
}

// String gives the line of the users file.
func (u *User) String() string { return u.Name + ":" + u.Role.String() + ":" + u.Hash }

// CheckName says why something cannot be the name of a user: it stands in a file whose words are parted by colons, and as author in
// external commands, whose words are parted by semicolons.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("the name is empty")
	case len(name) > mostName:
		return fmt.Errorf("the name has %d bytes, more than %d", len(name), mostName)
	case !utf8.ValidString(name):
		return errors.New("the name is not UTF-8")
	case name[0] == '#':
		return errors.New("the name begins with #, as comments do")
	case strings.TrimSpace(name) != name:
		return errors.New("the name begins or ends with a blank")
	}
	for _, r := range name {
		if r == ':' || r == ';' || !unicode.IsPrint(r) {
			return fmt.Errorf("the name %.80q holds %q: colons, semicolons and what cannot be printed do not belong there", name, r)
		}
	}
	return nil
}

// Len is how many there are.
func (u *Users) Len() int { return len(u.named) }

// try says who has a name and password. For a name that nobody has, or that has no password, it takes as long as for others.
func (u *Users) try(name, password string) (*User, bool) {
	user := u.named[name]
	if user == nil || user.hash == nil {
		work := u.work
		if work == (Work{}) {
			work = DefaultWork()
		}
		nobody := hash{work: work, salt: make([]byte, saltBytes), sum: make([]byte, sumBytes)}
		nobody.fits(password)
		return nil, false
	}
	return user, user.hash.fits(password)
}
