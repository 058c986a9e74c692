package poller

import (
	"context"

	"github.com/onbu/onbu/monitor"
)

// cannot is the probe of a command line that cannot be run at all.
type cannot struct{ err error }

func (c cannot) Run(context.Context) (monitor.Outcome, error) { return monitor.Outcome{}, c.err }
