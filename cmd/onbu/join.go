package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/onbu/onbu/internal/keys"
	"github.com/onbu/onbu/internal/secret"
)

// defaultDesk is the port of onbu keys serve unless it says otherwise.
const defaultDesk = ":4223"

// defaultKeys is where a machine keeps its certificate unless somebody says otherwise.
const defaultKeys = "/etc/onbu/keys"

// keysToken is onbu keys token.
func keysToken(_ context.Context, e *env) error {
	var g grantFlags
	var name, at string
	host, _ := os.Hostname()
	e.flags.StringVar(&g.ca, "ca", defaultVault, "folder of the authority")
	e.flags.StringVar(&name, "name", "", "name of the daemon")
	e.flags.StringVar(&g.roles, "role", "", "what it may be, separated by commas; bus for a server of the bus")
	e.flags.StringVar(&g.addresses, "addr", "", "for a server of the bus: names and IP addresses by which others reach it")
	e.flags.StringVar(&at, "at", host+defaultDesk, "HOST:PORT where the new machine reaches onbu keys serve")
	ttl := e.flags.Duration("ttl", time.Hour, "how long the token waits to be used")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	v, err := keys.OpenVault(g.ca)
	if err != nil {
		return err
	}
	who, err := keys.NewIdentity(name, keys.ParseRoles(g.roles)...)
	if err != nil {
		return err
	}
	if err := g.reachable(who); err != nil {
		return err
	}
	t, err := v.NewToken(keys.Grant{Identity: who, Addresses: list(g.addresses)}, at, *ttl, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, t.Line())
	fmt.Fprintf(e.stderr, "The line above is a secret: it makes one machine %s, once, until %s.\n", who, time.Now().Add(*ttl).Format(time.DateTime))
	return nil
}

// keysServe is onbu keys serve.
func keysServe(ctx context.Context, e *env) error {
	ca := e.flags.String("ca", defaultVault, "folder of the authority")
	listen := e.flags.String("listen", "", "HOST:PORT to answer at; it need be there only while machines join or renew")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	if *listen == "" {
		return usageError("needs --listen HOST:PORT, such as 0.0.0.0" + defaultDesk)
	}
	v, err := keys.OpenVault(*ca)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(e.stderr, nil))
	log.Info("opening the port at which machines may join and renew", "address", *listen)
	return keys.NewDesk(v, log).Listen(ctx, *listen)
}

// keysRenew is onbu keys renew.
func keysRenew(ctx context.Context, e *env) error {
	dir := e.flags.String("keys", defaultKeys, "folder with the certificate")
	at := e.flags.String("at", "", "HOST:PORT of onbu keys serve (default: where this machine joined)")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	until, err := keys.Renew(ctx, *dir, *at)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "The certificate in %s counts until %s.\n", filepath.Clean(*dir), until.Format(time.DateOnly))
	return nil
}

// join is onbu join.
func join(ctx context.Context, e *env) error {
	out := e.flags.String("out", defaultKeys, "folder to make, for --keys")
	file := e.flags.String("token-file", "", "file whose first line is the token; - for standard input")
	force := e.flags.Bool("force", false, "replace keys that are in the folder already")
	words, err := e.words()
	if err != nil {
		return err
	}
	line, err := tokenLine(words, *file)
	if err != nil {
		return err
	}
	t, err := keys.ParseToken(line)
	if err != nil {
		return err
	}
	who, err := keys.Join(ctx, t, *out, *force)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "This machine is %s now: start it with --keys %s\n", who, filepath.Clean(*out))
	return nil
}

// mostLine bounds a token on standard input.
const mostLine = 4 << 10

func tokenLine(words []string, file string) (string, error) {
	switch {
	case len(words) == 1 && file == "":
		return words[0], nil
	case len(words) > 0 || file == "":
		return "", usageError("needs a TOKEN, or --token-file FILE, or --token-file - to read it from standard input")
	case file != "-":
		line, err := secret.Read("--token-file", file)
		return string(line), err
	}
	text, err := io.ReadAll(io.LimitReader(os.Stdin, mostLine))
	if err == nil && len(text) == 0 {
		err = errors.New("no token on standard input")
	}
	return string(text), err
}

// keysConf is onbu keys nats-conf.
func keysConf(_ context.Context, e *env) error {
	ca := e.flags.String("ca", defaultVault, "folder of the authority")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	v, err := keys.OpenVault(*ca)
	if err != nil {
		return err
	}
	all, err := v.List()
	if err != nil {
		return err
	}
	return writeConf(e.stdout, all, time.Now())
}
