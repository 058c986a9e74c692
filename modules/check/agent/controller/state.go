package controller

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// State is what a poller takes from a state folder. The files may change: it looks every now and then. Any goroutine may use
// it.
type State struct {
	dir string

	mu     sync.Mutex
	looked time.Time
	stamp  string
	site   tls.Certificate
	root   *x509.CertPool
	agents map[string]string // UUIDs by the names of hosts
	err    error
}

// lookEvery is how often it is looked whether the files changed.
const lookEvery = 5 * time.Second

// Open gives the state of a folder; it reads nothing yet.
func Open(dir string) *State { return &State{dir: dir} }

// ErrNotRegistered says that a host has no agent that was registered.
var ErrNotRegistered = errors.New("the host's agent is not registered")

// Config gives what a conversation with the agent of a host begins with, and the agent's UUID. It is the caller's.
func (s *State) Config(host string) (config *tls.Config, uuid string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.looked) > lookEvery {
		s.looked = now
		s.look()
	}
	if s.err != nil {
		return nil, "", s.err
	}
	uuid = s.agents[strings.ToLower(host)]
	if uuid == "" {
		return nil, "", ErrNotRegistered
	}
	return &tls.Config{
		ServerName: uuid, RootCAs: s.root, Certificates: []tls.Certificate{s.site}, MinVersion: tls.VersionTLS12,
	}, uuid, nil
}

// look reads the files if they look otherwise than before.
func (s *State) look() {
	stamp := ""
	for _, name := range []string{caFile, certFile, keyFile, agentsFile} {
		if info, err := os.Stat(filepath.Join(s.dir, name)); err == nil {
			stamp += fmt.Sprintln(name, info.Size(), info.ModTime().UnixNano())
		}
	}
	if stamp == s.stamp && stamp != "" {
		return
	}
	s.stamp = stamp
	s.err = s.read()
}

func (s *State) read() error {
	var err error
	if s.site, err = tls.LoadX509KeyPair(filepath.Join(s.dir, certFile), filepath.Join(s.dir, keyFile)); err != nil {
		return fmt.Errorf("the site's certificate: %w", err)
	}
	root, err := os.ReadFile(filepath.Join(s.dir, caFile))
	if err != nil {
		return err
	}
	s.root = x509.NewCertPool()
	if !s.root.AppendCertsFromPEM(root) {
		return fmt.Errorf("%s holds no certificate", filepath.Join(s.dir, caFile))
	}
	s.agents, err = readAgents(s.dir)
	return err
}

// Verify says what is wrong with the files.
func (s *State) Verify() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look()
	return s.err
}

// mostAgents bounds the list of agents, in bytes.
const mostAgents = 64 << 20

// readAgents reads the list of agents: a UUID and the name of a host each line, the last one of a host counts.
func readAgents(dir string) (map[string]string, error) {
	agents := map[string]string{}
	path := filepath.Join(dir, agentsFile)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return agents, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > mostAgents {
		return nil, fmt.Errorf("%s is larger than a list of agents can be", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		uuid, host, ok := strings.Cut(strings.TrimRight(string(line), "\r\n"), " ")
		if ok && isUUID(uuid) && host != "" {
			agents[strings.ToLower(host)] = uuid
		}
	}
	return agents, nil
}

// register adds an agent to the list.
func register(dir, uuid, host string) error {
	switch {
	case !isUUID(uuid):
		return fmt.Errorf("%.64q is no UUID", uuid)
	case host == "" || len(host) > 253 || strings.ContainsFunc(host, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return fmt.Errorf("%.64q is no name of a host", host)
	}
	f, err := os.OpenFile(filepath.Join(dir, agentsFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %s\n", uuid, host)
	return errors.Join(err, f.Close())
}
