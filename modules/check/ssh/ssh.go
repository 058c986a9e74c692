// Package ssh knows the command lines of check_by_ssh (Monitoring Plugins 2.3): it runs a command on another machine over a
// connection that stays open, instead of starting ssh and logging in for each check.
//
// State and texts are check_by_ssh's, as it sees them from OpenSSH's client, whose configuration files, keys, agent and
// files of known hosts count here too. Differences:
//   - what is wrong with a host's key, or with one's own, is said in the long output, with what to do;
//   - StrictHostKeyChecking=no notes no keys and gives no warning of a key that is new;
//   - keys of files are offered before those of the agent;
//   - at its time limit the command is killed; ssh leaves it running.
package ssh

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/sshpool"
	"github.com/onbu/onbu/internal/sshpool/sshconfig"
	"github.com/onbu/onbu/modules"
)

// Options are the module's settings; the zero value is good.
type Options struct {
	Pool sshpool.Options
	// Configs are the files of ssh_config(5) that count, the first before the others; nil means the user's and the system's.
	Configs []string
	// Fork gives the probe that runs a command line as a plugin, for hosts that those files have reached in a way that
	// only ssh itself knows (ProxyJump, Match exec …). Without it such checks say why they cannot be made.
	Fork func(argv []string) (modules.Probe, error)
	// Claim gives the probe of another module for lines whose command that knows better than the plugin; nil for others. It
	// must not keep argv.
	Claim func(argv []string, command string) modules.Probe
}

// Module is the ssh check module. Any number of goroutines may use it.
type Module struct {
	opts Options
	pool *sshpool.Pool

	mu     sync.Mutex // guards what follows
	config *config
	looked time.Time
}

// config is what the configuration files say; err is for files that only ssh understands.
type config struct {
	*sshconfig.Config
	err error
}

// New gives a module. It opens nothing.
func New(opts Options) *Module { return &Module{opts: opts, pool: sshpool.New(opts.Pool)} }

// Name gives "ssh".
func (*Module) Name() string { return "ssh" }

// Programs gives "check_by_ssh".
func (*Module) Programs() []string { return []string{"check_by_ssh"} }

// Close ends all connections.
func (m *Module) Close() error { return m.pool.Close() }

// Parse reads a command line of check_by_ssh, as modules.Check says.
func (m *Module) Parse(argv []string) (modules.Probe, error) {
	p, err := m.read(argv)
	if err != nil {
		return nil, err
	}
	if other := m.claim(p, argv); other != nil {
		return other, nil
	}
	return p, nil
}

func (m *Module) read(argv []string) (*check, error) {
	if len(argv) == 0 || filepath.Base(argv[0]) != "check_by_ssh" {
		return nil, modules.ErrNotMine
	}
	whole := strings.Join(argv, "\x00") // one piece of memory for all that the probe keeps
	s, err := parse(strings.Split(whole, "\x00")[1:])
	if err != nil {
		return nil, fmt.Errorf("check_by_ssh: %w", err)
	}
	p := &check{settings: s, module: m, argv: whole}
	if _, err := m.pool.Login(s.host, &s.ssh, s.identities); err != nil {
		return nil, fmt.Errorf("check_by_ssh: %w", err)
	}
	return p, nil
}

// lookAgain is for how long configuration files are taken to be the same.
const lookAgain = time.Second

// current gives what the configuration files say now. The pointer is another one when they have changed.
func (m *Module) current() *config {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if m.config != nil && (now.Sub(m.looked) < lookAgain || !m.config.Changed()) {
		if now.Sub(m.looked) >= lookAgain {
			m.looked = now
		}
		return m.config
	}
	m.looked = now
	paths := m.opts.Configs
	if paths == nil {
		paths = []string{filepath.Join(m.pool.Home(), ".ssh/config"), "/etc/ssh/ssh_config"}
	}
	read, err := sshconfig.Read(m.pool.Home(), paths...)
	m.config = &config{read, err}
	return m.config
}
