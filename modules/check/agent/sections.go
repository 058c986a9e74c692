package agent

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
)

// Said is what an agent said once.
type Said struct {
	Sections section.Set
	At       time.Time
	// Others are the names of other hosts in its output, in the order in which they came.
	Others []string
}

// Ask fetches the output of the agent of a host as the options of a command line say that are about where it comes from, and reads it. Payloads
// of others are not asked for, and none are delivered.
func (m *Module) Ask(ctx context.Context, host string, options []string) (*Said, error) {
	c, err := m.parse(options)
	switch {
	case err != nil:
		return nil, err
	case c.kind != nil:
		return nil, errors.New("-s is for the services that are offered; say only where the agent's output comes from")
	case c.way == byPayload:
		return nil, errors.New("--piggyback-only: payloads are with the running engine, which is asked when no options are given")
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	f, err := m.fetchInTurn(ctx, c, cmp.Or(host, c.host))
	if err != nil {
		return nil, err
	}
	said := &Said{At: time.Now()}
	section.ParseText(f.own, &said.Sections, section.Options{Now: said.At})
	seen := map[string]bool{}
	for _, b := range f.blocks {
		if name := string(b.Name); !seen[name] {
			seen[name] = true
			said.Others = append(said.Others, name)
		}
	}
	return said, nil
}
