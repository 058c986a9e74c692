package sign_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/export/web/sign"
)

// The table is the manual of mistakes.
func TestMistakesInTheUsersFileAreToldWithTheirLines(t *testing.T) {
	const good = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for line, want := range map[string]string{
		"ada:command:" + good:      "",
		"ada:ADMIN:*":              "",
		"# ada":                    "",
		"  ":                       "",
		"ada@example.org:read:*":   "",
		"Ада Лавлейс:read:*":       "",
		"ada":                      "/u:1: a user is written as NAME:ROLE:HASH: `onbu user add` writes such a line",
		"ada:root:*":               `/u:1: "root" is no role: write read, command, admin`,
		":read:*":                  "/u:1: the name is empty",
		"a;b:read:*":               `/u:1: the name "a;b" holds ';': colons, semicolons and what cannot be printed do not belong there`,
		"a\x1b[2J:read:*":          `/u:1: the name "a\x1b[2J" holds '\x1b': colons, semicolons and what cannot be printed do not belong there`,
		"a\u202eb:read:*":          `/u:1: the name "a\u202eb" holds '\u202e': colons, semicolons and what cannot be printed do not belong there`,
		"a\xff:read:*":             "/u:1: the name is not UTF-8",
		"ada:read:hunter2":         "/u:1: the password is not written as $argon2id$v=19$m=…,t=…,p=…$salt$hash: set it with `onbu user passwd`",
		"ada:read:$2y$10$abcdefgh": "/u:1: the password is not written as $argon2id$v=19$m=…,t=…,p=…$salt$hash: set it with `onbu user passwd`",
		"ada:read:" + strings.Replace(good, "v=19", "v=16", 1):      "/u:1: the password's hash is not of argon2's version 19",
		"ada:read:" + strings.Replace(good, "m=8", "m=9999999", 1):  "/u:1: the costs of the password's hash are out of bounds: m from 8 for each thread to 262144, t from 1 to 32, p from 1 to 16",
		"ada:read:" + strings.Replace(good, "t=1", "t=0", 1):        "/u:1: the costs of the password's hash are out of bounds: m from 8 for each thread to 262144, t from 1 to 32, p from 1 to 16",
		"ada:read:" + strings.Replace(good, "m=8", "m=8x", 1):       "/u:1: the costs of the password's hash are not written as m=…,t=…,p=…",
		"ada:read:" + strings.Replace(good, "c2FsdHNhbHQ", "YQ", 1): "/u:1: the salt or sum of the password's hash is damaged: they are base64 without =, of 8 to 64 and of 32 bytes",
		"ada:read:*\nada:admin:*":                                   "/u:2: ada is there already: the line above counts",
	} {
		_, wrong := sign.ParseUsers(line+"\n", "/u")
		got := ""
		if len(wrong) > 0 {
			got = wrong[0].Error()
		}
		if got != want || len(wrong) > 1 {
			t.Errorf("%q\n got %q\nwant %q", line, wrong, want)
		}
	}
}

func TestALineThatIsWrongTakesNothingFromTheOthers(t *testing.T) {
	u, wrong := sign.ParseUsers("ada:read:*\nrubbish\nbob:admin:*", "/u")
	if u.Len() != 2 || len(wrong) != 1 {
		t.Errorf("%d users, wrong %q", u.Len(), wrong)
	}
}

func TestEveryHashHasASaltOfItsOwn(t *testing.T) {
	a, b := sign.Hash("same", cheap()), sign.Hash("same", cheap())
	if a == b || !strings.HasPrefix(a, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Errorf("got %s and %s", a, b)
	}
}

func TestEditLeavesWhatItDoesNotKnow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(path, []byte("# the night shift\nada:read:*\nrubbish\r\nbob:admin:*"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := sign.Edit(path, func(l *sign.List) error {
		l.Remove("bob")
		return errors.Join(l.Put(&sign.User{Name: "ada", Role: sign.Admin, Hash: "*"}), l.Put(&sign.User{Name: "zoe", Role: sign.Read, Hash: "*"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	info, _ := os.Stat(path)
	if diff := cmp.Diff("# the night shift\nada:admin:*\nrubbish\nzoe:read:*\n", string(text)); diff != "" || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %s (-want +got):\n%s", info.Mode(), diff)
	}
	if err := sign.Edit(path, func(l *sign.List) error { return l.Put(&sign.User{Name: "a:b"}) }); err == nil {
		t.Error("a name with a colon is taken")
	}
}

// Ansible on one side and a person on the other: whoever comes later sees what the first one wrote.
func TestWritesAtOnceLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "users")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			err := sign.Edit(path, func(l *sign.List) error {
				return l.Put(&sign.User{Name: fmt.Sprintf("user-%d", i), Role: sign.Read, Hash: "*"})
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	l, err := sign.Load(path)
	if err != nil || len(l.Users()) != 20 {
		t.Errorf("%d of 20 users are there, %v", len(l.Users()), err)
	}
}

func TestWhatAnotherProgramWroteMeanwhileStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	err := sign.Edit(path, func(l *sign.List) error {
		return errors.Join(os.WriteFile(path, []byte("bob:admin:*\n"), 0o600), l.Put(&sign.User{Name: "ada", Role: sign.Read, Hash: "*"}))
	})
	text, _ := os.ReadFile(path)
	if err == nil || !strings.Contains(err.Error(), "do it again") || string(text) != "bob:admin:*\n" {
		t.Errorf("got %v; the file is %q", err, text)
	}
}

func FuzzParseUsers(f *testing.F) {
	f.Add("# users\nada:command:" + sign.Hash("x", cheap()) + "\nbob:read:*\n")
	f.Fuzz(func(t *testing.T, text string) {
		u, wrong := sign.ParseUsers(text, "u")
		lines := strings.Count(text, "\n") + 1
		if u.Len()+len(wrong) > lines {
			t.Errorf("%d users and %d mistakes in %d lines", u.Len(), len(wrong), lines)
		}
		for line := range strings.Lines(text) {
			user, err := sign.ParseUser(line)
			if err != nil || user == nil {
				continue
			}
			again, err := sign.ParseUser(user.String())
			if err != nil || again.String() != user.String() {
				t.Errorf("%q becomes %q: %v", user, again, err)
			}
		}
	})
}
