package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor/nearest"
)

// leastPassword is how many characters a password has at least.
const leastPassword = 8

const userExamples = `
examples:
  onbu user add ada --role command                 asks for a password twice, and shows none
  onbu user add ada --role command < file          takes the first line of a file instead
  onbu user add ada --role admin --no-password     for people whom a reverse proxy asks who they are
  onbu user passwd ada                             another password
  onbu user role ada admin                         read: sees everything; command: acknowledges, sets downtimes; admin: nodes too
  onbu user remove ada
  onbu user list
Sessions of somebody who has got another role or password, or was removed, end at once. See docs/pages-setup.md.
`

// userPart is a word behind onbu user.
type userPart struct {
	name, args string
	words      int
	run        func(ctx context.Context, u *userEdit, words []string) error
}

func userParts() []userPart {
	return []userPart{
		{"add", "NAME [--role ROLE]", 1, addUser},
		{"passwd", "NAME", 1, changePassword},
		{"role", "NAME ROLE", 2, changeRole},
		{"remove", "NAME", 1, removeUser},
		{"list", "", 0, listUsers},
	}
}

// userEdit is what the parts work with.
type userEdit struct {
	*env
	path, role string
	noPassword bool
}

// userVerb is onbu user.
func userVerb(ctx context.Context, e *env) error {
	e.examples = userExamples
	u := &userEdit{env: e}
	e.flags.StringVar(&u.path, "file", "", "the users file, where the definition of the pages names another one than STATE/users")
	state := e.flags.String("state", defaultState(), "state folder of the broker")
	e.flags.StringVar(&u.role, "role", "read", "add: what he may do, "+strings.Join(sign.Roles(), ", "))
	e.flags.BoolVar(&u.noPassword, "no-password", false, "add: he cannot sign in by himself, but comes through a reverse proxy")
	words, err := e.words()
	if err != nil {
		return err
	}
	if u.path == "" {
		u.path = filepath.Join(*state, "users")
	}
	var all []string
	for _, p := range userParts() {
		all = append(all, strings.TrimSpace(p.name+" "+p.args))
		if len(words) == 0 || words[0] != p.name {
			continue
		}
		if len(words)-1 != p.words {
			return usageError("write: onbu user " + strings.TrimSpace(p.name+" "+p.args))
		}
		return p.run(ctx, u, words[1:])
	}
	return usageError(meantPart(words) + "needs one of: " + strings.Join(all, "; "))
}

// meantPart guesses what a mistyped word was to be; it is empty where nobody can.
func meantPart(words []string) string {
	if len(words) == 0 {
		return ""
	}
	near := nearest.Of(words[0], func(yield func(string) bool) {
		for _, p := range userParts() {
			if !yield(p.name) {
				return
			}
		}
	})
	if near == "" {
		return ""
	}
	return "did you mean onbu user " + near + "? It "
}

func addUser(ctx context.Context, u *userEdit, words []string) error {
	role, err := sign.ParseRole(u.role)
	if err != nil {
		return usageError("--role: " + err.Error())
	}
	if err := sign.CheckName(words[0]); err != nil {
		return err
	}
	there := errors.New(words[0] + " is there already: onbu user passwd and onbu user role change him")
	if l, err := sign.Load(u.path); err != nil {
		return err
	} else if l.Has(words[0]) { // before he types a password
		return there
	}
	hash := sign.NoPassword
	if !u.noPassword {
		if hash, err = u.newHash(ctx, words[0]); err != nil {
			return err
		}
	}
	err = sign.Edit(u.path, func(l *sign.List) error {
		if l.Has(words[0]) {
			return there
		}
		return l.Put(&sign.User{Name: words[0], Role: role, Hash: hash})
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(u.stdout, "%s stands in %s, with the role %s. A broker that reads this file knows it within a second: sign in on its pages, http://%s/ui/ unless --http or a port of their own says otherwise: its log has the address behind pages=.\n", words[0], u.path, role, defaultHTTP)
	return nil
}

func changePassword(ctx context.Context, u *userEdit, words []string) error {
	l, err := sign.Load(u.path)
	if err != nil {
		return err
	}
	if _, err := l.Find(words[0]); err != nil {
		return fmt.Errorf("%s: %w", u.path, err)
	}
	hash, err := u.newHash(ctx, words[0])
	if err != nil {
		return err
	}
	if err := u.change(words[0], func(user *sign.User) { user.Hash = hash }); err != nil {
		return err
	}
	fmt.Fprintf(u.stdout, "%s has a new password. Sessions with the old one are over.\n", words[0])
	return nil
}

func changeRole(_ context.Context, u *userEdit, words []string) error {
	role, err := sign.ParseRole(words[1])
	if err != nil {
		return usageError(err.Error())
	}
	if err := u.change(words[0], func(user *sign.User) { user.Role = role }); err != nil {
		return err
	}
	fmt.Fprintf(u.stdout, "%s has the role %s, and signs in anew.\n", words[0], role)
	return nil
}

// change writes the line of a user anew.
func (u *userEdit) change(name string, how func(*sign.User)) error {
	return sign.Edit(u.path, func(l *sign.List) error {
		user, err := l.Find(name)
		if err != nil {
			return fmt.Errorf("%s: %w", u.path, err)
		}
		how(user)
		return l.Put(user)
	})
}

func removeUser(_ context.Context, u *userEdit, words []string) error {
	err := sign.Edit(u.path, func(l *sign.List) error {
		if !l.Remove(words[0]) {
			return fmt.Errorf("%s: there is no user %s: `onbu user list` shows them", u.path, words[0])
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(u.stdout, "%s is removed from %s. Sessions of his are over.\n", words[0], u.path)
	return nil
}

func listUsers(_ context.Context, u *userEdit, _ []string) error {
	l, err := sign.Load(u.path)
	if err != nil {
		return err
	}
	all := l.Users()
	slices.SortFunc(all, func(a, b *sign.User) int { return strings.Compare(a.Name, b.Name) })
	if len(all) == 0 {
		fmt.Fprintf(u.stdout, "There is nobody in %s. Add somebody: onbu user add NAME --role admin\n", u.path)
	} else {
		w := tabwriter.NewWriter(u.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tROLE\tPASSWORD")
		for _, user := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\n", user.Name, user.Role, map[bool]string{true: "none: by a proxy", false: "yes"}[user.Hash == sign.NoPassword])
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	for _, wrong := range sign.CheckFile(u.path) {
		fmt.Fprintf(u.stderr, "onbu user: %v\n", wrong)
	}
	return nil
}
