package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/onbu/onbu/modules/export/web/sign"
)

// newHash asks for a new password, twice on a terminal; else it takes the first line of standard input. No command line ever holds
// one: everybody on the machine could read it there.
func (u *userEdit) newHash(ctx context.Context, name string) (string, error) {
	password, err := "", error(nil)
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		password, err = u.askTwice(ctx, fd, name)
	} else {
		password, err = firstLine(os.Stdin)
	}
	switch {
	case err != nil:
		return "", err
	case utf8.RuneCountInString(password) < leastPassword:
		return "", fmt.Errorf("the password has fewer than %d characters: several words are easy to keep in mind", leastPassword)
	case len(password) > sign.MostPassword:
		return "", fmt.Errorf("the password has more than %d bytes", sign.MostPassword)
	}
	return sign.Hash(password, sign.DefaultWork()), nil
}

func (u *userEdit) askTwice(ctx context.Context, fd int, name string) (string, error) {
	first, err := u.ask(ctx, fd, "New password of "+name+": ")
	if err != nil {
		return "", err
	}
	again, err := u.ask(ctx, fd, "The same once more: ")
	if err == nil && again != first {
		err = errors.New("they are not the same: nothing was changed")
	}
	return first, err
}

// ask reads a line that is not shown. When ctx ends the terminal shows what is typed again.
func (u *userEdit) ask(ctx context.Context, fd int, what string) (string, error) {
	was, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("the terminal: %w", err)
	}
	fmt.Fprint(u.stderr, what)
	type answer struct {
		text []byte
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		got <- answer{text, err}
	}()
	defer fmt.Fprintln(u.stderr)
	select {
	case a := <-got:
		if errors.Is(a.err, io.EOF) {
			return "", errors.New("no password was typed: nothing was changed")
		}
		return string(a.text), a.err
	case <-ctx.Done():
		return "", errors.Join(errors.New("nothing was changed"), term.Restore(fd, was))
	}
}

// firstLine reads a password that comes from a file or a pipe.
func firstLine(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, sign.MostPassword+2))
	if err != nil {
		return "", fmt.Errorf("standard input: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return "", errors.New("standard input: its first line, which is to be the password, is empty")
	}
	return line, nil
}
