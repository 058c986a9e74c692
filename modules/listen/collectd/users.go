package collectd

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/collectd/packet"
)

// users is an auth_file, as it was when it was last read.
type users struct {
	path string
	was  os.FileInfo
}

// read gives the passwords of all users, or nil if the file is as it was.
func (u *users) read() (map[string]string, error) {
	is, err := os.Stat(u.path)
	if err != nil {
		return nil, err
	}
	if was := u.was; was != nil && os.SameFile(was, is) && was.ModTime().Equal(is.ModTime()) && was.Size() == is.Size() {
		return nil, nil
	}
	u.was = is
	return readUsers(u.path)
}

// reread reads the auth_file again if it has changed. While something is wrong with it, what was read before counts.
func (l *Listener) reread() {
	if l.users.path == "" {
		return
	}
	passwords, err := l.users.read()
	switch {
	case err != nil:
		l.log.Warn("auth_file cannot be read again: the users of before count", "error", err)
	case passwords != nil:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.decoder.Passwords = passwords
		l.log.Info("auth_file is read again", "file", l.users.path, "users", len(passwords))
	}
}

// mostUsers bounds an auth_file, longestLine a line of it.
const (
	mostUsers = 100_000
	maxUsers  = 16 << 20
)

// readUsers reads lines USER: PASSWORD. No password stands in an error.
func readUsers(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	users := map[string]string{}
	lines := bufio.NewScanner(io.LimitReader(f, maxUsers))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		user, password, ok := strings.Cut(line, ":")
		user, password = strings.TrimSpace(user), strings.TrimSpace(password)
		if !ok || user == "" || password == "" {
			return nil, fmt.Errorf("%s: line %d: write USER: PASSWORD", path, n)
		}
		if users[user] = password; len(users) > mostUsers {
			return nil, fmt.Errorf("%s: more than %d users", path, mostUsers)
		}
	}
	if len(users) == 0 && lines.Err() == nil {
		return nil, fmt.Errorf("%s: there is nobody in it: write lines USER: PASSWORD", path)
	}
	return users, lines.Err()
}

// everybody is who has no sender line.
const everybody = "*"

// senders are the hosts that users may speak for. Without any all may speak for all.
type senders map[string]modules.Globs

// readSenders reads lines sender USER HOST,HOST… The passwords tell whether there is such a user, unless they could not be read.
func readSenders(s *modules.Settings, passwords map[string]string, unread bool) senders {
	all := senders{}
	for _, line := range s.All("sender") {
		words := strings.FieldsFunc(line.Value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
		if len(words) < 2 {
			s.WrongAt(line, "write a user, or * for everybody else, and patterns of hosts: sender alice web*,db1")
			continue
		}
		user := words[0]
		if _, known := passwords[user]; !known && user != everybody && !unread {
			s.WrongAt(line, "auth_file has no user %q", user)
		}
		all[user] = append(all[user], words[1:]...)
	}
	return all
}

// speaksFor says whether a user may speak for the host of an ID. The user is empty for who has not signed.
func (l *Listener) speaksFor(user string, id *packet.ID) bool {
	if len(l.senders) == 0 {
		return true
	}
	hosts, named := l.senders[user]
	if !named || user == "" {
		hosts, named = l.senders[everybody]
	}
	return named && hosts.Fit(l.nameOf(l.naming.host(id.Host)))
}

func (l *Listener) allowed(from netip.Addr) bool { return l.nets == nil || l.nets.Contain(from) }
