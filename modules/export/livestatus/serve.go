package livestatus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/serve"
)

// giveUpWait is how long queries under way have in maintenance, where another broker answers.
const giveUpWait = 300 * time.Millisecond

// Serve implements modules.Serving.
func (m *Module) Serve(ctx context.Context) error {
	m.outlook.Catalog() // from now on the broker keeps one
	ports, err := m.ports()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { m.tidy(ctx) })
	ended := make(chan error, len(ports))
	for _, o := range ports {
		l, err := m.open(o)
		if err != nil {
			return fmt.Errorf("module %s: %w", m.name, err)
		}
		m.log.Info("livestatus listens", "address", o.Address, "commands", m.commands)
		wg.Go(func() { ended <- serve.Serve(ctx, l, o, m.session) })
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		return err
	}
}

// tidy has the history removed that is too old or too much, again and again.
func (m *Module) tidy(ctx context.Context) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for ctx.Err() == nil {
		if err := m.history.Prune(ctx, time.Now()); err != nil && ctx.Err() == nil {
			m.log.Error("old history stays", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// ports are the port and the socket, as far as they are wanted.
func (m *Module) ports() ([]serve.Options, error) {
	var all []serve.Options
	o := m.port
	o.Refused, o.Log, o.GiveUp = m.counts.away, m.log, giveUpWait
	if m.socket != "" {
		local := o
		local.Network, local.Address, local.Mode = "unix", m.socket, m.mode
		all = append(all, local)
	}
	if !m.tcp {
		return all, nil
	}
	if m.cert != "" {
		encrypted, err := serve.TLS(m.cert, m.key, m.log)
		if err != nil {
			return nil, err
		}
		o.TLS = encrypted
	}
	return append(all, o), nil
}

// open opens a port. The folder of a socket is made if it is missing, and the socket given to its group.
func (m *Module) open(o serve.Options) (net.Listener, error) {
	if o.Network == "unix" {
		if err := makeFolder(filepath.Dir(o.Address), m.group); err != nil {
			return nil, err
		}
	}
	l, err := serve.Open(o)
	if err != nil || o.Network != "unix" || m.group == "" {
		return l, err
	}
	if err := giveTo(o.Address, m.group); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// makeFolder makes a folder and those above it that are missing, for a group if there is one: who may use the socket has to get to
// it. A folder that is there stays as it is.
func makeFolder(path, group string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if above := filepath.Dir(path); above != path {
		if err := makeFolder(above, group); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if group == "" {
		return nil
	}
	return giveTo(path, group)
}

// giveTo gives a file to a group.
func giveTo(path, group string) error {
	g, err := user.LookupGroup(group)
	if err != nil {
		return fmt.Errorf("socket_group: %w", err)
	}
	id, err := strconv.Atoi(g.Gid)
	if err != nil {
		return fmt.Errorf("socket_group %s has the number %q", group, g.Gid)
	}
	if err := os.Chown(path, -1, id); err != nil {
		return fmt.Errorf("socket_group: %w; the daemon must be a member of %s", err, group)
	}
	return nil
}
