package exec

import (
	"context"
	"fmt"
	"io"
)

// Stream runs a program and hands on what it writes to standard output, piece by piece, until it ends. stderr is what it
// wrote to standard error, as far as the module keeps that; exit is as Run gives it. When out gives an error the program is
// killed, and that error is Stream's. Other errors are those of Run.
func (m *Module) Stream(ctx context.Context, argv []string, out io.Writer) (stderr []byte, exit int, err error) {
	leave, err := m.enter(ctx, argv)
	if err != nil {
		return nil, 0, err
	}
	defer leave()
	p, err := m.start(argv, m.env)
	if err != nil {
		code, ok := exitCode(err)
		if !ok {
			return nil, 0, fmt.Errorf("starting %s: %w", argv[0], err)
		}
		return fmt.Appendf(nil, "%s: %v", argv[0], err), code, nil
	}
	stop := context.AfterFunc(ctx, p.kill)
	b, rest := &buffer{}, make(chan struct{})
	go p.attend(b, m.opts.Limit, rest)
	full := p.hand(out)
	if full != nil {
		p.kill()
	}
	<-rest
	exit, ended := p.wait(ctx)
	stop()
	switch {
	case full != nil:
		return b.stderr, exit, full
	case ended && !p.killed.Load():
		return b.stderr, exit, nil
	}
	return b.stderr, 0, fmt.Errorf("running %s: %w", argv[0], endOf(ctx))
}

// hand writes what the program prints to out until the program closes its output, or out gives an error, which is hand's.
func (p *process) hand(out io.Writer) error {
	defer p.stdout.Close()
	b := make([]byte, 32<<10)
	for {
		n, err := p.stdout.Read(b)
		if n > 0 {
			if _, err := out.Write(b[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}
