package ssh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/sshpool"
	"github.com/onbu/onbu/modules"
)

// Remote is the command of a check_by_ssh line, for who wants all that it prints and not what the plugin makes of it.
type Remote struct{ check *check }

// Remote reads a command line of check_by_ssh.
func (m *Module) Remote(argv []string) (*Remote, error) {
	p, err := m.read(argv)
	if err != nil {
		return nil, err
	}
	return &Remote{p}, nil
}

// Host is the host as the line has it.
func (r *Remote) Host() string { return r.check.host }

// Command is what is run there.
func (r *Remote) Command() string { return r.check.command }

// Timeout is the line's own time limit, which Run does not look at.
func (r *Remote) Timeout() time.Duration { return r.check.timeout }

// Run runs the command and gives at most limit bytes of each of its streams, and its exit status; 255 when it has none. An
// error says that it did not run to its end; it wraps ctx's when that is the reason.
func (r *Remote) Run(ctx context.Context, limit int) (stdout, stderr []byte, exit int, err error) {
	w := r.check.find()
	if w.err != nil {
		return nil, nil, 0, fmt.Errorf("only ssh itself reaches %s: %w", r.check.host, w.err)
	}
	reply, err := r.check.module.pool.Run(ctx, w.login, r.check.command, limit)
	if refused, ok := errors.AsType[*sshpool.Refused](err); ok {
		return nil, failed(w, refused).stderr, sshFailed, nil
	}
	if _, late := errors.AsType[*sshpool.Late](err); late && ctx.Err() != nil {
		return nil, nil, 0, fmt.Errorf("%w: %w", err, ctx.Err())
	}
	if err != nil {
		return nil, nil, 0, err
	}
	e := heard(w, reply)
	return e.stdout, e.stderr, e.exit, nil
}

// claim gives the probe of another module for a line whose command that knows better.
func (m *Module) claim(p *check, argv []string) modules.Probe {
	if m.opts.Claim == nil {
		return nil
	}
	return m.opts.Claim(argv, p.command)
}
