package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/controller"
)

// agentVerb does what is asked of a running Onbu, and what is for agents to come.
func agentVerb(ctx context.Context, e *env) error {
	if len(e.args) > 0 {
		do := map[string]func(context.Context, *env) error{"ca": agentCA, "receiver": agentReceiver}[e.args[0]]
		if do != nil {
			e.args = e.args[1:]
			return do(ctx, e)
		}
	}
	parts := agentParts()
	if len(e.args) > 0 && e.args[0] == parts[0].name || slices.ContainsFunc(e.args, func(w string) bool { return strings.HasPrefix(w, "-") }) {
		return askParts(parts, "")(ctx, e)
	}
	const all = "cat HOST, ca, receiver"
	if len(e.args) == 0 {
		return usageError("say what: " + all)
	}
	return usageError(fmt.Sprintf("%q is none of: %s", e.args[0], all))
}

// agentCA makes the certificates by which agents know this site.
func agentCA(_ context.Context, e *env) error {
	dir := e.flags.String("tls-state", controller.DefaultDir, "folder for the certificates and the list of agents")
	site := e.flags.String("site", "onbu", "name of this site in its certificate")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	if err := controller.Create(*dir, *site); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s holds the certificates of site %s now: keep them, they are what agents are registered with\n", *dir, *site)
	return nil
}

// agentReceiver is the service at which agents register.
func agentReceiver(ctx context.Context, e *env) error {
	dir := e.flags.String("tls-state", controller.DefaultDir, "folder with the certificates and the list of agents")
	listen := e.flags.String("listen", ":8000", "address to listen on")
	users := e.flags.String("users", "", "file with who may register agents: NAME:PASSWORD a line")
	if _, err := e.parse(0, ""); err != nil {
		return err
	}
	if *users == "" {
		return usageError("needs --users FILE: who may register agents")
	}
	known, err := readUsers(*users)
	if err != nil {
		return err
	}
	r, err := controller.NewReceiver(*dir, known)
	if err != nil {
		return err
	}
	return serveReceiver(ctx, e, r, *listen)
}

func serveReceiver(ctx context.Context, e *env, r *controller.Receiver, listen string) error {
	config, err := r.TLS()
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: r, TLSConfig: config, ReadTimeout: 20 * time.Second, WriteTimeout: 20 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10,
	}
	fmt.Fprintf(e.stderr, "agents register at %v: cmk-agent-ctl register --server HOST:PORT --site onbu --hostname NAME --user USER\n", l.Addr())
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// readUsers reads names and passwords.
func readUsers(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	users := map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, password, ok := strings.Cut(line, ":")
		if !ok || name == "" || password == "" {
			return nil, fmt.Errorf("%s:%d: not NAME:PASSWORD", path, n)
		}
		users[name] = password
	}
	return users, lines.Err()
}
