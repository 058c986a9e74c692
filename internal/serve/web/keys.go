package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// Keys are who may send: names, each with a secret and patterns of the hosts that it may speak for. Any goroutine may use them.
type Keys struct {
	fixed []key
	file  string

	mu      sync.Mutex
	read    []key
	looked  time.Time
	changed time.Time
}

type key struct {
	name   string
	secret [sha256.Size]byte
	hosts  modules.Globs
}

// Sender is somebody who has shown a secret, or an address where none is asked for.
type Sender struct {
	// Name is the key's, or the address.
	Name  string
	hosts modules.Globs
}

const (
	// lookAgain is how long a file of keys is believed to be as it was.
	lookAgain = time.Second
	mostKeys  = 10_000
	mostFile  = 4 << 20
)

// readKeys reads the lines `token NAME SECRET [HOSTS]`, and the name of a file that has such lines without the first word.
func readKeys(s *modules.Settings) *Keys {
	k := &Keys{file: s.File("tokens_file", "")}
	seen := map[string]bool{}
	for _, line := range s.All("token") {
		one, err := parseKey(line.Value)
		if err == nil && seen[one.name] {
			err = fmt.Errorf("%s has a token already", one.name)
		}
		if other := k.sameSecret(one); err == nil && other != "" {
			err = fmt.Errorf("%s has the secret of %s: nobody could tell the two apart", one.name, other)
		}
		if err != nil {
			s.WrongAt(line, "%v", err)
			continue
		}
		seen[one.name] = true
		k.fixed = append(k.fixed, one)
	}
	return k
}

// sameSecret gives the name of another key with the same secret.
func (k *Keys) sameSecret(one key) string {
	for i := range k.fixed {
		if k.fixed[i].secret == one.secret {
			return k.fixed[i].name
		}
	}
	return ""
}

// Add adds a key that stands in other settings.
func (k *Keys) Add(name, secret string) {
	k.fixed = append(k.fixed, key{name: name, secret: sha256.Sum256([]byte(secret))})
}

// None says that there are no keys, whatever stands in a file.
func (k *Keys) None() bool { return len(k.fixed) == 0 && k.file == "" }

// parseKey never quotes what may be a secret.
func parseKey(text string) (key, error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return key{}, fmt.Errorf("write a name, the secret and, if you like, patterns of hosts: NAME SECRET web*,db?")
	}
	k := key{name: words[0], secret: sha256.Sum256([]byte(words[1]))}
	for _, w := range words[2:] {
		k.hosts = append(k.hosts, strings.FieldsFunc(w, func(r rune) bool { return r == ',' })...)
	}
	if len(words) > 2 && len(k.hosts) == 0 {
		return key{}, fmt.Errorf("there is no pattern behind the secret: write which hosts %s may speak for, or nothing for all", words[0])
	}
	return k, nil
}

// Find gives the sender with that secret, and that name unless it is empty. It takes as long whichever key it is.
func (k *Keys) Find(name, secret string) (Sender, bool) {
	shown, found := sha256.Sum256([]byte(secret)), -1
	all := k.all()
	for i := range all {
		if subtle.ConstantTimeCompare(all[i].secret[:], shown[:]) == 1 && (name == "" || all[i].name == name) {
			found = i
		}
	}
	if found < 0 || secret == "" {
		return Sender{}, false
	}
	return Sender{all[found].name, all[found].hosts}, true
}

func (k *Keys) all() []key {
	if k.file == "" {
		return k.fixed
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return append(k.read[:len(k.read):len(k.read)], k.fixed...)
}

// Load reads the file of keys if it has changed. While it cannot be read the keys from before hold.
func (k *Keys) Load() error {
	if k.file == "" {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.looked) < lookAgain {
		return nil
	}
	k.looked = time.Now()
	info, err := os.Stat(k.file)
	if err != nil {
		return fmt.Errorf("tokens_file: %w", err)
	}
	if info.ModTime().Equal(k.changed) {
		return nil
	}
	read, err := readKeyFile(k.file, info)
	if err != nil {
		return err
	}
	k.read, k.changed = read, info.ModTime()
	return nil
}

func readKeyFile(path string, info os.FileInfo) ([]key, error) {
	if info.Size() > mostFile {
		return nil, fmt.Errorf("tokens_file %s: larger than %d bytes", path, mostFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("tokens_file: %w", err)
	}
	var all []key
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		one, err := parseKey(line)
		if err != nil {
			return nil, fmt.Errorf("tokens_file %s:%d: %w", path, n, err)
		}
		if all = append(all, one); len(all) > mostKeys {
			return nil, fmt.Errorf("tokens_file %s: more than %d tokens", path, mostKeys)
		}
	}
	return all, nil
}

// SignIn says who sent a request by its Authorization header: a bearer token, or the name and secret of a key. Where there
// are no keys everybody is let in, by their address.
func (s *Server) SignIn(r *http.Request) (Sender, bool) {
	if s.Keys.None() {
		return Sender{Name: Peer(r)}, true
	}
	if name, secret, ok := r.BasicAuth(); ok {
		return s.known(name, secret, name != "")
	}
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return s.known("", strings.TrimSpace(secret), strings.EqualFold(scheme, "Bearer"))
}

// Known gives the sender who shows a token, with no name.
func (s *Server) Known(token string) (Sender, bool) { return s.known("", token, true) }

// Named gives the sender of a name who shows its secret.
func (s *Server) Named(name, secret string) (Sender, bool) { return s.known(name, secret, name != "") }

func (s *Server) known(name, secret string, shown bool) (Sender, bool) {
	if err := s.Keys.Load(); err != nil {
		s.log.Error("the tokens from before hold on", slog.Any("error", err))
	}
	from, ok := s.Keys.Find(name, secret)
	return from, ok && shown
}

// Denied counts and logs that somebody at an address was not let in. The reason is a word of the listener's own.
func (s *Server) Denied(peer, reason string) {
	s.Tally.Refused(reason)
	s.complaints.Say(reason, peer, "does the sender have the name and the secret that stand in the definition, or in the tokens_file?")
}

// Own keeps those results that the sender may speak for, in place, and counts the others.
func (s *Server) Own(sink modules.Sink, from Sender, results []monitor.Submission) (own []monitor.Submission, foreign int) {
	may := from.May(sink)
	if may == nil {
		return results, 0
	}
	own = results[:0]
	for i := range results {
		if may(results[i].Host) {
			own = append(own, results[i])
		}
	}
	foreign = len(results) - len(own)
	s.Tally.Foreign(foreign)
	return own, foreign
}

// May gives what says whether the sender may speak for a host of a sink; nil if it may for all.
func (f Sender) May(sink modules.Sink) func(host string) bool {
	if len(f.hosts) == 0 {
		return nil
	}
	return func(host string) bool { return f.hosts.Fit(modules.NameOf(sink, host)) }
}
